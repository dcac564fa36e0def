"""A blended finish, whose last steps cross-fade the tiles: no widget, picture or card calls their borders seams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")

from spotnb import LatentInspector, Overview, RunComparison, SpotDiffusionConfig, SpotSampler, generate_audio
from spotnb.plots.drawing import TRIANGLE
from spotnb.plots.overview import draw_overview
from spotnb.widgets.base import new_figure
from spotnb.widgets.panel_parts import RunResult
from spotnb.widgets.panel_phase import phase_scene
from tests.networks import FunctionModel, neighbourly

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spotnb.sampling.generation import Generation

FINISH = 2


def generation(**changes: Any) -> Generation:
    settings = {"duration": 6.0, "steps": 5, "config": SpotDiffusionConfig(64), "record": "all"} | changes
    return generate_audio(FunctionModel(neighbourly), "a sea", progress=False, **settings)


@pytest.fixture(scope="module")
def blended() -> Generation:
    return generation(finish_steps=FINISH)


@pytest.fixture(scope="module")
def plain() -> Generation:
    return generation()


def cutting(made: Generation) -> list[bool]:
    """Return which steps cut, and check that all of them have borders."""
    layouts = [record.layout for record in made.sampler.trace]
    assert all(layout.seams for layout in layouts)
    return [bool(layout.cuts) for layout in layouts]


def marks(figure: Figure) -> int:
    """Return the number of seams that triangles mark in a figure."""
    lines = [line for axes in figure.axes for line in axes.lines if line.get_marker() == TRIANGLE]
    return sum(len(np.atleast_1d(line.get_xdata())) for line in lines)


def test_the_last_steps_cross_fade(blended: Generation, plain: Generation) -> None:
    assert cutting(blended) == [True] * 3 + [False] * FINISH
    assert cutting(plain) == [True] * 5


def test_a_generation_has_the_seams_that_can_be_heard(blended: Generation, plain: Generation) -> None:
    assert blended.seams == ()
    assert blended.manifest()["result"]["seams_of_last_step"] == []
    assert plain.seams == plain.sampler.trace[-1].layout.seams


def test_the_inspector_marks_only_steps_that_cut(blended: Generation) -> None:
    widget = LatentInspector(blended.sampler)
    records = widget.page_state()["_begun"]["records"]
    assert [record["blended"] for record in records] == [False] * 3 + [True] * FINISH
    for step in (2, 3):
        widget.step = step
        figure = widget.draw()
        assert figure is not None
        assert marks(figure) == len(blended.sampler.trace[step].layout.cuts)


def test_a_comparison_marks_no_seams_of_a_blended_run(blended: Generation, plain: Generation) -> None:
    widget = RunComparison({"blended": blended, "plain": plain.sampler})
    first, second = widget._scene["rows"]
    assert (first["seams"], first["seamsKnown"], first["blended"]) == ([], True, True)
    assert (second["seams"], second["blended"]) == (list(plain.seams), False)
    assert widget.grid == (64, 128)  # both are scored as before
    figure = widget.draw()
    assert marks(figure) == len(plain.seams)
    assert "no seams, the last step cross-fades" in figure.axes[0].get_title("left")


def test_the_overview_marks_only_steps_that_cut(blended: Generation) -> None:
    widget = Overview(blended)
    steps = widget._scene["steps"]
    assert [step["blended"] for step in steps] == [False] * 3 + [True] * FINISH
    assert [bool(step["seams"]) for step in steps] == cutting(blended)
    assert widget._process is not None
    figure = new_figure(2.2)
    draw_overview(figure, widget._process)
    seams = [line.get_xdata()[0] for line in figure.axes[1].lines[::2]]
    assert seams == [cut for record in blended.sampler.trace for cut in record.layout.cuts]


def test_the_result_of_the_panel_marks_no_seams(blended: Generation, plain: Generation) -> None:
    for made in (blended, plain):
        result = RunResult(made)
        assert (result._scene["blended"], result._scene["seams"]) == (made is blended, list(made.seams))
        assert marks(result.draw()) == 2 * len(made.seams)


def test_the_phases_of_a_finishing_step_mix_its_tiles() -> None:
    config = SpotDiffusionConfig(64)
    sampler = SpotSampler(FunctionModel(neighbourly), "a sea", 6.0, FINISH, config=config, finish_steps=FINISH)
    step = sampler.begin()
    noise = step.noise[0, 0].numpy()
    scene = phase_scene(step, "stitch", len(step.layout.tiles), "")
    assert (scene["blended"], scene["seams"]) == (True, [])
    row = {each["key"]: each for each in scene["rows"]}
    unguided, difference = (values(row[name]) for name in ("unguided", "difference"))
    guided = unguided + sampler.guidance_scale * difference
    rounding = (row["unguided"]["limit"] + sampler.guidance_scale * row["difference"]["limit"]) / 127
    assert np.isfinite(guided).mean() > 0.9  # the colors clip the others
    assert np.nanmax(np.abs(guided - noise)) < rounding


def values(row: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return the values of a row, with NaN where the colors clip them."""
    codes = np.frombuffer(row["data"], np.uint8).reshape(row["columns"], -1).astype(float)
    codes[(codes <= 1) | (codes == 255)] = np.nan
    return (codes - 128) / 127 * row["limit"]


def test_cards_say_that_tiles_cross_fade(blended: Generation) -> None:
    record = blended.sampler.trace[-1]
    for shown in (record, record.layout):
        assert "none, the tiles cross-fade" in shown._repr_html_()
    assert "cross-fade" not in blended.sampler.trace[0]._repr_html_()
