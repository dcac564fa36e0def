import matplotlib.pyplot as plt
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spotnb.plots.bands import (
    draw_bands,
    draw_seams,
    in_lanes,
    number_bands,
    outside,
    owned_bands,
    segment_pieces,
    stacked,
)
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import Layout, plan
from tests.tiling.test_coverage import any_runs


@given(any_runs())
def test_pieces_of_segments_are_the_frames_they_own(layouts: list[Layout]):
    layout = layouts[-1]
    pieces = segment_pieces(layout)
    owners = np.zeros(layout.frames, int)
    for number, start, stop in pieces:
        assert 0 <= start < stop <= layout.frames
        assert number < len(layout.tiles)
        owners[start:stop] += 1
    assert np.array_equal(owners, layout.coverage)
    assert pieces == sorted(pieces, key=lambda piece: piece[1:])


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1))
def test_nothing_overlaps_within_a_lane_and_no_lane_is_wasted(spans: list[tuple[int, int]]):
    intervals = [(k, start, start + length) for k, (start, length) in enumerate(sorted(spans))]
    placed = in_lanes(intervals)
    assert [item[:3] for item in placed] == intervals
    for k, (_, start, _, lane) in enumerate(placed):
        assert all(stop <= start for _, _, stop, other in placed[:k] if other == lane)
    deepest = max(sum(start <= frame < stop for _, start, stop in intervals) for frame in range(70))
    assert 1 + max(lane for *_, lane in placed) == deepest


def test_what_lies_past_the_ends():
    assert outside((3, -5, 20, 0, 1), 10) == [(3, -5, 0, 0, 1), (3, 10, 20, 0, 1)]
    assert outside((3, 0, 10, 0, 1), 10) == []
    assert outside((3, 12, 20, 0, 1), 10) == [(3, 12, 20, 0, 1)]
    assert outside((3, -9, -2, 0, 1), 10) == [(3, -9, -2, 0, 1)]


def test_segments_that_cross_fade_share_a_lane():
    layout = plan(44, SpotDiffusionConfig(16), 0, steps=1, time_multiple=1, finish_steps=1)
    bands, rising = owned_bands(layout, 2.0, 1.0)
    assert bands == [(0, 0, 16, 2, 3), (1, 12, 28, 2, 3), (2, 24, 40, 2, 3), (3, 28, 44, 2, 3)]
    assert rising == [0, 4, 4, 12]
    _, ax = plt.subplots()
    corners = draw_bands(ax, bands, 0.04, rising).get_paths()[1].vertices[:4] / [0.04, 1]
    np.testing.assert_allclose(corners, [(16, 2), (28, 2), (28, 3), (12, 3)])
    assert not draw_seams(ax, [(layout, bands)], 0.04)
    plt.close("all")
    ring = plan(36, SpotDiffusionConfig(16, edge="circular"), 0, steps=1, time_multiple=1, finish_steps=1)
    assert owned_bands(ring, 0, 1)[1] == [0, 4, 4, 4]
    averaged = plan(44, SpotDiffusionConfig(16), 0, "multidiffusion", time_multiple=1)
    assert owned_bands(averaged, 0, 1)[1] == [0] * 5


def test_numbers_are_written_where_they_fit():
    _, ax = plt.subplots(figsize=(10, 1))
    ax.set(xlim=(0, 4), ylim=(1, 0))
    bands = [(0, 0, 50, 0, 1), (1, 50, 51, 0, 1), (12, 51, 100, 0, 1), (3, 0, 50, 0, 0.01)]
    draw_bands(ax, bands, 0.04)
    number_bands(ax, bands, 0.04)
    assert [(text.get_text(), text.get_position()) for text in ax.texts] == [("0", (1, 0.5)), ("12", (3.02, 0.5))]
    number_bands(ax, bands * 101, 0.04)
    assert len(ax.texts) == 2
    plt.close("all")


def test_a_ring_s_end_is_ticked_only_where_it_is_a_seam():
    _, ax = plt.subplots()
    for edge, expected in (("circular", {0, 8, 16, 24}), ("reflect", {8, 16})):
        layout = plan(24, SpotDiffusionConfig(8, edge=edge), 0, "tiles")
        assert draw_seams(ax, [(layout, stacked(in_lanes(segment_pieces(layout)), 0, 1))], 0.04)
        ticks = {round(float(path[0, 0]) * 25) for path in ax.collections[-1].get_segments()}
        assert ticks == expected
    assert not draw_seams(ax, [(plan(24, SpotDiffusionConfig(8), 0, "full"), [(0, 0, 24, 0, 1)])], 0.04)
    plt.close("all")
