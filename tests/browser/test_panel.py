"""SamplerPanel in JupyterLab and in Notebook, by mouse and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

    from tests.browser.jupyter import Shown

CODE = """
import time
from spotnb.widgets.panel import SamplerPanel
from tests.networks import FunctionModel, pointwise

def network(x, t, cond):
    time.sleep(0.08)  # as slow as a network
    return pointwise(x, t, cond)

w = SamplerPanel(FunctionModel(network))
w.form.duration.value, w.form.steps.value, w.form.tile.value = 6.0, 8, 32
w
"""


@pytest.fixture(scope="module", params=["lab", "notebook"])
def page(request: pytest.FixtureRequest, show: Callable[..., Shown]) -> Shown:
    return show(request.param, "panel", CODE)


@pytest.fixture
def shown(page: Shown) -> Shown:
    page.run("w.pause(); w.wait(); w.reset(); w.form.guidance.value = 2.5; w.form.prompt.value = 'a sea'")
    page.until("w._run.busy", False)
    button(page, "Run").wait_for()
    return page


def button(shown: Shown, name: str) -> Locator:
    """Return the button, once it is enabled."""
    return shown.widget.get_by_role("button", name=name, exact=True, disabled=False)


def test_the_whole_way_by_mouse(shown: Shown) -> None:
    button(shown, "Run").click()
    shown.until("w.sampler is not None and w.sampler.steps_done >= 1", seconds=60)
    button(shown, "Pause").click()
    shown.until("w._run.busy", False)
    done = shown.ask("w.sampler.steps_done")
    assert 0 < done < 8
    shown.widget.locator(".spotnb-inspector canvas").wait_for()
    button(shown, "Step").click()
    shown.until("(w.sampler.steps_done, w._run.busy)", (done + 1, False))
    shown.run("w.form.guidance.value = 4")
    shown.widget.get_by_text("Fork goes on with it").first.wait_for()
    button(shown, "Fork").click()
    shown.until("(w.sampler.guidance_scale, w._run.busy)", (4.0, False))
    button(shown, "Run").click()
    shown.until("w.waveform is not None and not w._run.busy", seconds=60)
    shown.widget.locator(".spotnb-panel-result canvas").wait_for()
    button(shown, "Save wav").click()
    shown.widget.get_by_text("Saved a-sea-0").first.wait_for()
    button(shown, "Play the sound").click()
    button(shown, "Pause the sound").click()


def test_the_whole_way_by_keyboard(shown: Shown) -> None:
    keyboard = shown.page.keyboard
    cells = shown.page.locator(".jp-Cell").count()
    button(shown, "Run").focus()
    keyboard.press("Enter")
    shown.until("w.sampler is not None and w.sampler.steps_done >= 1", seconds=60)
    assert shown.page.evaluate("document.activeElement.textContent") == "Pause"  # the focus moved to an enabled button
    keyboard.press(" ")
    shown.until("w._run.busy", False)
    shown.page.wait_for_function("document.activeElement.textContent === 'Run'")
    done = shown.ask("w.sampler.steps_done")
    keyboard.press("Tab")
    keyboard.press("Enter")
    shown.until("(w.sampler.steps_done, w._run.busy)", (done + 1, False))
    shown.widget.get_by_text(shown.ask("w.status.doing")).first.wait_for()  # the page has received it, too
    button(shown, "Fork").focus()
    keyboard.press(" ")
    shown.until("'Forked' in w.status.doing and not w._run.busy")
    shown.widget.get_by_text("Forked").first.wait_for()
    button(shown, "Run").focus()
    keyboard.press("Enter")
    shown.until("w.waveform is not None and not w._run.busy", seconds=60)
    button(shown, "Save trace").focus()
    keyboard.press("Enter")
    shown.widget.get_by_text("Saved a-sea-0").first.wait_for()
    assert shown.page.locator(".jp-Cell").count() == cells


def test_phases_are_told_one_by_one(shown: Shown) -> None:
    for word in ("padded by", "tile 0 predicted"):
        button(shown, "Phase").click()
        shown.widget.get_by_text(word).first.wait_for()
        shown.until("w._run.busy", False)


def test_what_a_user_wrote_is_text(shown: Shown) -> None:
    shown.widget.get_by_label("Prompt").fill("0-1: <img src=x onerror=alert(1)>\n<b>organ</b>")
    shown.until("'organ' in w.form.prompt.value")
    button(shown, "Run").click()
    shown.widget.get_by_text("has no times").first.wait_for()
    assert shown.widget.locator("img, b:text('organ')").count() == 0


def test_an_error_is_one_line_with_a_fold(shown: Shown) -> None:
    shown.run("w._run.model().network, kept = None, w._run.model().network")
    button(shown, "Step").click()
    line = shown.widget.locator(".spotnb-trouble > summary")
    line.get_by_text("TypeError").first.wait_for()
    assert not shown.widget.get_by_text("Traceback").first.is_visible()
    line.click()
    shown.widget.get_by_text("Traceback").first.wait_for()
    shown.run("w._run.model().network = kept")
    button(shown, "Step").click()
    shown.until("(w.sampler.steps_done, w._run.busy)", (1, False))
    line.wait_for(state="hidden")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes_and_accessibility(shown: Shown, theme: str) -> None:
    from tests.browser.jupyter import axe_violations

    shown.theme(theme)
    shown.page.wait_for_timeout(300)  # Jupyter's buttons fade between states
    assert not axe_violations(shown.page, ".spotnb-panel")


@pytest.mark.parametrize("width", [360, 1200])
def test_it_fits_the_width_that_it_has(shown: Shown, width: int) -> None:
    button(shown, "Step").click()
    shown.widget.locator(".spotnb-inspector canvas").wait_for()
    assert shown.fits(width)


def test_nothing_left_this_machine_and_nothing_went_wrong(shown: Shown) -> None:
    assert not shown.strangers
    assert not shown.errors


def test_a_kernel_that_dies_is_told(shown: Shown) -> None:
    button(shown, "Run").click()
    shown.until("w.sampler is not None and w.sampler.steps_done >= 1", seconds=60)
    shown.client.execute("import os; os._exit(1)")
    shown.widget.get_by_text("The kernel is gone").first.wait_for()


def test_a_saved_page_scrubs_and_plays_without_kernel_and_network(browser: Browser, tmp_path: Path) -> None:
    from spotnb.widgets.panel import SamplerPanel
    from tests.browser.jupyter import axe_violations, page_of
    from tests.networks import FunctionModel, pointwise

    panel = SamplerPanel(FunctionModel(pointwise))
    panel.form.duration.value, panel.form.steps.value, panel.form.tile.value = 6.0, 8, 32
    panel.run()
    panel.wait(60)
    path = panel.to_html(tmp_path / "run.html")
    panel.close()
    with page_of(browser, path) as (page, errors):
        inspector = page.locator(".spotnb-inspector canvas").first
        before = inspector.evaluate("(canvas) => canvas.toDataURL()")
        inspector.focus()
        page.keyboard.press("Home")
        page.get_by_text("0 / 7").first.wait_for()
        assert inspector.evaluate("(canvas) => canvas.toDataURL()") != before
        page.get_by_role("button", name="Play the sound").click()
        page.get_by_role("button", name="Pause the sound").click()
        assert not axe_violations(page, "main")
        assert not errors
