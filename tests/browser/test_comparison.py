"""RunComparison in JupyterLab, in Notebook, and as a standalone page, measured by its audio output."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.waiting import USUAL, wait_for_page, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.jupyter import Shown

# A rising line and its negative: each sample shows which run sounds, and at which position.
SECONDS, LOW, SLOPE = 30.0, 0.1, 0.027
CODE = f"""
import numpy as np
from spotnb.widgets.comparison import RunComparison
line = ({LOW} + {SLOPE} * np.arange({SECONDS} * 16000) / 16000).astype(np.float32)
w = RunComparison({{"up": (line, [40, 90]), "down": (-line, [60]), "half": line / 2}}, grid=[50, 100])
w
""".strip()
START = "w.loop = None; w.playing = False; w.position = 0; w.selected = 0; w.matched = False"

EAR = """() => {
  if (window.ear) return;
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) {
      if (window.ear?.context !== to.context) window.ear = new AnalyserNode(to.context, { fftSize: 32768 });
      connect.call(this, window.ear);
    }
    return connect.call(this, to, ...rest);
  };
}"""
# The audio output of the last two thirds of a second, 0.35 s of sound after a switch to a run.
SWITCHED = """async (run) => {
  const { context } = window.ear;
  document.querySelectorAll('.spotnb-name')[run].click();
  const until = context.currentTime + 0.35;
  while (context.currentTime < until) await new Promise((done) => setTimeout(done, 5));
  const heard = new Float32Array(window.ear.fftSize);
  window.ear.getFloatTimeDomainData(heard);
  return { rate: context.sampleRate, heard: [...heard] };
}"""
# The last sample of the output, and the place that has just been painted.
HEARD = """async () => {
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const heard = new Float32Array(window.ear.fftSize);
  window.ear.getFloatTimeDomainData(heard);
  return [heard.at(-1), parseFloat(document.querySelector('.spotnb-clock').textContent)];
}"""
# The sign of the output once it has sounded for 0.15 s.
SIGN = """async () => {
  const { context } = window.ear;
  const heard = new Float32Array(window.ear.fftSize);
  const until = context.currentTime + 0.15;
  do {
    await new Promise((done) => setTimeout(done, 10));
    window.ear.getFloatTimeDomainData(heard);
  } while (context.currentTime < until || !heard.at(-1));
  return Math.sign(heard.at(-1));
}"""


def heard(page: Page) -> tuple[float, float]:
    """Return the last sample of the output, and the position that the page shows."""
    sample, place = page.evaluate(HEARD)
    return sample, place


def moved_by_switch(page: Page, run: int) -> float:
    """Return the seconds by which the sound jumps in time at a switch to a run of the other sign."""
    for _ in range(10):
        found = page.evaluate(SWITCHED, run)
        samples, rate = np.array(found["heard"]), round(found["rate"])
        margin = rate // 20
        switches = np.flatnonzero(np.diff(np.sign(samples[margin:-margin])))
        if len(switches):
            break
        page.evaluate(SWITCHED, 1 - run)  # it was looked at too late
    switch = int(switches[-1]) + margin
    places = [(abs(float(samples[k])) - LOW) / SLOPE for k in (switch - margin, switch + margin)]
    return places[1] - places[0] - 2 * margin / rate


@pytest.fixture(scope="module", params=["lab", "notebook"])
def page(request: pytest.FixtureRequest, show: Callable[..., Shown]) -> Shown:
    return show(request.param, "comparison", CODE)


@pytest.fixture
def shown(page: Shown) -> Iterator[Shown]:
    page.page.evaluate(EAR)
    page.press(0, "Escape")  # reset the zoom, which is state of the page
    page.run(START)
    page.widget.get_by_text("0.00 / 30.00 s").first.wait_for()
    page.widget.get_by_role("button", name="Play", exact=True).wait_for()
    yield page
    for name in ("End the test", "Close", "Cancel"):  # if a blind test failed
        if page.widget.get_by_role("button", name=name).is_visible():
            page.widget.get_by_role("button", name=name).click()
    page.run(START)


def test_keys_move_switch_and_match(shown: Shown) -> None:
    before = shown.pixels()
    shown.press(0, "End")
    shown.until("w.position", SECONDS)
    shown.changed(before)
    shown.press(0, "ArrowLeft", "Shift+ArrowLeft")
    shown.until("w.position", SECONDS - 5.5)
    shown.press(0, "2")
    shown.until("w.selected", 1)
    assert shown.page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("2, down")
    shown.page.keyboard.press("ArrowDown")
    shown.until("w.selected", 2)
    shown.page.keyboard.press("m")
    shown.until("w.matched", True)
    assert shown.widget.get_by_role("button", name="Match levels").get_attribute("aria-pressed") == "true"
    shown.page.keyboard.press("Home")
    shown.page.keyboard.press("1")
    shown.page.keyboard.press("]")
    shown.until("(w.position, w.selected)", (0.6, 0))


MIDDLE = """() => {
  const canvas = document.querySelector(".spotnb canvas");
  const ratio = canvas.width / canvas.clientWidth;
  const [left, right] = [66, canvas.clientWidth - 14];
  const { data } = canvas.getContext("2d").getImageData(left * ratio, 0, (right - left) * ratio, 10 * ratio);
  const width = (right - left) * ratio;
  const found = [];
  for (let k = 0; k < data.length / 4; k += 1) {
    if (data[4 * k] > 150 && data[4 * k + 2] < 110 && data[4 * k + 3] > 200) found.push((k % width) / width);
  }
  return found.reduce((sum, each) => sum + each, 0) / found.length;
}"""
"""The mean place of the triangles above the first run, as a share of the width."""


def test_the_next_seam_is_in_the_middle(shown: Shown) -> None:
    for place in (0.6, 2.6):  # a second before 1.6 and 3.6 s
        shown.widget.get_by_role("button", name="Next seam").click()
        shown.until("w.position", place)
        shown.painted()
        if place > 2:  # the other seam is then out of sight
            assert shown.page.evaluate(MIDDLE) == pytest.approx(0.5, abs=0.02)
    shown.widget.get_by_role("button", name="Whole").click()
    shown.painted()
    assert shown.page.evaluate(MIDDLE) < 0.2


def test_a_seam_is_played_again_and_again(shown: Shown) -> None:
    loop = shown.widget.get_by_role("button", name="Loop seam")
    loop.click()
    shown.until("w.loop", [0.6, 2.6])
    shown.until("w.playing", True)
    wait_for_page(shown.page, "!!window.ear")  # the output begins a moment later
    assert loop.get_attribute("aria-pressed") == "true"
    places = [0.0]

    def began_again() -> bool:
        sample, place = heard(shown.page)
        places.append(place)
        assert 0.6 <= place <= 2.61
        if sample:  # the output itself repeats, too
            assert 0.5 < (sample - LOW) / SLOPE < 2.7
        return place < places[-2] - 0.1

    wait_until(began_again, USUAL)
    shown.widget.get_by_role("button", name="Next seam").click()
    shown.until("w.loop", [2.6, 4.6])
    shown.until("w.position", lambda position: 2.6 <= position <= 4.6)
    shown.press(0, "l")
    shown.until("w.loop", None)
    shown.until("w.position", lambda position: position > 4.7)
    shown.press(0, " ")
    shown.until("w.playing", False)


def test_a_click_seeks_in_all_rows(shown: Shown) -> None:
    before = shown.pixels(1)
    shown.click(0, (0.5, 0.3))
    place = shown.until("w.position", lambda position: 10 < position < 20)
    shown.changed(before, 1)
    shown.run("w.position = 1.5")
    shown.widget.get_by_text("1.50 / 30.00 s").first.wait_for()
    assert place != 1.5


def test_a_switch_while_playing_keeps_the_place(shown: Shown) -> None:
    """At most 10 ms in the audio output."""
    shown.press(0, " ")
    shown.until("w.position", lambda position: position > 0.7)
    moved = [moved_by_switch(shown.page, run) for run in (1, 0, 1)]
    assert max(map(abs, moved)) <= 0.010, moved
    shown.until("w.selected", 1)
    sample, place = heard(shown.page)
    assert sample < 0  # the falling run
    assert (-sample - LOW) / SLOPE == pytest.approx(place, abs=0.15)  # and the clock shows its position
    shown.press(1, " ")
    shown.until("w.playing", False)
    assert shown.ask("w.position") >= place


def test_levels_are_not_normalised_until_they_are_matched(shown: Shown) -> None:
    factor = 10 ** (shown.ask("w._scene['rows'][0]['gain']") / 20)
    assert factor < 0.9
    shown.press(0, "3", " ")
    shown.until("w.position", lambda position: position > 0.3)
    sample, place = heard(shown.page)
    assert sample / (LOW + SLOPE * place) == pytest.approx(0.5, rel=0.1)  # it is half of the first run
    shown.page.keyboard.press("1")
    shown.page.keyboard.press("m")
    shown.until("w.matched", True)
    shown.page.evaluate(SIGN)
    sample, place = heard(shown.page)
    assert sample / (LOW + SLOPE * place) == pytest.approx(factor, rel=0.1)
    shown.page.keyboard.press(" ")
    shown.until("w.playing", False)


def test_the_kernel_plays_and_stops_and_the_end_stops_too(shown: Shown) -> None:
    shown.press(0, "Home")
    shown.run(f"w.position = {SECONDS - 0.4}; w.playing = True")
    shown.until("w.playing", False)
    shown.until("w.position", SECONDS)
    shown.run("w.position = 1; w.playing = True")
    shown.until("w.position", lambda position: position > 1.2)
    shown.run("w.playing = False")
    shown.widget.get_by_role("button", name="Play", exact=True).wait_for()
    assert shown.ask("1 < w.position < 25")


def test_a_jslink_follows(shown: Shown) -> None:
    shown.run(
        "import ipywidgets; s = ipywidgets.IntSlider(max=2); link = ipywidgets.jslink((w, 'selected'), (s, 'value'))"
    )
    shown.press(0, "3")
    shown.until("s.value", 2)
    shown.run("link.unlink(); s.close()")


def test_the_blind_test(shown: Shown) -> None:
    """A listener who hears the sign of the sound is always right, and the page does not reveal it."""
    root, page = shown.widget, shown.page
    root.get_by_role("button", name="Blind test").click()
    root.get_by_text("Of 12 trials, 10 right answers or more are significant").first.wait_for()
    root.get_by_label("Trials").select_option("8")
    root.get_by_role("button", name="Start").click()
    root.get_by_role("button", name="Listen to 1, up").wait_for(state="hidden")
    root.get_by_label("Time line").focus()
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    shown.until("w.playing", True)
    wait_for_page(page, "!!window.ear")
    views = set()
    for trial in range(8):
        root.get_by_text(f"Trial {trial + 1} of 8").first.wait_for()
        signs = []
        for name in ("A", "X"):
            root.get_by_role("button", name=f"Listen to {name}").click()
            signs.append(page.evaluate(SIGN))
            root.get_by_label("Time line").focus()
            page.keyboard.press("Home")
        text = root.evaluate("(root) => root.outerHTML")
        views.add(re.sub(r"Trial \d|[\d.]+ / 30\.00 s|aria-live.*?</div>", "", text))
        root.get_by_role("button", name="X is A" if signs[0] == signs[1] else "X is B").click()
    root.get_by_text("8 of 8 right, p = 0.004").first.wait_for()
    root.get_by_text("You hear a difference.").first.wait_for()
    shown.until("(w.abx_trials, w.abx_correct, w.abx_p)", (8, 8, 1 / 256))
    assert sorted(shown.ask("w.abx_runs")) == [0, 1]
    assert len(views) == 1
    root.get_by_role("button", name="Close").click()
    root.get_by_role("button", name="Listen to 1, up").wait_for()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes_and_accessibility(shown: Shown, theme: str) -> None:
    from tests.browser.jupyter import axe_violations

    before, was = shown.pixels(), shown.widget.get_attribute("data-theme")
    shown.theme(theme)
    if was != theme:
        shown.changed(before)
    shown.widget.get_by_role("button", name="Blind test").click()
    assert not axe_violations(shown.page, ".spotnb")
    shown.widget.get_by_role("button", name="Cancel").click()


@pytest.mark.parametrize("width", [360, 1600])
def test_it_fits_the_width_that_it_has(shown: Shown, width: int) -> None:
    assert shown.fits(width)


def test_nothing_left_this_machine_and_nothing_went_wrong(shown: Shown) -> None:
    assert not shown.strangers
    assert not shown.errors


def test_a_saved_page_plays_without_kernel_and_network(browser: Browser, tmp_path: Path) -> None:
    from spotnb.widgets.comparison import RunComparison
    from tests.browser.jupyter import axe_violations, page_of

    line = (LOW + SLOPE * np.arange(SECONDS * 16000) / 16000).astype(np.float32)
    widget = RunComparison({"<b>up</b>": (line, [40]), "down": -line})
    path = widget.to_html(tmp_path / "comparison.html")
    widget.close()
    with page_of(browser, path, color_scheme="dark") as (page, errors):
        page.evaluate(EAR)
        page.get_by_text("1  <b>up</b>").first.wait_for()
        page.locator("canvas").first.focus()
        page.keyboard.press(" ")
        wait_for_page(page, "window.ear && parseFloat(document.querySelector('.spotnb-clock').textContent) > 0.9")
        assert abs(moved_by_switch(page, 1)) <= 0.010
        page.locator("canvas").nth(1).focus()
        page.keyboard.press(" ")
        page.get_by_role("button", name="Play", exact=True).wait_for()
        assert 0.9 < float(page.locator(".spotnb-clock").inner_text().split(" /")[0]) < 29
        assert not axe_violations(page, ".spotnb")
        assert not errors


def test_the_blind_test_offers_to_match_levels(browser: Browser, tmp_path: Path) -> None:
    from spotnb.widgets.comparison import RunComparison
    from tests.browser.jupyter import page_of

    noise = np.random.default_rng(0).standard_normal(2 * 16000).astype(np.float32)
    widget = RunComparison({"loud": (0.2 * noise, 16000), "soft": (0.1 * noise, 16000)})
    path = widget.to_html(tmp_path / "apart.html")
    widget.close()
    with page_of(browser, path) as (page, errors):
        page.get_by_role("button", name="Blind test").click()
        warning = page.get_by_text("They differ by 6.0 dB")
        warning.wait_for()
        page.get_by_role("button", name="Make them equally loud").click()
        warning.wait_for(state="hidden")
        assert page.get_by_role("button", name="Match levels").get_attribute("aria-pressed") == "true"
        assert page.evaluate("document.activeElement.textContent") == "Start"
        assert not errors


def test_two_channels_at_44_khz_play_beside_one_at_16(browser: Browser, tmp_path: Path) -> None:
    from spotnb.widgets.comparison import RunComparison
    from tests.browser.jupyter import PLAYED, page_of

    times = np.arange(4 * 44100) / 44100
    both = np.stack([0.4 * np.sin(2 * np.pi * 300 * times), 0.1 * np.sin(2 * np.pi * 500 * times)]).astype(np.float32)
    one = (0.2 * np.sin(2 * np.pi * 300 * np.arange(3 * 16000) / 16000)).astype(np.float32)
    widget = RunComparison({"both": (both, 44100), "one": (one, 16000)}, frame_seconds=2048 / 44100)
    path = widget.to_html(tmp_path / "stereo.html")
    widget.close()
    with page_of(browser, path) as (page, errors):
        page.evaluate(PLAYED)
        page.get_by_text("0.00 / 4.00 s").first.wait_for()
        page.get_by_role("button", name="Match levels").click()
        page.get_by_role("button", name="Play", exact=True).click()
        page.get_by_role("button", name="Pause").wait_for()
        wait_for_page(page, "window.played.length === 2")
        stereo, mono = page.evaluate("window.played")
        assert stereo["peaks"] == pytest.approx([0.4, 0.1], abs=0.02)
        assert mono["peaks"] == pytest.approx([0.2], abs=0.02)
        assert [stereo["seconds"], mono["seconds"]] == pytest.approx([4, 3], abs=0.01)
        page.get_by_role("button", name="Blind test").click()
        page.get_by_role("button", name="Start").click()
        page.get_by_role("button", name="Listen to X").click()
        page.get_by_text("Trial 1 of 12").first.wait_for()
        assert not errors
