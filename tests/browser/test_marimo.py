"""Each widget in the editor of a real marimo: it is drawn, moves, plays, tells the kernel, and follows the theme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import spotnb
from spotnb.widgets.base import Widget
from tests.browser.jupyter import PLAYED
from tests.browser.marimo import Server, notebook
from tests.browser.waiting import PICTURE, wait_for_change, wait_for_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RUN = """
import marimo as mo
import spotnb
from tests.networks import FunctionModel, pointwise

tiling = spotnb.SpotDiffusionConfig(32)
model = FunctionModel(pointwise)
run = spotnb.SpotSampler(model, "a sea", 6.0, 4, config=tiling).run(progress=False)
"""
MADE = {
    "TileShiftDebugger": "spotnb.TileShiftDebugger(frames=768)",
    "ReflectionExplorer": "spotnb.ReflectionExplorer()",
    "RunComparison": 'spotnb.RunComparison({"one": run, "two": run})',
}
"""How to create the widgets that take something other than a run."""
PANEL = """panel = spotnb.SamplerPanel(model)
panel.form.duration.value, panel.form.steps.value, panel.form.tile.value = 6.0, 4, 32
panel"""
COLORS = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""
"""Counts the colors of a canvas."""


def is_widget(name: str) -> bool:
    kind = getattr(spotnb, name)
    return isinstance(kind, type) and issubclass(kind, Widget)


ELSEWHERE = {
    "LivePanel"
}  # exports a model, and draws nothing before it has made a sound: tests/browser/test_live_panel.py
WIDGETS = sorted(name for name in spotnb.__all__ if is_widget(name) and name not in ELSEWHERE)


def cells() -> list[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    shown = [
        (("mo", "run", "spotnb"), f"{name} = mo.ui.anywidget({MADE.get(name, f'spotnb.{name}(run)')})\n{name}", (name,))
        for name in WIDGETS
    ]
    told = "mo.md(f\"the kernel has step {TileShiftDebugger.value['step']}\")"
    panel = (("model", "spotnb"), PANEL, ("panel",))
    return [((), RUN, ("mo", "model", "run", "spotnb")), *shown, (("mo", "TileShiftDebugger"), told, ()), panel]


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, list[str]]]:
    server = Server(tmp_path_factory.mktemp("marimo"), notebook(cells()))
    context = browser.new_context(viewport={"width": 1280, "height": 1400}, color_scheme="light")
    page, wrong = context.new_page(), list[str]()
    page.set_default_timeout(60_000)
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    inside = (server.url, server.url.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(inside) else wrong.append(asked.url))
    try:
        page.add_init_script(f"({PLAYED})()")
        page.goto(server.url)
        page.locator(".spotnb").nth(len(WIDGETS) - 1).wait_for(timeout=240_000)
        yield page, wrong
    finally:
        context.close()
        server.close()


@pytest.fixture
def page(opened: tuple[Page, list[str]]) -> Iterator[Page]:
    yield opened[0]
    assert not opened[1]


def test_there_are_widgets_to_show() -> None:
    assert {"TileShiftDebugger", "ReflectionExplorer", "LatentInspector", "RunComparison"} <= set(WIDGETS)


@pytest.mark.parametrize("index", range(len(WIDGETS)), ids=WIDGETS)
def test_each_widget_is_drawn_and_fits(page: Page, index: int) -> None:
    widget = page.locator(".spotnb").nth(index)
    widget.scroll_into_view_if_needed()
    canvas = widget.locator(".spotnb-canvas").first
    canvas.wait_for()
    wait_for_page(page, f"(canvas) => ({COLORS})(canvas) > 4", arg=canvas.element_handle())
    assert widget.evaluate("(root) => root.scrollWidth <= root.clientWidth + 1")


def test_the_panel_makes_sound_and_compares_it(page: Page) -> None:
    panel = page.locator(".spotnb-columns")
    press = lambda name: panel.get_by_role("button", name=name, exact=True, disabled=False).first.click()  # noqa: E731
    panel.locator(".spotnb-tile-shift canvas").first.wait_for()  # the tiles of the form, before a run
    panel.get_by_label("Prompt", exact=True).fill("a sea")
    before = len(page.evaluate("window.played"))
    press("Run")
    result = panel.locator(".spotnb-panel-result")
    result.get_by_role("button", name="Play the sound", exact=True).click()
    wait_for_page(page, f"window.played.length > {before}")
    assert panel.locator(".spotnb-tile-shift").count() == 0
    panel.locator(".spotnb-inspector canvas").first.wait_for()
    panel.get_by_label("Seed", exact=True).fill("7")
    press("Run")
    panel.get_by_text("Kept runs: 2").wait_for()
    for number in (1, 2):
        panel.get_by_label(f"Compare run {number}", exact=True).check()
    press("Compare")
    panel.locator(".spotnb-comparison canvas").first.wait_for()
    press("Close the comparison")
    panel.locator(".spotnb-comparison").wait_for(state="detached")


def test_the_panel_shows_a_phase(page: Page) -> None:
    panel = page.locator(".spotnb-columns")
    panel.get_by_role("button", name="Phase", exact=True, disabled=False).click()
    panel.locator(".spotnb-panel-phase canvas").wait_for()


def test_a_step_moves_the_picture_and_reaches_the_kernel(page: Page) -> None:
    widget = page.locator(".spotnb-tile-shift").first
    canvas = widget.locator("canvas").first
    before = canvas.evaluate(PICTURE)
    page.get_by_text("the kernel has step 0").wait_for()
    widget.get_by_role("slider", name="Step").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("the kernel has step 1").wait_for()
    wait_for_change(canvas, before)


def test_the_comparison_plays(page: Page) -> None:
    widget, before = page.locator(".spotnb-comparison").first, len(page.evaluate("window.played"))
    widget.get_by_role("button", name="Play", exact=True).click()
    wait_for_page(page, f"window.played.length === {before + 2}")
    widget.get_by_role("button", name="Pause", exact=True).click()
    played = page.evaluate("window.played")[before:]
    assert [round(each["seconds"], 2) for each in played] == [6, 6]
    assert min(each["peaks"][0] for each in played) > 0


def test_the_theme_of_marimo_counts(page: Page) -> None:
    """marimo is dark, although the browser prefers light."""
    assert page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")
    everything = page.locator(".spotnb").count()
    assert page.locator(".spotnb[data-theme=dark]").count() == everything > len(WIDGETS)
