"""The layout: invariant 1 of the design for all arguments, and each edge policy by hand."""

from __future__ import annotations

import doctest
import math
import subprocess
import sys
import time
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spotnb.tiling.layout
from spotnb.errors import InputError
from spotnb.tiling.config import METHODS, SHIFT_SCHEDULES, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from spotnb.tiling.layout import Layout, create_tiles, plan
from spotnb.tiling.tile import Tile
from tests.effort import effort


@st.composite
def requests(draw: st.DrawFn, /, **fixed: Any) -> dict[str, Any]:
    """Draw the arguments of `plan`: any length, tile, shift, edge policy and method; mostly a few tiles long."""
    multiple = draw(st.sampled_from([1, 2, 4, 8]))
    width = multiple * draw(st.integers(1, 40))
    config = SpotDiffusionConfig(
        tile_size_time=width,
        min_overlap=draw(st.none() | st.integers(0, width - 1)),
        max_shift_ratio=draw(st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)),
        edge=fixed.get("edge", draw(st.sampled_from(EDGES))),
        shift_seed=draw(st.integers(0, 999)),
        shift_schedule=draw(st.sampled_from(SHIFT_SCHEDULES)),
    )
    frames = draw(st.integers(1, 7 * width) | st.integers(1, 7).map(lambda k: k * width))
    method = fixed.get("method", draw(st.sampled_from(METHODS)))
    step = draw(st.integers(0, 19))
    finish = fixed.get("finish", draw(st.sampled_from([0, 0, 2, 20])))
    return {
        "frames": frames,
        "config": config,
        "step": step,
        "method": method,
        "steps": 20,
        "time_multiple": multiple,
        "finish_steps": finish,
        "finish_overlap": draw(st.none() | st.integers(0, width - 1)) if finish else None,
    }


def finishing(request: dict[str, Any]) -> bool:
    """Return whether the tiles of a request overlap because it is one of the last steps."""
    last = request["method"] == "spot" and request["step"] >= 20 - request["finish_steps"]
    return last and request["frames"] > request["config"].tile_size_time


def owners(layout: Layout) -> list[list[int]]:
    """Return the tiles that own each frame, counted the slow way."""
    found: list[list[int]] = [[] for _ in range(layout.frames)]
    for i, tile in enumerate(layout.tiles):
        for frame in range(*tile.segment):
            found[frame % layout.frames].append(i)
    return found


@given(requests())
@effort(5)
def test_every_frame_is_owned_and_seen(request: dict[str, Any]) -> None:
    layout = plan(**request)
    config, frames, width = request["config"], request["frames"], request["config"].tile_size_time
    ring = config.edge == "circular"
    owned = owners(layout)
    if request["method"] == "multidiffusion" or finishing(request):
        assert all(owned)
    else:
        assert all(len(tiles) == 1 for tiles in owned)
    for (seen, seen_end), (start, end) in ((tile.window, tile.segment) for tile in layout.tiles):
        assert seen <= start < end <= seen_end, "a window covers its segment, and no segment is empty"
        assert 0 <= start < frames
        assert end <= (start + frames if ring else frames)
        assert seen_end - seen <= max(frames, width), "a window sees each frame of a ring at most once"
    starts = [tile.segment[0] for tile in layout.tiles]
    assert starts == sorted(starts)
    assert all(type(edge) is int for tile in layout.tiles for edge in (*tile.window, *tile.segment))

    np.testing.assert_array_equal(layout.coverage, [len(tiles) for tiles in owned])
    weights = layout.weights
    assert weights.shape == (len(layout.tiles), frames)
    assert weights.dtype == np.float64
    np.testing.assert_allclose(weights.sum(axis=0), 1.0, rtol=0, atol=1e-12)
    for row, tile, share in zip(weights, layout.tiles, layout.shares, strict=True):
        np.testing.assert_array_equal(row[np.arange(*tile.segment) % frames], share)
    for frame, tiles in enumerate(owned):
        np.testing.assert_array_equal(np.flatnonzero(weights[:, frame]), tiles)
        if not layout.blended:
            np.testing.assert_array_equal(weights[tiles, frame], 1 / len(tiles))


@given(requests())
@effort(3)
def test_seams_pad_and_cost(request: dict[str, Any]) -> None:
    layout = plan(**request)
    frames, ring = layout.frames, layout.edge == "circular"
    assert layout.method == request["method"]
    assert layout.tile_size == request["config"].tile_size_time
    assert list(layout.seams) == sorted(set(layout.seams))
    assert all(type(seam) is int and 0 <= seam < frames and (ring or seam > 0) for seam in layout.seams)
    # A seam is where the owner changes, or where a single window on a ring meets itself.
    owned = owners(layout)
    changes = {frame for frame in range(frames) if owned[frame] != owned[frame - 1] and (ring or frame)}
    assert changes <= set(layout.seams)
    if layout.method != "multidiffusion" and len(layout.tiles) > 1 and not layout.blended:
        assert changes == set(layout.seams)

    left, right = layout.pad
    if ring:
        assert (left, right) == (0, 0)
    else:
        assert left == max(0, *(-tile.window[0] for tile in layout.tiles))
        assert right == max(0, *(tile.window[1] - frames for tile in layout.tiles))
        assert left < frames
        assert right < frames
        if layout.edge in ("anchor", "merge") or layout.method != "spot":
            assert left == 0
        if layout.edge in ("anchor", "merge") or layout.method in ("multidiffusion", "full") or layout.blended:
            assert right == 0
    assert layout.widths == tuple(tile.window[1] - tile.window[0] for tile in layout.tiles)
    assert layout.network_frames == sum(layout.widths)


@given(requests(method="spot", finish=0))
@effort(3)
def test_spot_cuts_at_the_shifted_grid(request: dict[str, Any]) -> None:
    layout = plan(**request)
    frames, width, shift = layout.frames, layout.tile_size, layout.shift
    grid = tuple(cut for cut in range(1, frames) if (cut - shift) % width == 0)
    if frames <= width or layout.edge in ("merge", "circular"):
        return
    assert layout.seams == grid
    assert set(layout.widths) == {width}
    for tile in layout.tiles:
        if layout.edge == "anchor":
            assert tile.window[0] >= 0
            assert tile.window[1] <= frames
        else:
            assert (tile.window[0] - shift) % width == 0


@given(requests())
@effort(2)
def test_short_audio_is_one_window(request: dict[str, Any]) -> None:
    request["frames"] = 1 + request["frames"] % request["config"].tile_size_time
    layout, frames = plan(**request), request["frames"]
    if layout.edge == "circular":
        start = layout.shift % frames
        assert layout.tiles == (Tile((start, start + frames), (start, start + frames)),)
        assert layout.seams == (start,)
        assert not layout.fallback
        assert layout.method != "tiles" or layout.shift == 0
    else:
        assert layout.tiles == (Tile((0, frames), (0, frames)),)
        assert (layout.seams, layout.pad, layout.shift) == ((), (0, 0), 0)
        assert layout.fallback == (layout.method != "full")
    assert layout.network_frames == frames


@given(requests(), st.sampled_from(["tiles", "spot"]))
@effort(2)
def test_tiles_is_spot_that_stays(request: dict[str, Any], method: str) -> None:
    request["finish_steps"] = 0
    still = SpotDiffusionConfig(
        request["config"].tile_size_time,
        max_shift_ratio=0.0 if method == "spot" else request["config"].max_shift_ratio,
        edge=request["config"].edge,
    )
    unmoved = SpotDiffusionConfig(still.tile_size_time, max_shift_ratio=0.0, edge=still.edge)
    layout = plan(**{**request, "config": still, "method": method})
    reference = plan(**{**request, "config": unmoved, "method": "spot"})
    assert layout.tiles == reference.tiles
    assert layout.shift == 0


# Each policy by hand. W = 16, and the schedule "alternate" at an odd step: the shift is W times the ratio.


def at_shift(shift: int, edge: str, frames: int, method: str = "spot", **options: Any) -> Layout:
    config = SpotDiffusionConfig(16, max_shift_ratio=shift / 16, edge=edge, shift_schedule="alternate", **options)
    return plan(frames, config, step=1, method=method, time_multiple=1)


def windows(layout: Layout) -> list[tuple[int, int]]:
    return [tile.window for tile in layout.tiles]


def segments(layout: Layout) -> list[tuple[int, int]]:
    return [tile.segment for tile in layout.tiles]


@pytest.mark.parametrize("edge", ["reflect", "reflect_noisy"])
def test_reflect_by_hand(edge: str) -> None:
    layout = at_shift(6, edge, 48)
    assert layout.shift == 6
    assert segments(layout) == [(0, 6), (6, 22), (22, 38), (38, 48)]
    assert windows(layout) == [(-10, 6), (6, 22), (22, 38), (38, 54)]
    assert layout.seams == (6, 22, 38)
    assert layout.pad == (10, 6)
    assert layout.network_frames == 64, "four tiles of work for three tiles of sound"
    assert windows(at_shift(0, edge, 40)) == [(0, 16), (16, 32), (32, 48)]
    assert at_shift(0, edge, 40).pad == (0, 8)
    assert windows(at_shift(16, edge, 48)) == [(0, 16), (16, 32), (32, 48)], "a shift of W moves nothing"
    assert windows(at_shift(1, edge, 17)) == [(-15, 1), (1, 17)]


def test_anchor_by_hand() -> None:
    layout = at_shift(6, "anchor", 48)
    assert segments(layout) == [(0, 6), (6, 22), (22, 38), (38, 48)]
    assert windows(layout) == [(0, 16), (6, 22), (22, 38), (32, 48)]
    assert layout.pad == (0, 0)
    assert layout.network_frames == 64
    assert windows(at_shift(0, "anchor", 40)) == [(0, 16), (16, 32), (24, 40)]
    assert windows(at_shift(9, "anchor", 17)) == [(0, 16), (1, 17)]


@pytest.mark.parametrize(
    ("shift", "frames", "seams"),
    [
        (0, 48, (16, 32)),
        (6, 48, (22, 38)),  # 6 would leave 6 frames at the start: they join the first tile
        (8, 48, (8, 24, 40)),  # halves may stand alone
        (9, 48, (9, 25)),  # 41 would leave 7 at the end
        (16, 48, (16, 32)),
        (0, 24, (16,)),
        (0, 23, (15,)),  # 16 would leave 7, and nothing else is left: one cut at T - W/2
        (7, 30, (22,)),
        (7, 29, (21,)),
        (10, 17, (9,)),
    ],
)
def test_merge_by_hand(shift: int, frames: int, seams: tuple[int, ...]) -> None:
    layout = at_shift(shift, "merge", frames)
    assert layout.seams == seams
    assert windows(layout) == segments(layout)
    assert layout.network_frames == frames
    assert layout.pad == (0, 0)


@given(requests(edge="merge", method="spot", finish=0))
@effort(5)
def test_merge_costs_exactly_the_latent(request: dict[str, Any]) -> None:
    layout, multiple = plan(**request), request["time_multiple"]
    frames, width, shift = layout.frames, layout.tile_size, layout.shift
    assert layout.network_frames == frames
    assert layout.pad == (0, 0)
    assert all(tile.window == tile.segment for tile in layout.tiles)
    assert all(seam % multiple == 0 for seam in (*layout.seams, shift))
    if frames <= width:
        return
    if frames % multiple == 0:
        assert all(size % multiple == 0 for size in layout.widths)
    for size in layout.widths:
        assert width / 2 - multiple < size < 3 * width / 2 + multiple
    if multiple == 1:
        assert min(layout.widths) >= width // 2
        assert max(layout.widths) <= math.ceil(3 * width / 2)
    if frames >= 2 * width:
        grid = {cut for cut in range(1, frames) if (cut - shift) % width == 0}
        assert set(layout.seams) == {cut for cut in grid if width / 2 <= cut <= frames - width / 2}


def test_merge_does_three_tiles_of_work_where_others_do_four() -> None:
    for shift in range(1, 16):
        assert at_shift(shift, "merge", 48).network_frames == 48
        assert at_shift(shift, "reflect", 48).network_frames == 64
        assert at_shift(shift, "anchor", 48).network_frames == 64


def test_merge_cuts_only_where_the_model_can() -> None:
    config = SpotDiffusionConfig(24, max_shift_ratio=1.0, edge="merge", shift_schedule="alternate")
    assert plan(32, config, step=1).seams == (16,), "T - W/2 = 20, rounded down to a multiple of 8"
    odd = SpotDiffusionConfig(9, max_shift_ratio=0.0, edge="merge")
    assert plan(13, odd, step=0, time_multiple=1).seams == (8,), "T - W/2 = 8.5, rounded down to a frame"
    tiny = SpotDiffusionConfig(8, edge="merge")
    assert plan(12, tiny, step=0).seams == (8,)
    assert plan(11, tiny, step=0).seams == (), "the cut would be rounded down to 0: 11 frames stay whole"


def test_circular_by_hand() -> None:
    layout = at_shift(6, "circular", 40)
    assert segments(layout) == [(6, 19), (19, 32), (32, 46)], "three near-equal parts, the last one wrapping"
    assert windows(layout) == [(5, 21), (18, 34), (31, 47)]
    assert layout.seams == (6, 19, 32)
    assert layout.pad == (0, 0)
    np.testing.assert_array_equal(np.flatnonzero(layout.weights[2]), [0, 1, 2, 3, 4, 5, *range(32, 40)])

    still = at_shift(6, "circular", 40, method="tiles")
    assert segments(still) == [(0, 13), (13, 26), (26, 40)]
    assert windows(still) == [(-1, 15), (12, 28), (25, 41)]
    assert still.seams == (0, 13, 26), "on a ring 0 is a border like any other"

    assert segments(at_shift(16, "circular", 24)) == [(4, 16), (16, 28)], "turned past a whole segment"
    assert (
        segments(at_shift(5, "circular", 48)) == windows(at_shift(5, "circular", 48)) == [(5, 21), (21, 37), (37, 53)]
    )


@given(requests(edge="circular", method="spot", finish=0))
@effort(3)
def test_circular_is_fair(request: dict[str, Any]) -> None:
    layout = plan(**request)
    frames, width = layout.frames, layout.tile_size
    if frames <= width:
        return
    assert len(layout.tiles) == math.ceil(frames / width)
    lengths = [end - start for start, end in segments(layout)]
    assert max(lengths) - min(lengths) <= 1
    assert set(layout.widths) == {width}
    for (seen, seen_end), (start, end) in zip(windows(layout), segments(layout), strict=True):
        assert abs((start - seen) - (seen_end - end)) <= 1, "the segment is in the middle"
    still = plan(**{**request, "method": "tiles"})
    assert set(layout.seams) == {(seam + layout.shift) % frames for seam in still.seams}


def test_a_loop_that_fits_one_tile_is_turned() -> None:
    for method in ("spot", "multidiffusion", "full"):
        layout = at_shift(13, "circular", 10, method=method)
        assert windows(layout) == segments(layout) == [(3, 13)]
        assert layout.seams == (3,)
        assert not layout.fallback
    assert windows(at_shift(13, "circular", 10, method="tiles")) == [(0, 10)]


def test_full_by_hand() -> None:
    layout = at_shift(6, "reflect", 48, method="full")
    assert windows(layout) == segments(layout) == [(0, 48)]
    assert (layout.seams, layout.shift, layout.fallback) == ((), 0, False)
    ring = at_shift(6, "circular", 48, method="full")
    assert windows(ring) == segments(ring) == [(6, 54)]
    assert ring.seams == (6,)


@pytest.mark.parametrize("edge", ["reflect", "anchor", "merge", "reflect_noisy"])
def test_multidiffusion_by_hand(edge: str) -> None:
    layout = at_shift(6, edge, 44, method="multidiffusion")
    assert windows(layout) == segments(layout) == [(0, 16), (8, 24), (16, 32), (24, 40), (28, 44)]
    assert layout.seams == (8, 16, 24, 28, 32, 40)
    assert (layout.shift, layout.pad, layout.network_frames) == (0, (0, 0), 80)
    expected = [1] * 8 + [2] * 20 + [3] * 4 + [2] * 8 + [1] * 4
    np.testing.assert_array_equal(layout.coverage, expected)
    apart = at_shift(6, edge, 44, method="multidiffusion", min_overlap=0)
    assert windows(apart) == [(0, 16), (16, 32), (28, 44)]
    assert windows(at_shift(6, edge, 40, method="multidiffusion")) == [(0, 16), (8, 24), (16, 32), (24, 40)]
    assert len(at_shift(6, edge, 44, method="multidiffusion", min_overlap=15).tiles) == 29


def test_multidiffusion_on_a_ring_by_hand() -> None:
    layout = at_shift(6, "circular", 40, method="multidiffusion")
    assert windows(layout) == segments(layout) == [(0, 16), (8, 24), (16, 32), (24, 40), (32, 48)]
    assert layout.seams == (0, 8, 16, 24, 32)
    np.testing.assert_array_equal(layout.coverage, 2)
    assert windows(at_shift(6, "circular", 40, method="multidiffusion", min_overlap=0)) == [(0, 16), (13, 29), (26, 42)]


@given(requests(method="multidiffusion"))
@effort(3)
def test_multidiffusion_overlaps_as_asked(request: dict[str, Any]) -> None:
    layout = plan(**request)
    frames, width, overlap = layout.frames, layout.tile_size, request["config"].overlap
    if frames <= width:
        return
    starts = [start for start, _ in windows(layout)]
    assert set(layout.widths) == {width}
    strides = np.diff(starts)
    if layout.edge == "circular":
        strides = np.diff([*starts, starts[0] + frames])
        assert strides.max() - strides.min() <= 1
    else:
        assert starts[0] == 0
        assert starts[-1] == frames - width
        assert (strides[:-1] == width - overlap).all()
    assert strides.min() > 0
    assert strides.max() <= width - overlap
    assert layout.shift == 0


@pytest.mark.parametrize("edge", ["reflect", "anchor", "merge", "reflect_noisy"])
def test_the_finish_by_hand(edge: str) -> None:
    config = SpotDiffusionConfig(16, edge=edge)
    layout = plan(44, config, 8, steps=10, time_multiple=1, finish_steps=2)
    assert windows(layout) == segments(layout) == [(0, 16), (12, 28), (24, 40), (28, 44)]
    assert (layout.blended, layout.cuts, layout.seams) == (True, (), (12, 16, 24, 28, 40))
    assert (layout.shift, layout.pad, layout.network_frames) == (0, (0, 0), 64)
    first, second, *_ = layout.weights
    np.testing.assert_array_equal(first[11:17], [1, 0.875, 0.625, 0.375, 0.125, 0])
    np.testing.assert_array_equal(second[11:17], [0, 0.125, 0.375, 0.625, 0.875, 1])
    before = plan(44, config, 7, steps=10, time_multiple=1, finish_steps=2)
    assert before == plan(44, config, 7, time_multiple=1)
    assert (before.blended, before.cuts) == (False, before.seams)
    apart = plan(48, config, 8, steps=10, time_multiple=1, finish_steps=2, finish_overlap=0)
    assert (windows(apart), apart.blended) == ([(0, 16), (16, 32), (32, 48)], False)
    last = plan(44, config, 8, steps=10, time_multiple=1, finish_steps=2, finish_overlap=0)
    assert (windows(last), last.blended, last.cuts) == ([(0, 16), (16, 32), (28, 44)], True, (16,))


def test_the_finish_on_a_ring_by_hand() -> None:
    config = SpotDiffusionConfig(16, edge="circular")
    layout = plan(36, config, 9, steps=10, time_multiple=1, finish_steps=1)
    assert windows(layout) == segments(layout) == [(0, 16), (12, 28), (24, 40)]
    assert layout.seams == (0, 4, 12, 16, 24, 28)
    np.testing.assert_array_equal(layout.weights[2, :5], [0.875, 0.625, 0.375, 0.125, 0])
    np.testing.assert_array_equal(layout.weights[0, :5], [0.125, 0.375, 0.625, 0.875, 1])


@given(requests(method="spot", finish=20))
@effort(3)
def test_a_finishing_step_is_multidiffusion_with_its_own_overlap(request: dict[str, Any]) -> None:
    layout, config = plan(**request), request["config"]
    if request["frames"] <= config.tile_size_time:
        assert layout == plan(**{**request, "finish_steps": 0}), "one window, which needs no finish"
        return
    given_overlap = request["finish_overlap"]
    overlap = config.tile_size_time // 4 if given_overlap is None else given_overlap
    wider = SpotDiffusionConfig(config.tile_size_time, overlap, edge=config.edge)
    averaged = plan(**{**request, "config": wider, "method": "multidiffusion", "finish_steps": 0})
    assert layout.tiles == averaged.tiles
    assert layout.shift == 0


@given(requests(method="spot", finish=20))
@effort(3)
def test_tiles_give_way_to_each_other_linearly(request: dict[str, Any]) -> None:
    """A tile's share falls from one to zero in equal parts, if the overlap is at most half of a tile."""
    layout = plan(**request)
    width = layout.tile_size
    for (first, one), (second, other) in pairwise(zip(layout.tiles, layout.shares, strict=True)):
        overlap = first.segment[1] - second.segment[0]
        if not layout.blended or 2 * overlap > width or layout.coverage.max() > 2:
            continue
        rising = (np.arange(overlap) + 0.5) / max(1, overlap)
        np.testing.assert_allclose(other[:overlap], rising, atol=1e-12)
        np.testing.assert_allclose(one[width - overlap :], 1 - rising, atol=1e-12)
    shares = layout.shares
    assert all(np.abs(np.diff(share)).max(initial=0) <= 1 for share in shares)
    assert all(share.min() > 0 for share in shares)


def test_the_other_methods_have_no_finish() -> None:
    for method in ("tiles", "multidiffusion", "full"):
        config = SpotDiffusionConfig(128)
        last = plan(768, config, 24, method, 25, finish_steps=2, finish_overlap=64)
        assert last == plan(768, config, 24, method, 25)
        assert not last.blended


@pytest.mark.parametrize("edge", EDGES)
def test_the_finish_costs_a_few_percent(edge: str) -> None:
    config, frames = SpotDiffusionConfig(128, edge=edge), 750 if edge == "circular" else 768

    def cost(finish: int) -> int:
        return sum(plan(frames, config, step, steps=25, finish_steps=finish).network_frames for step in range(25))

    assert cost(0) < cost(2) <= 1.04 * cost(0)


def test_an_hour() -> None:
    config = SpotDiffusionConfig(max_shift_ratio=1.0)
    start = time.process_time()
    layout = plan(90_000, config, step=3)
    seams, pad, coverage = layout.seams, layout.pad, layout.coverage
    assert time.process_time() - start < 0.5, "milliseconds, with a margin for a busy machine"
    assert 0 < layout.shift < 256
    assert seams == tuple(range(layout.shift, 90_000, 256))
    assert layout.network_frames == 256 * len(layout.tiles)
    assert pad == (256 - layout.shift, layout.tiles[-1].window[1] - 90_000)
    assert (coverage == 1).all()
    assert plan(90_000, SpotDiffusionConfig(edge="merge"), step=3).network_frames == 90_000
    start = time.process_time()
    shares = plan(90_000, config, 24, steps=25, finish_steps=2).shares
    assert time.process_time() - start < 0.5
    assert sum(share.sum() for share in shares) == pytest.approx(90_000)


def test_plan_depends_on_its_arguments_only() -> None:
    config = SpotDiffusionConfig(128)
    first = plan(768, config, 5)
    assert plan(768, config, 5, "spot", 25, 8) == first
    assert plan(np.int64(768), config, np.int16(5)) == first  # type: ignore[arg-type]
    assert len({plan(768, config, step) for step in range(20)}) > 10
    assert {first} == {plan(768, config, 5)}, "a layout can be a key"


def test_refuses_a_tile_the_model_cannot_take() -> None:
    for method in METHODS:
        with pytest.raises(InputError, match=r"tile_size_time is 100: .* multiple of 8.*; use 96 or 104"):
            plan(768, SpotDiffusionConfig(100), 0, method)
    with pytest.raises(InputError, match=r"tile_size_time is 5: .* multiple of 8.*; use 8$"):
        plan(768, SpotDiffusionConfig(5), 0)
    assert plan(768, SpotDiffusionConfig(100), 0, time_multiple=4).tile_size == 100


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("frames", 0, "frames is 0: expected a whole number of at least 1"),
        ("frames", 768.0, "frames is 768.0: expected a whole number"),
        ("frames", True, "frames is True: expected a whole number"),
        ("frames", math.nan, "frames is nan: expected a whole number"),
        ("step", -1, "step is -1: expected a whole number from 0 to 24"),
        ("step", 25, "step is 25: expected a whole number from 0 to 24"),
        ("step", 1.0, "step is 1.0: expected a whole number"),
        ("steps", 0, "steps is 0: expected a whole number of at least 1"),
        ("method", "spots", "method is 'spots': expected one of spot, tiles, multidiffusion, full"),
        ("method", None, "method is None: expected one of"),
        ("time_multiple", 0, "time_multiple is 0: expected a whole number of at least 1"),
        ("time_multiple", 8.0, "time_multiple is 8.0: expected a whole number"),
        ("finish_steps", -1, "finish_steps is -1: expected a whole number from 0 to 1000"),
        ("finish_steps", None, "finish_steps is None: expected a whole number"),
        ("finish_overlap", 256, "finish_overlap is 256: expected a whole number from 0 to 255"),
        ("finish_overlap", 8.0, "finish_overlap is 8.0: expected a whole number"),
    ],
)
def test_refuses_what_is_outside_its_limits(name: str, value: Any, message: str) -> None:
    arguments = {"frames": 768, "config": SpotDiffusionConfig(), "step": 0, "steps": 25, name: value}
    with pytest.raises(InputError, match=message) as caught:
        plan(**arguments)
    assert "; " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sorted_needs_steps_only_where_a_shift_is_drawn() -> None:
    config = SpotDiffusionConfig(shift_schedule="sorted")
    for frames in (100, 768):
        with pytest.raises(InputError, match="steps is None"):
            plan(frames, config, 0)
        for method in ("tiles", "multidiffusion", "full"):
            assert plan(frames, config, 0, method).shift == 0


def test_a_finish_needs_steps() -> None:
    with pytest.raises(InputError, match="finish_steps is 2, but steps is None: expected the number of steps; pass"):
        plan(768, SpotDiffusionConfig(), 0, finish_steps=2)


def test_create_tiles() -> None:
    config = SpotDiffusionConfig()
    assert create_tiles([1, 8, 768, 16], config) == [(0, 256, 0, 16), (256, 512, 0, 16), (512, 768, 0, 16)]
    assert create_tiles([1, 8, 384, 16], config) == [(0, 256, 0, 16), (256, 384, 0, 16)]
    assert create_tiles((2, 8, 100, 32), config) == [(0, 100, 0, 32)]
    assert create_tiles([1, 8, 257, 16], SpotDiffusionConfig(edge="circular"))[-1] == (256, 257, 0, 16)
    with pytest.raises(InputError, match=r"shape is \[1, 8, 768\]: expected four whole numbers"):
        create_tiles([1, 8, 768], config)


@given(requests(method="tiles"))
def test_create_tiles_is_the_fixed_grid(request: dict[str, Any]) -> None:
    if request["config"].edge in ("merge", "circular"):
        return
    tiles = create_tiles([1, 8, request["frames"], 16], request["config"])
    assert [(start, end) for start, end, _, _ in tiles] == segments(plan(**request))


def test_needs_no_torch() -> None:
    heavy = "{'torch', 'diffusers', 'transformers', 'matplotlib'}"
    code = f"import sys, spotnb.tiling.layout; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_docstring_examples() -> None:
    failed, tried = doctest.testmod(spotnb.tiling.layout)
    assert (failed, tried > 0) == (0, True)
