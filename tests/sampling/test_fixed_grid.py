"""Methods are compared where a `tiles` run cuts, and only where that can be heard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spotnb.sampling.fixed_grid import fixed_grid
from spotnb.sampling.sampler import SpotSampler
from spotnb.sound.measure import MEL_SECONDS, seam_score
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from tests.networks import FunctionModel, StereoModel, pointwise


def sampler(duration: float, edge: str = "reflect", tile: int = 64, **settings: Any) -> SpotSampler:
    model = settings.pop("model", FunctionModel)(pointwise)
    return SpotSampler(model, "a sea", duration, 1, config=SpotDiffusionConfig(tile, edge=edge), **settings)


@given(
    st.floats(0.047, 12),
    st.sampled_from(EDGES),
    st.sampled_from(METHODS),
    st.sampled_from([8, 16, 64, 128]),
    st.sampled_from([FunctionModel, StereoModel]),
)
@example(5.1, "reflect", "tiles", 128, FunctionModel)
@example(10.2, "anchor", "spot", 64, FunctionModel)
@example(0.3, "circular", "full", 8, StereoModel)
def test_it_is_where_a_tiles_run_cuts_within_the_sound(
    duration: float, edge: str, method: str, tile: int, model: type
) -> None:
    run = sampler(duration, edge, tile, method=method, model=model).definition
    cut = sampler(duration, edge, tile, method="tiles", model=model).layout(0).cuts
    end, frame = run.samples / run.clock.sample_rate, run.clock.frame_seconds
    grid = fixed_grid(run)
    assert grid == tuple(seam for seam in cut if grid and grid[0] <= seam <= grid[-1])
    assert all(0 < seam * frame < end - MEL_SECONDS / 2 for seam in grid)
    missing = [seam for seam in cut if seam not in grid]
    assert all(seam == 0 or end - 2.5 * MEL_SECONDS < seam * frame for seam in missing)


@given(st.floats(1, 12), st.sampled_from(EDGES), st.sampled_from([FunctionModel, StereoModel]))
@example(5.13, "reflect", FunctionModel)  # the border at 5.12 s has one mel frame behind it
def test_each_of_its_borders_has_a_score(duration: float, edge: str, model: type) -> None:
    run = sampler(duration, edge, model=model).definition
    wave = np.random.default_rng(0).normal(0, 0.1, run.samples)
    for seam in fixed_grid(run):
        found = seam_score(wave, [seam], run.clock.sample_rate, frame_seconds=run.clock.frame_seconds)
        assert np.isfinite(found.score)


@pytest.mark.parametrize(
    ("duration", "edge", "tile", "grid"),
    [
        (6.0, "reflect", 64, (64, 128)),
        (5.1, "reflect", 128, ()),  # 127.5 frames of sound, of 130 in the latent
        (10.1, "reflect", 256, ()),
        (10.2, "reflect", 64, (64, 128, 192)),
        (6.0, "circular", 64, (50, 100)),  # three tiles of 50 frames
        (2.0, "circular", 64, ()),  # one window, which meets itself at 0
        (6.2, "merge", 64, (64, 128)),
        (5.2, "merge", 64, (64,)),  # the last 8 frames are no tile of their own
    ],
)
def test_examples(duration: float, edge: str, tile: int, grid: tuple[int, ...]) -> None:
    for method in METHODS:
        assert fixed_grid(sampler(duration, edge, tile, method=method).definition) == grid
