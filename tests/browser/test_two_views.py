"""One widget shown in two cells: its views have one sound, one clock and one state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_comparison import CODE, EAR, LOW, SECONDS, SLOPE, START, heard
from tests.browser.waiting import wait_for_page

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.jupyter import Shown

RUNS = 3  # of the comparison; each of them has one source

COUNT = """() => {
  window.started = 0;
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (...given) {
    window.started += 1;
    return start.apply(this, given);
  };
}"""

CLOCKS = "[...document.querySelectorAll('.spotnb-clock')].map((clock) => parseFloat(clock.textContent))"


@pytest.fixture(scope="module")
def page(show: Callable[..., Shown]) -> Iterator[Shown]:
    shown = show("lab", "comparison", (CODE, "w"))
    shown.views.nth(1).wait_for()
    shown.page.evaluate(EAR)
    shown.page.evaluate(COUNT)
    yield shown
    assert not shown.errors


@pytest.fixture
def shown(page: Shown) -> Shown:
    page.run(START)
    for view in (page.views.nth(0), page.views.nth(1)):
        view.get_by_role("button", name="Play", exact=True).wait_for()
    page.page.evaluate("() => { window.started = 0 }")
    return page


def press(view: Locator, key: str) -> None:
    view.locator("canvas").first.press(key)


def test_the_views_have_one_sound(shown: Shown) -> None:
    one, two = shown.views.nth(0), shown.views.nth(1)
    press(two, " ")
    shown.until("w.position", lambda position: position > 1)
    assert shown.page.evaluate("window.started") == RUNS
    for view in (one, two):
        assert view.get_by_role("button", name="Pause", exact=True).is_visible()
    press(one, "Shift+ArrowRight")
    press(two, "Shift+ArrowRight")
    shown.until("w.position", lambda position: 11 < position < SECONDS)
    shown.page.wait_for_timeout(1000)
    assert shown.page.evaluate("window.started") == 3 * RUNS
    clocks = shown.page.evaluate(CLOCKS)
    assert clocks[0] == pytest.approx(clocks[1], abs=0.3)
    sample, place = heard(shown.page)
    assert (sample - LOW) / SLOPE == pytest.approx(place, abs=0.5)
    press(one, " ")
    shown.until("w.playing", False)
    two.get_by_role("button", name="Play", exact=True).wait_for()
    shown.page.wait_for_timeout(1200)
    assert shown.page.evaluate("window.started") == 3 * RUNS


def test_a_blind_test_in_the_second_view_is_heard(shown: Shown) -> None:
    """The sound follows the view that tests, and a choice of run in the other does not interfere."""
    one, two = shown.views.nth(0), shown.views.nth(1)
    press(one, " ")
    shown.until("w.position", lambda position: position > 0.3)
    two.get_by_role("button", name="Blind test").click()
    two.get_by_role("button", name="Start").click()
    signs = []
    for name in ("A", "B"):
        two.get_by_role("button", name=f"Listen to {name}").click()
        shown.page.wait_for_timeout(900)  # the ear holds the last two thirds of a second
        signs.append(heard(shown.page)[0] > 0)
        shown.run("w.selected = 2 - w.selected")
        shown.page.wait_for_timeout(300)
        assert (heard(shown.page)[0] > 0) == signs[-1]
    assert sorted(signs) == [False, True]
    two.get_by_role("button", name="End the test").click()
    press(one, " ")
    shown.until("w.playing", False)


def test_closing_one_of_two_cells_keeps_the_sound(shown: Shown) -> None:
    one = shown.views.nth(0)
    press(one, " ")
    shown.until("w.position", lambda position: position > 0.3)
    shown.page.evaluate("window.jupyterapp.commands.execute('notebook:move-cursor-up')")
    one.evaluate("(root) => root.closest('.jp-Cell').querySelector('.jp-OutputPrompt, .jp-InputPrompt').click()")
    shown.page.evaluate("window.jupyterapp.commands.execute('notebook:clear-cell-output')")
    wait_for_page(shown.page, "document.querySelectorAll('.spotnb-comparison').length === 1")
    before = shown.ask("w.position")
    shown.until("w.position", lambda position: position > before + 0.3)
    assert shown.page.evaluate("window.started") == RUNS
    shown.run("w.playing = False")
