"""Numbers and objects from strangers end in one line, before anything is allocated."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotnb.errors import InputError
from spotnb.tiling.config import METHODS, SpotDiffusionConfig, should_use_spotdiffusion
from spotnb.tiling.coverage import coverage
from spotnb.tiling.edges import EDGES
from spotnb.tiling.layout import Layout, create_tiles, plan
from spotnb.tiling.limits import MOST_FRAMES, MOST_TILES
from spotnb.tiling.shifts import generate_random_shift
from spotnb.tiling.tile import Tile

CONFIG = SpotDiffusionConfig()
ONE = SpotDiffusionConfig(1)
LONG = plan(MOST_FRAMES, CONFIG, 0)
JUNK = (10**400, 10**5000, 2**63, MOST_FRAMES + 1, -1, 1.5, None, "768", True, [768], {}, object(), int)


def refused(call: Callable[[], Any]) -> str:
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as caught:
            call()
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("frames", JUNK, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    "call",
    [
        *(lambda n, m=method: plan(n, CONFIG, 0, m) for method in METHODS),
        lambda n: should_use_spotdiffusion(n, CONFIG),
        lambda n: create_tiles([1, 8, n, 16], CONFIG),
        lambda n: generate_random_shift([1, 8, n, 16], CONFIG, 0),
        lambda n: replace(LONG, frames=n),
        SpotDiffusionConfig,
        lambda n: plan(768, CONFIG, 0, time_multiple=n),
    ],
)
def test_frames_have_a_limit(call: Callable[[Any], Any], frames: Any) -> None:
    refused(lambda: call(frames))


@pytest.mark.parametrize(
    "call",
    [
        lambda: plan(MOST_TILES + 1, ONE, 0, time_multiple=1),
        *(lambda e=edge: plan(MOST_FRAMES, SpotDiffusionConfig(8, edge=e), 0) for edge in EDGES),
        lambda: plan(MOST_FRAMES, SpotDiffusionConfig(800, min_overlap=799), 0, "multidiffusion"),
        lambda: plan(MOST_FRAMES, SpotDiffusionConfig(800, min_overlap=799, edge="circular"), 0, "multidiffusion"),
        lambda: create_tiles([1, 8, MOST_FRAMES, 16], ONE),
    ],
)
def test_layouts_have_few_tiles(call: Callable[[], Any]) -> None:
    assert "tiles: expected at most 100000; use larger tiles" in refused(call)


@pytest.mark.parametrize(
    "call",
    [
        lambda: coverage([LONG] * 21),
        lambda: coverage(itertools.repeat(LONG)),
        lambda: coverage(itertools.repeat(plan(8, ONE, 0, time_multiple=1))),
        lambda: LONG.weights,
        lambda: plan(768, SpotDiffusionConfig(shift_schedule="sorted"), 0, steps=10**9),
    ],
)
def test_tables_have_a_limit(call: Callable[[], Any]) -> None:
    refused(call)


@pytest.mark.parametrize("config", [{}, None, 5, "spot", SpotDiffusionConfig, {"tile_size_time": 8}, LONG])
@pytest.mark.parametrize(
    "call",
    [
        lambda config: plan(768, config, 0),
        lambda config: create_tiles([1, 8, 768, 16], config),
        lambda config: generate_random_shift([1, 8, 768, 16], config, 0),
        lambda config: should_use_spotdiffusion(768, config),
    ],
)
def test_a_config_is_a_config(call: Callable[[Any], Any], config: Any) -> None:
    message = refused(lambda: call(config))
    assert message.startswith("config is ")
    assert message.endswith("expected a SpotDiffusionConfig; SpotDiffusionConfig() has the defaults")


def tile(seen: Any, end: Any, start: Any, stop: Any) -> Tile:
    return Tile((seen, end), (start, stop))


GRID = plan(32, SpotDiffusionConfig(16), 0, "tiles")
RING = plan(32, SpotDiffusionConfig(16, edge="circular"), 1)


@pytest.mark.parametrize(
    ("layout", "changes"),
    [
        (GRID, {"tiles": ()}),
        (GRID, {"tiles": [tile(0, 32, 0, 32)]}),
        (GRID, {"tiles": (((0, 32), (0, 32)),)}),
        (GRID, {"tiles": (tile(0, 16, 0, 16),)}),
        (GRID, {"tiles": (tile(0, 16, 0, 16), tile(16, 32, 17, 32))}),
        (GRID, {"tiles": (tile(0, 16, 0, 16), tile(8, 32, 15, 32))}),
        (GRID, {"tiles": (tile(0, 16, 0, 16), tile(16, 40, 16, 40))}),
        (GRID, {"tiles": (tile(-32, 32, 0, 32),)}),
        (GRID, {"tiles": (tile(0, 65, 0, 32),)}),
        (GRID, {"tiles": (tile(0, 32.0, 0, 32),)}),
        (GRID, {"tiles": (tile(0, True, 0, True), tile(0, 32, 1, 32))}),
        (GRID, {"tiles": (tile(4, 32, 0, 32),)}),
        (GRID, {"tiles": (Tile((0, 32, 1), (0, 32)),)}),  # type: ignore[arg-type]
        (GRID, {"tiles": (Tile(5, 6),)}),  # type: ignore[arg-type]
        (GRID, {"tile_size": 0}),
        (GRID, {"shift": 17}),
        (GRID, {"shift": -1}),
        (GRID, {"method": "weave"}),
        (GRID, {"edge": "soft"}),
        (GRID, {"frames": 16}),
        (RING, {"frames": 33}),
        (RING, {"edge": "reflect"}),
        (RING, {"tiles": RING.tiles[:1]}),
        (RING, {"tiles": (tile(0, 33, 0, 33),)}),
    ],
)
def test_a_layout_covers_its_latent(layout: Layout, changes: dict[str, Any]) -> None:
    refused(lambda: replace(layout, **changes))


@given(
    frames=st.integers(1, 200),
    width=st.integers(1, 40),
    share=st.floats(0, 0.99),
    edge=st.sampled_from(EDGES),
    method=st.sampled_from(METHODS),
    step=st.integers(0, 99),
)
def test_every_planned_layout_is_accepted(
    frames: int, width: int, share: float, edge: str, method: str, step: int
) -> None:
    config = SpotDiffusionConfig(width, min_overlap=int(share * width), max_shift_ratio=1.0, edge=edge)
    layout = plan(frames, config, step, method, time_multiple=1)
    assert replace(layout) == layout
    assert layout.coverage.min() >= 1
