"""The prediction over a layout: windows, batches, guidance and stitching, compared with simple implementations."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from spotnb.sampling.denoiser import Denoiser
from spotnb.sampling.guidance import Guidance, Guide, one_prompt
from spotnb.sampling.padding import mirror, pad_latent
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.windows import batches, gather, scatter
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from spotnb.tiling.layout import Layout, plan
from tests.networks import FunctionModel, pointwise
from tests.runs import Run, seconds


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    multiple = draw(st.sampled_from([1, 2, 4]))
    width = multiple * draw(st.integers(1, 6))
    config = SpotDiffusionConfig(
        width,
        min_overlap=draw(st.none() | st.integers(0, width - 1)),
        max_shift_ratio=draw(st.floats(0, 1)),
        edge=draw(st.sampled_from(EDGES)),
    )
    frames, step, method = draw(st.integers(1, 6 * width)), draw(st.integers(0, 9)), draw(st.sampled_from(METHODS))
    finish = {"finish_steps": draw(st.sampled_from([0, 10])), "finish_overlap": draw(st.none() | st.just(width // 2))}
    return plan(frames, config, step, method, 10, multiple, **finish)


def ramp(frames: int, batch: int = 1) -> Tensor:
    """Return a latent with distinct values."""
    return torch.arange(batch * 2 * frames * 3, dtype=torch.float32).reshape(batch, 2, frames, 3)


def padded(x: Tensor, layout: Layout) -> Tensor:
    return pad_latent(x, *mirror(x, *layout.pad))


@given(layouts())
def test_windows_show_the_right_frames(layout: Layout) -> None:
    """Inside the latent they show its frames, around a ring its other end, and past the ends its mirror image."""
    x, last = ramp(layout.frames), layout.frames - 1
    for window, tile in zip(gather(padded(x, layout), layout), layout.tiles, strict=True):
        places = range(*tile.window)
        if layout.edge == "circular":
            expected = [place % layout.frames for place in places]
        else:
            expected = [-place if place < 0 else 2 * last - place if place > last else place for place in places]
        assert torch.equal(window, x[:, :, expected])


@given(layouts(), st.integers(1, 2))
def test_stitching_undoes_cutting(layout: Layout, batch: int) -> None:
    x = ramp(layout.frames, batch)
    stitched = scatter(gather(padded(x, layout), layout), layout)
    assert torch.allclose(stitched, x, rtol=1e-6) if layout.blended else torch.equal(stitched, x)


@given(layouts())
def test_each_frame_comes_from_its_owners(layout: Layout) -> None:
    """Tile i predicts i, so every frame is the weighted mean of its owners, according to the layout's weights."""
    predictions = [torch.full((1, 1, width, 1), float(i)) for i, width in enumerate(layout.widths)]
    expected = torch.arange(len(layout.tiles), dtype=torch.float64) @ torch.from_numpy(layout.weights)
    assert (scatter(predictions, layout)[0, 0, :, 0] - expected).abs().max() < 1e-5


@given(layouts(), st.integers(1, 5))
def test_batches_hold_every_tile_once_and_one_width_each(layout: Layout, size: int) -> None:
    groups = batches(layout, size)
    assert sorted(index for group in groups for index in group) == list(range(len(layout.tiles)))
    for group in groups:
        assert 1 <= len(group) <= size
        assert list(group) == sorted(group)
        assert len({layout.widths[index] for index in group}) == 1


@given(st.integers(2, 30), st.data())
def test_the_mirror_is_torchs_reflect(frames: int, data: st.DataObject) -> None:
    left, right = data.draw(st.integers(0, frames - 1)), data.draw(st.integers(0, frames - 1))
    x = ramp(frames)
    expected = torch.nn.functional.pad(x, (0, 0, left, right), mode="reflect")
    assert torch.equal(pad_latent(x, *mirror(x, left, right)), expected)


def test_windows_are_views_where_they_can_be() -> None:
    x = ramp(40)
    for edge in ("anchor", "merge", "reflect"):
        layout = plan(40, SpotDiffusionConfig(16, edge=edge), 3, time_multiple=4)
        source = padded(x, layout)
        for window in gather(source, layout):
            assert window.untyped_storage().data_ptr() == source.untyped_storage().data_ptr()


@pytest.mark.parametrize("scale", [0.0, 0.3, 1.0, 2.5, 7.0])
def test_guidance_by_hand(scale: float) -> None:
    model = FunctionModel(pointwise)
    cond, uncond = torch.tensor([[0.5, 0.1]]), torch.tensor([[0.0, 0.3]])
    windows = [ramp(8, batch=2) / 50, ramp(8, batch=2) / 90]
    denoiser = Denoiser(model, one_prompt(torch.cat([cond, uncond])), Guidance(scale), tile_batch=2)
    predicted = denoiser.guided(windows, 600, [(Guide((0,)),)] * 2, [0, 0], 8)
    t = torch.full((2,), 600)
    for window, ours in zip(windows, predicted, strict=True):
        u, c = pointwise(window, t, uncond.expand(2, -1)), pointwise(window, t, cond.expand(2, -1))
        assert (ours.eps - (u + scale * (c - u))).abs().max() < 1e-5
        assert torch.equal(ours.eps_cond, c)
        assert ours.eps_uncond is None if scale == 1 else torch.equal(ours.eps_uncond, u)
    assert model.calls == [(4 if scale == 1 else 8, 2, 8, 3)]  # at a scale of 1 the unconditional half is not computed


def test_windows_go_through_in_batches() -> None:
    sampler = Run(40).sampler(pointwise, method="tiles", config=SpotDiffusionConfig(8), tile_batch=2, steps=1)
    sampler.step()
    assert [shape[0] for shape in sampler.model.calls] == [4, 4, 2]  # five tiles, each twice: guided
    unguided = Run(40).sampler(pointwise, config=SpotDiffusionConfig(8, edge="anchor"), guidance_scale=1, tile_batch=9)
    unguided.step()
    assert [shape[0] for shape in unguided.model.calls] == [len(unguided.trace[0].layout.tiles)]


def constant_per_call() -> Any:
    calls = iter(range(1, 100))
    return lambda x, t, cond: torch.full_like(x, float(next(calls)))


def test_multidiffusion_averages_what_overlaps() -> None:
    config = SpotDiffusionConfig(16, min_overlap=8)
    settings = {"config": config, "method": "multidiffusion", "guidance_scale": 1, "tile_batch": 1}
    noise = Run(24, 8, settings).sampler(constant_per_call()).begin().noise
    expected = torch.tensor([1.0] * 8 + [1.5] * 8 + [2.0] * 8)
    assert torch.equal(noise, expected[None, None, :, None].expand_as(noise))
    # The last window is anchored at the end: 0-16, 8-24, 12-28.
    noise = Run(28, 4, settings).sampler(constant_per_call()).begin().noise
    expected = torch.tensor([1.0] * 8 + [1.5] * 4 + [2.0] * 4 + [2.5] * 8 + [3.0] * 4)
    assert torch.equal(noise, expected[None, None, :, None].expand_as(noise))


def test_multidiffusion_averages_around_the_ring() -> None:
    config = SpotDiffusionConfig(16, min_overlap=8, edge="circular")
    run = Run(24, 8, {"config": config, "method": "multidiffusion", "guidance_scale": 1, "tile_batch": 1})
    noise = run.sampler(constant_per_call()).begin().noise  # windows 0-16, 8-24, 16-32: every frame seen twice
    expected = torch.tensor([2.0] * 8 + [1.5] * 8 + [2.5] * 8)
    assert torch.equal(noise, expected[None, None, :, None].expand_as(noise))


def test_the_last_steps_cross_fade() -> None:
    settings = {"config": SpotDiffusionConfig(16), "guidance_scale": 1, "tile_batch": 1, "steps": 1}
    noise = Run(28, 4, settings).sampler(constant_per_call(), finish_steps=1).begin().noise[0, 0, :, 0]
    assert noise.tolist() == [1.0] * 12 + [1.125, 1.375, 1.625, 1.875] + [2.0] * 12
    ring = Run(28, 4, settings | {"config": SpotDiffusionConfig(16, edge="circular")})
    noise = ring.sampler(constant_per_call(), finish_steps=1).begin().noise[0, 0, :, 0]  # 0 to 16, 9 to 25, 18 to 34
    assert noise[0] == pytest.approx(3 - 2 / 12)
    assert noise[6:9].tolist() == [1.0] * 3
    assert noise[16:18].tolist() == [2.0] * 2


def test_spot_takes_each_frame_from_one_tile() -> None:
    config = SpotDiffusionConfig(16, shift_schedule="alternate")
    sampler = Run(40, 8, {"config": config, "guidance_scale": 1, "tile_batch": 1}).sampler(constant_per_call())
    sampler.step()
    assert sampler.trace[0].noise[0, 0, :, 0].tolist() == [1.0] * 16 + [2.0] * 16 + [3.0] * 8
    sampler.step()  # shifted by 8
    assert sampler.trace[1].noise[0, 0, :, 0].tolist() == [4.0] * 8 + [5.0] * 16 + [6.0] * 16


class Placing(FunctionModel):
    """Predicts the frame that each row's window begins at."""

    def place(self, cond: Tensor, starts: Tensor, frames: int) -> Tensor:
        assert frames == 56
        assert starts.dtype == torch.long
        return torch.cat([cond, starts.to(cond)[:, None]], dim=1)


@pytest.mark.parametrize("scale", [1.0, 2.5])
@pytest.mark.parametrize("edge", ["reflect", "anchor", "merge", "circular"])
def test_a_model_can_receive_where_windows_begin(edge: str, scale: float) -> None:
    model = Placing(lambda x, t, cond: cond[:, -1, None, None, None].expand_as(x), time_multiple=4)
    settings = {"guidance_scale": scale, "config": SpotDiffusionConfig(16, edge=edge), "tile_batch": 3}
    sampler = SpotSampler(model, "a sea", seconds(56, edge), 3, n_candidates=2, **settings)
    assert sampler.frames == 56
    for _ in range(3):
        step = sampler.begin()
        for tile, prediction in zip(step.layout.tiles, step.predict(), strict=True):
            assert ((prediction - tile.window[0]).abs() < 1e-4).all()
        step.finish()
