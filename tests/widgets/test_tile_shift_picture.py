"""The static picture of a TileShiftDebugger: the words and the scale of its view."""

from __future__ import annotations

import re
from typing import Any

import pytest

from spotnb import SpotDiffusionConfig
from spotnb.plots import style
from spotnb.tiling.config import METHODS
from spotnb.tiling.edges import EDGES
from spotnb.widgets.tile_shift import TileShiftDebugger
from spotnb.widgets.tile_shift_picture import NO_LATENT, WORDS
from tests.widgets.test_style import STATIC


def keys(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().texts]


def widget(method: str = "spot", edge: str = "reflect", step: int = 3, **given: Any) -> TileShiftDebugger:
    made = TileShiftDebugger(700, SpotDiffusionConfig(128, edge=edge), 12, method, **given)
    made.step = step
    return made


def test_the_words_are_those_of_the_view() -> None:
    table = (
        (STATIC / "tile_shift" / "signs.js").read_text("utf-8").split("export const WORDS = {", 1)[1].split("}", 1)[0]
    )
    found = dict(re.findall(r'^  (\w+): "([^"]+)",$', table, re.MULTILINE))
    assert found.items() >= WORDS.items()
    below = keys(widget().draw().axes[2])
    assert [found["pin"], found["even"]] == below[1:]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["tiles", "seam", "before", "end", "padding"]),
        ({"step": 0, "edge": "anchor"}, ["tiles", "seen", "seam", "end"]),
        ({"method": "tiles"}, ["tiles", "seam", "end", "padding"]),
        ({"method": "multidiffusion"}, ["tiles", "seam", "end"]),
        ({"method": "full"}, ["tiles", "end"]),
        ({"edge": "circular"}, ["tiles", "seen", "seam", "before", "closing", "around"]),
        ({"step": 11, "finish_steps": 1}, ["tiles", "fade", "before", "end"]),
    ],
)
def test_the_legend_holds_what_is_shown_and_no_more(given: dict[str, Any], expected: list[str]) -> None:
    assert keys(widget(**given).draw().axes[0]) == [WORDS[name] for name in expected]


def test_there_is_one_scale_in_seconds_whatever_method_and_edge() -> None:
    made = widget()
    seen = set()
    for method, edge in [*((method, "reflect") for method in METHODS), *(("spot", edge) for edge in EDGES)]:
        made.method, made.edge = method, edge
        figure = made.draw()
        middle, below = figure.axes[1:]
        assert not any(axes.child_axes for axes in figure.axes)  # no second scale in frames
        assert below.get_ylim() == pytest.approx((0, 1.1 * 12))
        texts = " ".join(axes.get_title(loc="left") for axes in figure.axes)
        assert "frame" not in texts
        assert "church organ" in texts
        places = [(axes.get_xlim(), axes.get_position().bounds) for axes in figure.axes]
        seen.add(str((places, middle.images[0].get_clim())))
    assert len(seen) == 1
    assert made.draw().axes[0].get_xlim() == pytest.approx((-128 / 25, 828 / 25))


def test_the_title_has_step_and_shift_in_seconds() -> None:
    made = widget(edge="merge")
    shift = made.shift / 25
    assert made.draw().axes[0].get_title(loc="left").startswith("step 3: spot, merge, windows of ")
    assert made.draw().axes[0].get_title(loc="left").endswith(f"shift {shift:.4g} s")
    made.method = "tiles"
    assert "shift" not in made.draw().axes[0].get_title(loc="left")


def test_a_latent_that_is_none_is_said_to_be_none() -> None:
    made = TileShiftDebugger(5000, SpotDiffusionConfig(128), 4)
    middle = made.draw().axes[1]
    assert middle.get_title(loc="left") == NO_LATENT
    assert not middle.images


def test_the_seams_of_the_step_before_are_gray() -> None:
    made = widget()
    seams = set(made.run_layouts[2].cuts) - set(made.tiling.cuts)
    dotted = [c for c in made.draw().axes[1].collections if style.LIGHT["ghost"] in _colors(c)]
    places = {round(segment[0][0] * 25) for each in dotted for segment in each.get_segments()}
    assert places == seams


def _colors(collection: Any) -> list[str]:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_hex

    return [to_hex(color) for color in collection.get_color()] if isinstance(collection, LineCollection) else []
