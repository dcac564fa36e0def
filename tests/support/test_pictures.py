"""Pictures of cards: the right shapes at the right places, few of them, and a text for those who cannot see them."""

from __future__ import annotations

import math
import re

import pytest

from spotnb.support.pictures import (
    BANDS,
    MOST_SHAPES,
    PALE,
    SEAM,
    TILE,
    WIDTH,
    Axis,
    Picture,
    band,
    bars,
    bins,
    dots,
    level,
    lines,
    profile,
    thinned,
    ticks,
)


def paths(drawing: str) -> list[str]:
    return re.findall(r' d="([^"]*)"', drawing)


def test_bars_and_lines_lie_on_the_axis() -> None:
    axis = Axis(-100, 100)
    assert paths(bars(axis, [(-100, 0), (0, 50)], 2, 10, TILE)) == ["M0 2H500v10H0zM500 2H750v10H500z"]
    assert paths(lines(axis, [0, 100], 0, 20, SEAM)) == ["M500 0v20M1000 0v20"]
    assert not bars(axis, [], 0, 1, TILE)
    assert not lines(axis, [], 0, 1, SEAM)


def test_an_axis_without_length_is_harmless() -> None:
    assert Axis(5, 5).at(5) == 0


def test_ticks_go_from_the_top_down() -> None:
    assert paths(ticks(Axis(0, 10), [0, 5, 10], 30, SEAM)) == ["M0 0v8M500 10v8M1000 20v8"]


def test_dots_rise_with_their_value_and_stay_inside() -> None:
    assert paths(dots([0, 1, 2, 99], 0, 2, 28, SEAM)) == ["M125 24v0M375 14v0M625 4v0M875 4v0"]


def test_a_band_fades_in_and_out() -> None:
    assert paths(band(Axis(0, 10), ((0, 0), (4, 6)), 36, TILE)) == ["M0 0L600 0L400 36L0 36z"]


def test_a_profile_joins_equal_values() -> None:
    flat = profile([0, 0, 0, 0], [1, 1, 0.5, 0.5], 0, 1, 10, TILE)
    assert paths(flat) == ["M0 0H500L500 5H1000L1000 10H0z"]
    assert not profile([], [], 0, 1, 10, TILE)


def test_level_crosses_the_picture() -> None:
    assert paths(level(4, TILE)) == [f"M0 4H{WIDTH}"]


def test_many_or_infinite_values_are_thinned() -> None:
    assert thinned([1.0, math.nan, math.inf, 2.0]) == [1.0, 2.0]
    assert len(thinned([float(k) for k in range(10**5)])) == MOST_SHAPES
    assert thinned([float(k) for k in range(2000)], 4) == [0, 500, 1000, 1500]


@pytest.mark.parametrize(("length", "most"), [(0, 5), (1, 5), (7, 3), (1000, 300)])
def test_bins_cover_everything_once(length: int, most: int) -> None:
    parts = bins(length, most)
    assert len(parts) == max(1, min(length, most))
    assert [k for a, b in parts for k in range(a, b)] == list(range(length))


def test_a_picture_can_be_read_aloud() -> None:
    shown = Picture("<path/>", 20, "a <line>", ("0 s", "1 s"), [(TILE, "sound")]).html()
    assert 'role="img" aria-label="a &lt;line&gt;"' in shown
    assert "<span>0 s</span><span>1 s</span>" in shown
    assert 'preserveAspectRatio="none"' in shown


def luminance(color: str) -> float:
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("color", sorted({TILE, PALE, SEAM, *BANDS}))
@pytest.mark.parametrize("background", ["#ffffff", "#111111"])
def test_colors_stand_out_in_light_and_dark(color: str, background: str) -> None:
    """WCAG 2.2, success criterion 1.4.11: graphics need a contrast of 3."""
    low, high = sorted(luminance(each) for each in (color, background))
    assert (high + 0.05) / (low + 0.05) >= 3
