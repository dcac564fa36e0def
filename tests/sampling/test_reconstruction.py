"""What is made beside kept sound is drawn to agree with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spotnb import SpotDiffusionConfig, SpotnbError, SpotSampler, load_model
from spotnb.sampling.cost import run_cost
from spotnb.sampling.guidance import Prediction
from spotnb.sampling.reconstruction import KnownFrames, known_frames, reconstructed
from spotnb.sampling.source import KnownSound, Source
from spotnb.solvers.noise import draw
from spotnb.tiling.layout import plan
from tests.networks import FunctionModel, neighbourly

CONFIG = SpotDiffusionConfig(16, max_shift_ratio=1.0)
LEFT = [(0, 1.0)]  # 25 frames


def source_of(kept: list[int], frames: int) -> Source:
    flags = np.zeros(frames, bool)
    flags[kept] = True
    return Source(draw((1, 2, frames, 4), 5, 0, "start"), flags, 0, True, None)


def make(model: FunctionModel | None = None, **settings: Any) -> SpotSampler:
    known = KnownSound(draw((1, 2, 80, 4), 3, 0, "start"), 80)
    settings = {"steps": 3, "config": CONFIG, "init_audio": known, "keep": LEFT, "tile_batch": 2} | settings
    return SpotSampler(FunctionModel(neighbourly) if model is None else model, "a sea", 3.2, **settings)


def test_the_gradient_is_that_of_finite_differences() -> None:
    window, scale, alpha = draw((2, 2, 12, 4), 0, 0, "start"), 3.0, 0.4
    kept = torch.arange(12) < 5
    known = KnownFrames(draw((1, 2, 12, 4), 1, 0, "start"), kept)

    def predict(x: Tensor) -> Prediction:
        noise = neighbourly(x, torch.full((len(x),), 400), torch.ones(len(x), 2))
        return Prediction(noise, 2 * noise, 3 * noise)

    def clean(x: Tensor) -> Tensor:
        return (x - (1 - alpha) ** 0.5 * predict(x).eps) / alpha**0.5

    def error(x: Tensor) -> float:
        return float((clean(x) - known.latent)[:, :, kept].double().square().sum())

    found = reconstructed(predict, window, known, alpha, scale)
    plain = predict(window)
    assert torch.equal(found.eps_uncond, plain.eps_uncond)
    assert torch.equal(found.eps_cond, plain.eps_cond)
    assert torch.equal(found.eps[:, :, kept], plain.eps[:, :, kept])
    moved = -((1 - alpha) ** 0.5) * (found.eps - plain.eps) / alpha**0.5  # of the clean estimate
    for place in [(0, 0, 5, 1), (1, 1, 6, 3), (0, 1, 8, 0)]:
        step = torch.zeros_like(window)
        step[place] = 1e-2
        slope = (error(window + step) - error(window - step)) / 2e-2
        assert float(moved[place]) == pytest.approx(-scale * alpha**0.5 / 2 * slope, rel=0.02, abs=1e-4)
    assert moved[:, :, 5:9].abs().amin((0, 1, 3)).min() > 0
    assert not moved[:, :, 9:].any()  # further from the kept frames than the network looks
    assert not found.guided.requires_grad


def test_which_windows_know_something() -> None:
    source = source_of([0, 1, 2, 3, 20], 64)
    layout = plan(64, CONFIG, 1)
    assert layout.shift
    seen = {}
    for tile, (start, stop) in enumerate(tile.window for tile in layout.tiles):
        frames = [f for f in range(start, stop) if 0 <= f < 64 and source.kept[f]]
        known = known_frames(source, layout, tile)
        seen[tile] = known is not None
        assert seen[tile] == bool(frames)
        if known is not None:
            assert [start + k for k in torch.nonzero(known.kept).flatten().tolist()] == frames
            for frame in frames:
                assert torch.equal(known.latent[:, :, frame - start], source.latent[:, :, frame])
    assert len(set(seen.values())) == 2
    assert known_frames(None, layout, 0) is None
    assert known_frames(source_of(list(range(64)), 64), plan(64, CONFIG, 0, method="full"), 0) is None


def test_around_the_ring() -> None:
    source = source_of([0, 1], 40)
    layout = plan(40, SpotDiffusionConfig(16, edge="circular", max_shift_ratio=1.0), 3)
    for index, tile in enumerate(layout.tiles):
        known = known_frames(source, layout, index)
        frames = [k for k, f in enumerate(range(*tile.window)) if f % 40 < 2]
        assert ([] if known is None else torch.nonzero(known.kept).flatten().tolist()) == frames


@pytest.mark.parametrize("method", ["spot", "multidiffusion", "full"])
def test_what_is_made_changes_and_what_is_kept_does_not(method: str) -> None:
    drawn, plain = (make(method=method, reconstruction_scale=scale).run(progress=False) for scale in (4, 0))
    assert torch.equal(drawn.latent[:, :, :25], plain.latent[:, :, :25])
    assert not torch.equal(drawn.latent[:, :, 25:], plain.latent[:, :, 25:])
    assert not drawn.latent.requires_grad


def test_without_kept_sound_there_is_nothing_to_agree_with() -> None:
    for settings in ({"keep": None}, {"keep": None, "init_audio": None}):
        drawn, plain = (make(reconstruction_scale=scale, **settings).run(progress=False) for scale in (4, 0))
        assert torch.equal(drawn.latent, plain.latent)


def test_a_tile_by_itself_and_candidates_have_the_same_bits() -> None:
    """Through `predict(tile=i)` in any order; and a candidate's bits are near those of a run of its own."""
    one, other = make().begin(), make().begin()
    for tile in reversed(range(len(one.layout.tiles))):
        one.predict(tile=tile)
    assert torch.equal(one.noise, other.noise)
    both = make(n_candidates=2).run(progress=False)
    alone = make(seed=1).run(progress=False)
    assert torch.allclose(both.latent[1], alone.latent[0], atol=1e-5)


def test_under_inference_mode_too() -> None:
    with torch.inference_mode():
        found = make().run(progress=False).latent
    assert torch.equal(found, make().run(progress=False).latent)


def test_a_model_without_a_gradient_says_so() -> None:
    class Closed(FunctionModel):
        @torch.no_grad()
        def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
            return super().predict_noise(x, t, cond)

    sampler = make(Closed(neighbourly))
    with pytest.raises(SpotnbError, match=r"gives no gradient.*reconstruction_scale=0"):
        sampler.step()
    assert sampler.steps_done == 0
    make(Closed(neighbourly), reconstruction_scale=0).run(progress=False)
    make(Closed(neighbourly), keep=None).run(progress=False)


def test_the_time_it_takes_is_told() -> None:
    sampler, plain = make(), make(reconstruction_scale=0)
    seconds, plain_seconds = (run_cost(s.definition, s.trace, {}, frame_seconds=1.0).seconds for s in (sampler, plain))
    assert plain_seconds < seconds <= 3 * plain_seconds
    assert sampler.cost().network_frames == plain.cost().network_frames


def test_the_embedded_model_joins_what_it_continues() -> None:
    """The step from the last kept frame to the first new one is no larger than those elsewhere."""
    model = load_model("tiny", device="cpu")
    settings: dict[str, Any] = {"steps": 12, "guidance_scale": 2.5, "config": SpotDiffusionConfig(64), "record": "last"}
    source = SpotSampler(model, "church organ", 2.56, **settings).run(progress=False)
    steps = {}
    for scale in (0, 4):
        longer = SpotSampler(
            model, "church organ", 5.12, **settings, seed=1, continue_from=source, reconstruction_scale=scale
        ).run(progress=False)
        change = np.square(np.diff(longer.latent.numpy(), axis=2)).mean((0, 1, 3)) ** 0.5
        steps[scale] = change[63] / np.median(change)
    assert steps[4] < steps[0]
    assert steps[4] < 1.5
