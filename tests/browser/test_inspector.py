"""LatentInspector in JupyterLab, in Notebook, and as a standalone page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.waiting import PICTURE, wait_for_change

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

    from tests.browser.jupyter import Shown

CODE = """
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.sampling.sampler import SpotSampler
from spotnb.widgets.inspector import LatentInspector
from tests.networks import FunctionModel, pointwise

run = SpotSampler(FunctionModel(pointwise), "a sea", 4.0, steps=8, config=SpotDiffusionConfig(32))
run.run(until=6, progress=False)
w = LatentInspector(run)
w
"""
START = "w.quantity, w.channel, w.colour_range, w.selected_frame, w.tiles = 'x0', None, 'run', None, True"


@pytest.fixture(scope="module", params=["lab", "notebook"])
def page(request: pytest.FixtureRequest, show: Callable[..., Shown]) -> Shown:
    from tests.browser.jupyter import PLAYED

    shown = show(request.param, "inspector", CODE)
    shown.page.evaluate(PLAYED)
    return shown


@pytest.fixture
def shown(page: Shown) -> Shown:
    page.page.mouse.move(0, 0)
    page.press(0, "Escape")  # reset the zoom, which is state of the page
    page.run(START)
    for step in (1, 0):
        page.run(f"w.step = {step}")
        page.widget.get_by_text(f"{step} / ").first.wait_for()
    page.painted()
    return page


def label(shown: Shown, name: str) -> Locator:
    return shown.widget.get_by_label(name, exact=True)


@pytest.mark.parametrize(("keys", "step"), [(["ArrowRight"], 1), (["ArrowRight", "ArrowRight", "ArrowLeft"], 1)])
def test_keys_move_the_step(shown: Shown, keys: list[str], step: int) -> None:
    before = shown.pixels()
    shown.press(0, *keys)
    shown.until("w.step", step)
    shown.changed(before)
    shown.press(0, "End")
    shown.until("w.step == len(run.trace) - 1")
    shown.press(0, "Home")
    shown.until("w.step", 0)
    assert shown.pixels() == before


def test_arrows_reach_the_slider_and_not_the_notebook(shown: Shown) -> None:
    label(shown, "Step").focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowRight")
    shown.until("w.step", 2)
    assert shown.page.evaluate("document.activeElement.type") == "range"


def test_play_goes_through_the_steps(shown: Shown) -> None:
    before = shown.pixels()
    shown.press(0, " ")
    shown.until("w.step == len(run.trace) - 1")
    shown.widget.get_by_role("button", name="Play the steps").wait_for()
    shown.changed(before)


def test_channels_by_key_list_and_double_click(shown: Shown) -> None:
    grid = shown.pixels()
    shown.press(0, "ArrowDown")
    shown.until("w.channel", 0)
    shown.changed(grid)
    shown.press(0, "ArrowUp")
    shown.until("w.channel", None)
    label(shown, "Channel").select_option("1")
    shown.until("w.channel", 1)
    shown.canvas().dblclick()
    shown.until("w.channel", None)
    shown.widget.get_by_text("std").first.wait_for()


@pytest.mark.parametrize("quantity", ["x", "noise", "difference"])
def test_every_quantity_has_a_picture(shown: Shown, quantity: str) -> None:
    before = shown.pixels()
    label(shown, "Show").select_option(quantity)
    shown.until("w.quantity", quantity)
    shown.changed(before)
    record = {"x": "run.trace[0].x", "noise": "run.trace[0].noise"}.get(quantity, "(run.trace[0].x - run.trace[0].x0)")

    def told() -> list[float]:
        facts = dict(line.split() for line in shown.widget.locator(".spotnb-facts").inner_text().split("\n")[:4])
        return [float(facts[name].replace("−", "-")) for name in ("mean", "std", "min", "max")]

    expected = shown.ask(f"[float(getattr({record}, n)()) for n in ('mean', 'std', 'min', 'max')]")
    shown.reads(told, pytest.approx(expected, 0.01))


def test_hovering_and_clicking_read_values(shown: Shown) -> None:
    before = shown.pixels()
    shown.click(0, (0.5, 0.3))
    frame = shown.until("w.selected_frame", lambda value: value is not None)
    shown.page.mouse.move(0, 0)
    bin_ = shown.ask("w.selected_bin")
    shown.press(0, ".", "PageUp")
    shown.until("(w.selected_frame, w.selected_bin)", (frame + 1, min(3, bin_ + 1)))
    bin_ = shown.ask("w.selected_bin")
    shown.widget.get_by_text(f"bin {bin_}, channel 0").first.wait_for()
    text = shown.widget.locator(".spotnb-note").first.inner_text().replace("−", "-")
    assert f"frame {frame + 1}), bin {bin_}, channel 0" in text
    told, _, bound = text.split("channel 0: ")[1].split()[:3]
    value = shown.ask(f"float(run.trace[0].x0[0, 0, {frame + 1}, {bin_}])")
    assert float(told) == pytest.approx(value, abs=1.6 * float(bound))  # the bound is rounded to one digit
    shown.changed(before)
    shown.press(0, "Escape")
    shown.until("w.selected_frame", None)


def test_zoom_and_tiles(shown: Shown) -> None:
    whole = shown.pixels()
    shown.press(0, "+", "+")
    near = shown.pixels()
    assert near != whole
    shown.drag(0, 80)
    shown.changed(near)
    shown.page.mouse.move(0, 0)
    shown.press(0, "Escape")
    assert shown.pixels() == whole
    label(shown, "Tiles").uncheck()
    shown.until("w.tiles", False)
    shown.changed(whole)


def test_colours_of_the_step_or_the_run(shown: Shown) -> None:
    shown.run("w.step = 4")
    shown.widget.get_by_text("4 / ").first.wait_for()
    before = shown.pixels()
    label(shown, "Colors").select_option("step")
    shown.until("w.colour_range", "step")
    shown.changed(before)


def test_the_clean_estimate_is_heard(shown: Shown) -> None:
    shown.run("w.step = 3")
    shown.widget.get_by_role("button", name="Hear the clean estimate").click()
    shown.until("w._sound.get('step')", 3)
    shown.widget.get_by_role("button", name="Pause").wait_for()
    playing = shown.pixels()
    shown.page.wait_for_timeout(300)
    shown.changed(playing)
    shown.press(0, "p")
    shown.widget.get_by_role("button", name="Play the clean estimate").wait_for()
    assert "of 4.0 s" in shown.widget.inner_text()


def test_the_spectrogram_of_each_step_is_decoded_ahead(shown: Shown) -> None:
    shown.until("len(w._decoding.spectra) == len(run.trace)")
    shown.press(0, "End")
    shown.until("w.step == len(run.trace) - 1")
    box = shown.canvas().bounding_box()
    assert box
    last = shown.ask("run.trace[-1].step")
    told = []
    for share in (0.3, 0.6):
        shown.page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] - 100)  # in the spectrogram
        reading = shown.widget.locator(".spotnb-note").first
        shown.reads(lambda read=reading: bool(read.inner_text().endswith(" dB")), True)
        told.append(reading.inner_text())
        assert told[-1].startswith(f"Step {last}, ")
        assert "Hz (mel band " in told[-1] or "kHz (mel band " in told[-1]
    assert told[0] != told[1]
    shown.page.mouse.move(0, 0)


def test_only_the_keyboard_shows_the_focus(shown: Shown) -> None:
    shown.page.evaluate("document.activeElement.blur()")
    shown.click(0, (0.5, 0.3))
    assert shown.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "none"
    shown.page.keyboard.press("Shift+Tab")
    shown.page.keyboard.press("Tab")
    assert shown.page.evaluate("document.activeElement.tagName") == "CANVAS"
    assert shown.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_it_follows_a_run(shown: Shown) -> None:
    shown.run("run.goto(6); w.refresh(); w.step = 5")
    shown.widget.get_by_text("5 / 5").first.wait_for()
    before = shown.pixels()
    shown.run("run.step(); w.refresh()")
    shown.widget.get_by_text("6 / 6").first.wait_for()
    shown.changed(before)


def test_the_live_text_says_what_is_shown(shown: Shown) -> None:
    shown.run("w.step = 4")
    shown.widget.get_by_role("status").get_by_text("Clean estimate at step 4").first.wait_for()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes_and_accessibility(shown: Shown, theme: str) -> None:
    from tests.browser.jupyter import axe_violations

    before, was = shown.pixels(), shown.widget.get_attribute("data-theme")
    shown.theme(theme)
    if was != theme:
        shown.changed(before)
    assert not axe_violations(shown.page, ".spotnb")


@pytest.mark.parametrize("width", [360, 1600])
def test_it_fits_the_width_that_it_has(shown: Shown, width: int) -> None:
    assert shown.fits(width)


def test_nothing_left_this_machine_and_nothing_went_wrong(shown: Shown) -> None:
    assert not shown.strangers
    assert not shown.errors


def test_a_saved_page_scrubs_and_plays_without_kernel_and_network(browser: Browser, tmp_path: Path) -> None:
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.tiling.config import SpotDiffusionConfig
    from spotnb.widgets.inspector import LatentInspector
    from tests.browser.jupyter import PLAYED, axe_violations, page_of
    from tests.networks import FunctionModel, pointwise

    run = SpotSampler(FunctionModel(pointwise), "a sea", 4.0, steps=8, config=SpotDiffusionConfig(32))
    widget = LatentInspector(run.run(progress=False))
    widget.decode(7)
    widget.wait(60)
    path = widget.to_html(tmp_path / "inspector.html")
    widget.close()
    with page_of(browser, path, PLAYED, color_scheme="dark") as (page, errors):
        canvas = page.locator(".spotnb canvas").first
        page.locator(".spotnb canvas").focus()
        before = canvas.evaluate(PICTURE)
        page.keyboard.press("End")
        page.get_by_text("7 / 7").first.wait_for()
        wait_for_change(canvas, before)
        page.get_by_role("button", name="Play the clean estimate").click()
        page.get_by_role("button", name="Pause").wait_for()
        assert not axe_violations(page, ".spotnb")
        assert not errors


def test_a_saved_page_has_a_spectrogram_for_each_step_and_says_which_sounds_it_holds(
    browser: Browser, tmp_path: Path
) -> None:
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.tiling.config import SpotDiffusionConfig
    from spotnb.widgets.inspector import LatentInspector
    from spotnb.widgets.page import write_page
    from tests.browser.jupyter import PLAYED, page_of
    from tests.networks import FunctionModel, pointwise

    run = SpotSampler(FunctionModel(pointwise), "a sea", 4.0, steps=20, config=SpotDiffusionConfig(32))
    widget = LatentInspector(run.run(progress=False))
    widget.step = 3
    widget.to_html(tmp_path / "inspector.html")  # decodes
    missing = 7
    widget._decoding.spectra.pop(missing)
    path = write_page(tmp_path / "inspector.html", "A run", [widget])
    held = sorted(each["step"] for each in widget.page_state()["_sounds"])
    silent = next(step for step in range(20) if step not in held)
    widget.close()
    look = """(step) => new Promise((done) => {
      const slider = document.querySelector(".spotnb-steps input");
      slider.value = step;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      requestAnimationFrame(() => requestAnimationFrame(() => {
        const canvas = document.querySelector(".spotnb canvas");
        const { data } = canvas.getContext("2d").getImageData(100, canvas.height - 130, 400, 60);
        done(new Uint32Array(data.buffer).includes(0xfff8f6f4));  // the ground, where there is no spectrogram
      }));
    })"""
    with page_of(browser, path, PLAYED) as (page, errors):
        for step in range(20):
            assert page.evaluate(look, step) == (step == missing)
        page.evaluate(look, silent)
        names = ", ".join(map(str, held[:-1]))
        page.get_by_text(f"This page holds the sound of steps {names} and {held[-1]}").first.wait_for()
        assert page.get_by_role("button", name="Hear the clean estimate").is_disabled()
        page.evaluate(look, held[0])
        page.get_by_role("button", name="Play the clean estimate").click()
        page.get_by_role("button", name="Pause").wait_for()
        assert not errors


def test_nan_and_infinity_are_marked(browser: Browser, tmp_path: Path) -> None:
    from spotnb.widgets.inspector import LatentInspector
    from tests.browser.jupyter import page_of
    from tests.widgets.test_inspector import synthetic

    trace = synthetic(steps=1)
    x0 = trace[0].x0
    assert x0 is not None
    x0[0, 0, 10, 2], x0[0, 1, 20, 1] = np.nan, -np.inf
    widget = LatentInspector(trace)
    widget.selected_frame, widget.selected_bin = 10, 2
    path = widget.to_html(tmp_path / "bad.html")
    widget.close()
    with page_of(browser, path) as (page, errors):
        page.get_by_text("NaN or infinite values: 2", exact=True).first.wait_for()
        page.get_by_text("bin 2, channel 0: NaN").first.wait_for()
        green = page.evaluate("""() => {
          const canvas = document.querySelector(".spotnb canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let k = 0; k < data.length; k += 4) count += data[k] === 0 && data[k + 1] === 176 && data[k + 2] === 60;
          return count;
        }""")
        assert green > 20
        assert not errors


def test_two_channels_at_44_khz_with_one_bin(browser: Browser, tmp_path: Path) -> None:
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.tiling.config import SpotDiffusionConfig
    from spotnb.widgets.inspector import LatentInspector
    from tests.browser.jupyter import PLAYED, page_of
    from tests.networks import StereoModel, pointwise

    run = SpotSampler(StereoModel(pointwise), "a sea", 6.0, steps=3, config=SpotDiffusionConfig(32))
    widget = LatentInspector(run.run(progress=False))
    widget.step = 2
    widget.selected_frame = 64
    widget.decode(2)
    widget.wait(60)
    path = widget.to_html(tmp_path / "stereo.html")
    expected = [float(np.abs(channel).max()) for channel in run.sound(2, of="x0").waveform]
    widget.close()
    with page_of(browser, path) as (page, errors):
        page.get_by_text("2.97 s (frame 64), channel 0").first.wait_for()  # 64 * 2048 / 44100
        height = page.evaluate("document.querySelector('.spotnb canvas').clientHeight")
        assert 480 < height < 680  # 64 lines, not 64 pictures of 34 pixels, and the spectrogram
        page.evaluate(PLAYED)
        page.get_by_role("button", name="Play the clean estimate").click()
        page.get_by_role("button", name="Pause").wait_for()
        (played,) = page.evaluate("window.played")
        assert played["seconds"] == pytest.approx(6, abs=0.01)
        assert played["peaks"] == pytest.approx(expected, abs=0.05)
        page.locator(".spotnb canvas").click(position={"x": 300, "y": 200})
        page.get_by_text("of 6.0 s").first.wait_for()
        assert not errors
