"""SamplerPanel in JupyterLab and in Notebook, by mouse and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.waiting import PICTURE, wait_for_change, wait_for_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

    from tests.browser.jupyter import Shown

CODE = """
import time
from spotnb.widgets.panel import SamplerPanel
from tests.networks import FunctionModel, pointwise

halt = None  # a step before which a run waits until it is paused, however slow the page is

def network(x, t, cond):
    global halt
    time.sleep(0.08)  # as slow as a network
    while w.sampler is not None and w.sampler.steps_done == halt:
        time.sleep(0.01)
        if w._run._pause.is_set():
            halt = None
    return pointwise(x, t, cond)

w = SamplerPanel(FunctionModel(network))
w.form.duration.value, w.form.steps.value, w.form.tile.value = 6.0, 8, 32
w
"""


@pytest.fixture(scope="module", params=["lab", "notebook"])
def page(request: pytest.FixtureRequest, show: Callable[..., Shown]) -> Shown:
    from tests.browser.jupyter import PLAYED

    shown = show(request.param, "panel", CODE)
    shown.page.evaluate(PLAYED)
    return shown


@pytest.fixture
def shown(page: Shown) -> Shown:
    page.run("halt = None; w.pause(); w.wait(); w.reset(); w.form.guidance.value = 2.5; w.form.seed.value = 0")
    page.run("w.form.prompt.value = 'a sea'; w.form.method.value = 'spot'")
    page.run("w.compare([]); [w.remove(kept.number) for kept in w.runs]")
    page.until("w._run.busy", False)
    button(page, "Run").wait_for()
    return page


def button(shown: Shown, name: str) -> Locator:
    """Return the button, once it is enabled."""
    return shown.widget.get_by_role("button", name=name, exact=True, disabled=False)


def test_the_whole_way_by_mouse(shown: Shown) -> None:
    shown.run("halt = 2")
    button(shown, "Run").click()
    shown.until("w.sampler is not None and w.sampler.steps_done", 2)
    button(shown, "Pause").click()
    shown.until("w._run.busy", False)
    assert shown.ask("w.sampler.steps_done") == 2
    shown.widget.locator(".spotnb-inspector canvas").wait_for()
    button(shown, "Step").click()
    shown.until("(w.sampler.steps_done, w._run.busy)", (3, False))
    shown.run("w.form.guidance.value = 4")
    shown.widget.get_by_text("Fork continues with the new settings").first.wait_for()
    button(shown, "Fork").click()
    shown.until("(w.sampler.guidance_scale, w._run.busy)", (4.0, False))
    button(shown, "Run").click()
    shown.until("w.waveform is not None and not w._run.busy", seconds=60)
    shown.widget.locator(".spotnb-panel-result canvas").wait_for()
    button(shown, "Save wav").click()
    shown.widget.get_by_text("Saved a-sea-0").first.wait_for()
    button(shown, "Play the sound").click()
    button(shown, "Pause the sound").click()


def test_three_actions_lead_to_sound(shown: Shown) -> None:
    button(shown, "techno").click()
    button(shown, "Run").click()
    button(shown, "Play run 1").click(timeout=60_000)
    button(shown, "Pause run 1").wait_for()
    assert shown.ask("w.sampler.prompt") == "techno"
    button(shown, "Pause run 1").click()


def test_three_fields_are_open_and_the_rest_is_folded(shown: Shown) -> None:
    labels = "els => els.filter((el) => el.checkVisibility()).map((el) => el.textContent)"
    form = shown.widget.locator(".spotnb-panel-form")
    assert form.locator(".spotnb-ask > label").evaluate_all(labels) == ["Prompt", "Seconds", "Seed"]
    for group in ("Method", "Guidance", "Advanced"):
        fold = form.locator("details", has=shown.page.locator("summary", has_text=group)).first
        assert not fold.evaluate("(fold) => fold.open")
        fold.locator("summary").click()
        for help_text in fold.locator(".spotnb-help").all():
            assert help_text.is_visible()
        fold.locator("summary").click()


def test_before_a_run_the_other_half_says_what_the_settings_mean(shown: Shown) -> None:
    plan = shown.widget.locator(".spotnb-panel-plan")
    plan.get_by_text("From step to step, the cuts move").wait_for()
    plan.get_by_text("windows").wait_for()
    tiles = shown.widget.locator(".spotnb-tile-shift")
    tiles.wait_for()
    tiles.get_by_label("Method").select_option("tiles")  # the picture and the form are the same run
    shown.until("w.form.method.value", "tiles")
    plan.get_by_text("The cuts never move").wait_for()
    button(shown, "Step").click()
    plan.wait_for(state="hidden")
    assert tiles.count() == 0


def test_unknown_words_are_marked_while_one_types(shown: Shown) -> None:
    shown.run("w._run.load().unknown_words = lambda text: [word for word in text.split() if word.startswith('z')]")
    prompt = shown.widget.get_by_label("Prompt", exact=True)
    prompt.focus()
    shown.page.keyboard.press("Control+a")
    shown.page.keyboard.type("a zither by the sea", delay=5)
    words = "The model does not know this word and ignores it: zither."
    shown.reads(lambda: shown.widget.locator(".spotnb-unknown").inner_text(), words)
    assert prompt.input_value() == "a zither by the sea"
    prompt.fill("a sea")
    shown.widget.locator(".spotnb-unknown").wait_for(state="hidden")
    shown.run("del w._run.load().unknown_words")


def test_runs_are_kept_shown_compared_and_removed_only_when_asked_twice(shown: Shown) -> None:
    button(shown, "Run").click()
    shown.widget.get_by_text("Kept runs: 1").wait_for()
    shown.widget.get_by_label("Prompt", exact=True).fill("a storm")
    shown.until("w.form.prompt.value", "a storm")
    shown.run("w.form.method.value = 'tiles'")
    head = shown.widget.locator(".spotnb-panel-result .spotnb-head")
    assert head.inner_text().split("\n") == ["a sea", "spot, seed 0"]  # whatever the form says by now
    button(shown, "Run").click()
    shown.widget.get_by_text("Kept runs: 2").wait_for()
    shown.reads(lambda: head.inner_text().split("\n"), ["a storm", "tiles, seed 0"])
    button(shown, "Reset").click()
    shown.widget.locator(".spotnb-panel-plan").wait_for()
    for number in (1, 2):
        shown.widget.get_by_label(f"Compare run {number}").check()
    button(shown, "Compare").click()
    shown.widget.locator(".spotnb-comparison").get_by_text("a storm · tiles · seed 0").first.wait_for()
    button(shown, "Close the comparison").click()
    shown.widget.locator(".spotnb-comparison").wait_for(state="detached")
    button(shown, "Show run 1").click()
    shown.reads(lambda: head.inner_text().split("\n"), ["a sea", "spot, seed 0"])
    button(shown, "Remove run 2").click()
    button(shown, "Keep").click()
    assert shown.ask("len(w.runs)") == 2
    button(shown, "Remove run 2").click()
    button(shown, "Remove for good").click()
    shown.widget.get_by_text("Kept runs: 1").wait_for()


def test_fork_says_from_where(shown: Shown) -> None:
    button(shown, "Run").click()
    shown.until("len(w.runs) == 1 and not w._run.busy", seconds=60)
    shown.run("w.inspector.step = 4")
    shown.widget.get_by_text("Fork keeps a sea · spot · seed 0 up to step 4 / 7").first.wait_for()
    shown.widget.get_by_text("All steps done: step 7 / 7").first.wait_for()  # as the slider counts
    shown.widget.locator(".spotnb-inspector").get_by_text("4 / 7").first.wait_for()
    button(shown, "Fork").click()
    shown.until("w.sampler.steps_done", 5)
    assert shown.ask("w.runs[0].waveform is not None")


def test_a_click_uses_what_was_typed_just_before(shown: Shown) -> None:
    shown.widget.get_by_label("Seed", exact=True).fill("41")
    button(shown, "Step").click()
    shown.until("w.sampler is not None and w.sampler.seed", 41)


def test_the_whole_way_by_keyboard(shown: Shown) -> None:
    keyboard = shown.page.keyboard
    cells = shown.page.locator(".jp-Cell").count()
    shown.run("halt = 2")
    button(shown, "Run").focus()
    keyboard.press("Enter")
    shown.until("w.sampler is not None and w.sampler.steps_done", 2)
    wait_for_page(shown.page, "document.activeElement.textContent === 'Pause'")  # the focus moved to an enabled button
    keyboard.press(" ")
    shown.until("w._run.busy", False)
    wait_for_page(shown.page, "document.activeElement.textContent === 'Run'")
    keyboard.press("Tab")
    keyboard.press("Enter")
    shown.until("(w.sampler.steps_done, w._run.busy)", (3, False))
    shown.widget.get_by_text(shown.ask("w.status.doing")).first.wait_for()  # the page has received it, too
    button(shown, "Fork").focus()
    keyboard.press(" ")
    shown.until("'Forked' in w.status.doing and not w._run.busy")
    shown.widget.get_by_text("Forked").first.wait_for()
    button(shown, "Run").focus()
    keyboard.press("Enter")
    shown.until("w.waveform is not None and not w._run.busy", seconds=60)
    shown.widget.get_by_text("All steps done: step 7 / 7").first.wait_for()  # the page has received it, too
    button(shown, "Save trace").focus()
    keyboard.press("Enter")
    shown.widget.get_by_text("Saved a-sea-0").first.wait_for()
    assert shown.page.locator(".jp-Cell").count() == cells


def test_phases_are_told_and_pictured_one_by_one(shown: Shown) -> None:
    shown.run("w.form.tile.value = 80")
    phase = shown.widget.locator(".spotnb-panel-phase")
    current = phase.locator("li[aria-current]")
    pictures = []
    told = [
        ("padded by", "1 Pad and cut", "frames were drawn there"),
        ("tile 0 predicted", "2 Predict 1 / ", "with the prompt and without"),
        ("tile 1 predicted", "2 Predict 2 / ", "what the prompt adds"),
    ]
    for words, stage, meaning in told:
        button(shown, "Phase").click()
        phase.get_by_text(words).first.wait_for()
        shown.until("w._run.busy", False)
        assert current.inner_text().startswith(stage)
        phase.get_by_text(meaning).first.wait_for()
        shown.painted()
        pictures.append(phase.locator("canvas").evaluate(PICTURE))
    while current.inner_text() != "4 Update":
        button(shown, "Phase").click()
        shown.until("w._run.busy", False)
        pictures.append(wait_for_change(phase.locator("canvas"), pictures[-1]))
    assert len(set(pictures)) == len(pictures)
    assert shown.ask("w.sampler.steps_done") == 1
    shown.run("w.form.tile.value = 32")
    button(shown, "Step").click()
    phase.wait_for(state="detached")


def test_what_a_user_wrote_is_text(shown: Shown) -> None:
    shown.widget.get_by_label("Prompt", exact=True).fill("0-1: <img src=x onerror=alert(1)>\n<b>organ</b>")
    shown.until("'organ' in w.form.prompt.value")
    button(shown, "Run").click()
    shown.widget.get_by_text("has no times").first.wait_for()
    assert shown.widget.locator("img, b:text('organ')").count() == 0


def test_what_is_wrong_is_told_at_its_field(shown: Shown) -> None:
    group, ratio = shown.widget.locator("summary", has_text="Method"), shown.widget.get_by_label("Shift ratio")
    group.click()
    ratio.fill("5")
    told = shown.widget.get_by_role("alert").get_by_text("Shift ratio is 5: expected")
    told.wait_for()
    group.click()
    assert not ratio.is_visible()
    button(shown, "Run").click()
    told.wait_for()
    shown.reads(lambda: ratio.evaluate("(field) => document.activeElement === field"), True)
    assert ratio.get_attribute("aria-invalid") == "true"
    top = "(element) => element.getBoundingClientRect().top"
    assert 0 < told.evaluate(top) - ratio.evaluate(top) < 120
    ratio.fill("0.5")
    told.wait_for(state="hidden")
    assert ratio.get_attribute("aria-invalid") is None
    seconds = shown.widget.get_by_label("Seconds")
    usual = seconds.input_value()
    seconds.fill("0")
    shown.widget.get_by_role("alert").get_by_text("Seconds is 0 s").wait_for()
    assert seconds.get_attribute("aria-invalid") == "true"
    assert seconds.evaluate("(field) => document.activeElement === field"), "typing is not interrupted"
    seconds.fill(usual)
    shown.until("w.form.view.trouble['text']", "")


def test_an_error_is_one_line_with_a_fold(shown: Shown) -> None:
    shown.run("w._run.load().network, kept = None, w._run.load().network")
    button(shown, "Step").click()
    line = shown.widget.locator(".spotnb-trouble > summary")
    line.get_by_text("TypeError").first.wait_for()
    assert not shown.widget.get_by_text("Traceback").first.is_visible()
    line.click()
    shown.widget.get_by_text("Traceback").first.wait_for()
    shown.run("w._run.load().network = kept")
    button(shown, "Step").click()
    shown.until("(w.sampler.steps_done, w._run.busy)", (1, False))
    line.wait_for(state="hidden")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes_and_accessibility(shown: Shown, theme: str) -> None:
    from tests.browser.contrast import poor_contrasts
    from tests.browser.jupyter import axe_violations

    def violations() -> list[str]:
        return [*axe_violations(shown.page, ".spotnb-panel"), *poor_contrasts(shown.page, ".spotnb-panel")]

    shown.theme(theme)
    shown.run("w._run.load().unknown_words = lambda text: ['zither']; w.form.prompt.value = 'a zither'")
    shown.widget.locator(".spotnb-unknown mark").wait_for()
    for group in ("Method", "Guidance", "Advanced"):
        shown.widget.locator(".spotnb-panel-form summary", has_text=group).first.click()
    assert not violations()  # before a run
    for words in ("padded by", "tile 0 predicted"):
        button(shown, "Phase").click()
        shown.widget.locator(".spotnb-panel-phase").get_by_text(words).first.wait_for()
    shown.until("w._run.busy", False)
    assert not violations()
    button(shown, "Run").click()
    shown.until("len(w.runs) == 1 and not w._run.busy", seconds=60)
    button(shown, "Remove run 1").click()
    assert not violations()
    shown.run("del w._run.load().unknown_words")
    for group in ("Method", "Guidance", "Advanced"):
        shown.widget.locator(".spotnb-panel-form summary", has_text=group).first.click()


def test_focus_rings_are_for_the_keyboard(shown: Shown) -> None:
    canvas = shown.widget.locator(".spotnb-tile-shift canvas").first
    outline = "(element) => getComputedStyle(element).outlineStyle"
    canvas.click(position={"x": 200, "y": 60})
    assert canvas.evaluate(outline) == "none"
    shown.page.keyboard.press("Shift+Tab")
    shown.page.keyboard.press("Tab")
    assert canvas.evaluate(outline) == "solid"


@pytest.mark.parametrize("width", [360, 700, 1400])
def test_it_fits_the_width_that_it_has(shown: Shown, width: int) -> None:
    assert shown.fits(width)
    button(shown, "Step").click()
    shown.widget.locator(".spotnb-inspector canvas").wait_for()
    assert shown.fits(width)


def test_nothing_left_this_machine_and_nothing_went_wrong(shown: Shown) -> None:
    assert not shown.strangers
    assert not shown.errors


def test_a_kernel_that_dies_is_told(shown: Shown) -> None:
    shown.run("halt = 1")
    button(shown, "Run").click()
    shown.until("w.sampler is not None and w.sampler.steps_done", 1)
    shown.client.execute("import os; os._exit(1)")
    shown.widget.get_by_text("The kernel is gone").first.wait_for()


def test_a_saved_page_scrubs_and_plays_without_kernel_and_network(browser: Browser, tmp_path: Path) -> None:
    from spotnb.widgets.panel import SamplerPanel
    from tests.browser.jupyter import PLAYED, axe_violations, page_of
    from tests.networks import FunctionModel, pointwise

    panel = SamplerPanel(FunctionModel(pointwise))
    panel.form.duration.value, panel.form.steps.value, panel.form.tile.value = 6.0, 8, 32
    panel._foresight.plan()
    before = panel.to_html(tmp_path / "before.html")
    panel.run()
    panel.wait(60)
    path = panel.to_html(tmp_path / "run.html")
    panel.close()
    with page_of(browser, before) as (page, errors):
        page.get_by_text("Before it runs").wait_for()
        page.get_by_text("calm piano").wait_for()  # the settings, in place of the form
        assert not axe_violations(page, "main")
        assert not errors
    with page_of(browser, path, PLAYED) as (page, errors):
        inspector = page.locator(".spotnb-inspector canvas").first
        before = inspector.evaluate(PICTURE)
        inspector.focus()
        page.keyboard.press("Home")
        page.get_by_text("0 / 7").first.wait_for()
        wait_for_change(inspector, before)
        page.get_by_role("button", name="Play the sound").click()
        page.get_by_role("button", name="Pause the sound").click()
        assert not axe_violations(page, "main")
        assert not errors
