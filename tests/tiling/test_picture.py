"""The cards of tiles, layouts, edge policies and coverage."""

from __future__ import annotations

import re

import pytest

from spotnb.support.pictures import PALE, SEAM, TILE
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.coverage import coverage
from spotnb.tiling.edges import POLICIES
from spotnb.tiling.layout import Layout, plan
from spotnb.tiling.picture import LANE, MOST_TILES, tiles_picture
from spotnb.tiling.tile import Tile

CONFIG = SpotDiffusionConfig(128)


def shapes(drawing: str, color: str) -> int:
    """Return the number of bars or lines of one color."""
    return sum(path.count("M") for path in re.findall(rf'd="([^"]*)" (?:fill|fill="none" stroke)="{color}"', drawing))


@pytest.mark.parametrize("edge", POLICIES)
@pytest.mark.parametrize("method", METHODS)
def test_every_segment_and_seam_is_drawn(method: str, edge: str) -> None:
    layout = plan(768, SpotDiffusionConfig(128, edge=edge), 3, method=method)
    drawing = tiles_picture(layout.tiles, layout.frames, ring=layout.ring).content
    assert shapes(drawing, TILE) == len(layout.tiles)
    assert shapes(drawing, SEAM) >= len(layout.seams)
    hidden = [tile for tile in layout.tiles if tile.window != tile.segment]
    assert len(hidden) <= shapes(drawing, PALE) <= 2 * len(hidden)


def test_overlapping_windows_have_lanes() -> None:
    overlapping = plan(768, CONFIG, 0, method="multidiffusion")
    assert tiles_picture(overlapping.tiles, 768).height == 2 * LANE
    assert tiles_picture(plan(768, CONFIG, 0).tiles, 768).height == LANE


def test_of_many_tiles_the_first_are_drawn() -> None:
    layout = plan(92_160, CONFIG, 3)
    picture = tiles_picture(layout.tiles, layout.frames)
    assert shapes(picture.content, TILE) == MOST_TILES
    assert f"the first {MOST_TILES} of {len(layout.tiles)} tiles" in picture.html()


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        (plan(768, CONFIG, 3), "Layout(spot, 768 frames, 7 tiles of 128, shift 55, reflect)"),
        (plan(768, CONFIG, 3, "tiles"), "Layout(tiles, 768 frames, 6 tiles of 128, shift 0, reflect)"),
        (plan(768, CONFIG, 3, "full"), "Layout(full, 768 frames, one window, shift 0, reflect)"),
        (plan(96, CONFIG, 3), "Layout(spot, 96 frames, one window, shift 0, reflect)"),
    ],
)
def test_text_of_layouts(layout: Layout, text: str) -> None:
    assert repr(layout) == text


def test_facts_of_a_layout() -> None:
    shown = plan(768, CONFIG, 3)._repr_html_()
    for fact in ("6: [55, 183, 311, 439, 567, 695]", "73 frames before, 55 after", "896 frames for the network"):
        assert fact in shown
    assert "<bdi>none</bdi>" in plan(768, CONFIG, 3, "full")._repr_html_()


def test_text_of_tiles_and_policies() -> None:
    assert repr(Tile((-73, 55), (0, 55))) == "Tile(window=(-73, 55), segment=(0, 55))"
    assert eval(repr(Tile((-73, 55), (0, 55)))) == Tile((-73, 55), (0, 55))
    assert [repr(policy) for policy in POLICIES.values()] == [
        'EdgePolicy("reflect", mirrors the clean estimate)',
        'Anchor("anchor", no padding)',
        'Merge("merge", no padding)',
        'Circular("circular", a ring)',
        'NoisyReflect("reflect_noisy", mirrors the noisy latent)',
    ]


def test_policies_say_what_they_do() -> None:
    for policy in POLICIES.values():
        shown = policy._repr_html_()
        assert "<svg" in shown
        assert type(policy).__doc__.partition("\n")[0] in shown


def test_coverage_says_how_often() -> None:
    fixed = coverage([plan(512, CONFIG, step, "tiles") for step in range(10)])
    assert repr(fixed) == "Coverage(10 steps of 512 frames, near=0)"
    shown = fixed._repr_html_()
    assert "30 at 3 places" in shown
    assert "frame 127, in 10 of 10 steps" in shown
    assert "98 % of the frames" in shown
    none = coverage([plan(96, CONFIG, 0)])
    assert "100 % of the frames" in none._repr_html_()
