"""ReflectionExplorer in JupyterLab, in Notebook, and as a standalone page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.waiting import PICTURE, wait_for_change, wait_for_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.jupyter import Shown

CODE = "from spotnb.widgets.reflection import ReflectionExplorer\nw = ReflectionExplorer()\nw"
START = "w.pad = w.shift = 3; w.order = 'naive'"


@pytest.fixture(scope="module", params=["lab", "notebook"])
def page(request: pytest.FixtureRequest, show: Callable[..., Shown]) -> Shown:
    return show(request.param, "reflection", CODE)


def test_it_opens_filled(page: Shown) -> None:
    page.until("w.stage", "undone")
    page.widget.get_by_text("Lost: 6, 7, 8. There twice: 2, 3, 4.").first.wait_for()
    filled = still(page)
    page.run("w.stage = 'shifted'")
    page.widget.get_by_text("The padded sound, rolled by 3.").first.wait_for()
    assert still(page) != filled
    page.run("w.stage = 'undone'")
    page.widget.get_by_text("Lost: 6, 7, 8. There twice: 2, 3, 4.").first.wait_for()
    assert still(page) == filled


@pytest.fixture
def shown(page: Shown) -> Shown:
    """Return the page at its first stage."""
    page.run(START)
    # Changes arrive in order: when the last one shows, all have arrived and cannot interfere with the test's keys.
    for stage, text in (("padded", "Extended by its own mirror image"), ("original", "The sound: 8 frames.")):
        page.run(f"w.stage = '{stage}'")
        page.widget.get_by_text(text).first.wait_for()
    return page


def still(shown: Shown) -> str:
    """Return the pixels after all animation has ended."""
    shown.page.wait_for_timeout(800)
    return shown.pixels()


def test_keys_go_through_the_stages(shown: Shown) -> None:
    before = still(shown)
    shown.press(0, "ArrowRight", "ArrowRight")
    shown.until("w.stage", "shifted")
    assert still(shown) != before
    shown.press(0, "End")
    shown.until("w.stage", "undone")
    shown.widget.get_by_text("Lost: 6, 7, 8. There twice: 2, 3, 4.").first.wait_for()
    shown.press(0, "Home")
    shown.until("w.stage", "original")
    shown.widget.get_by_text("The sound: 8 frames.").first.wait_for()


def test_two_buttons_choose_the_order_by_keyboard(shown: Shown) -> None:
    shown.run("w.stage = 'undone'")
    naive = shown.widget.get_by_role("button", name="Naive: crop, then roll back")
    right = shown.widget.get_by_role("button", name="Correct: roll back, then crop")
    assert shown.widget.get_by_role("combobox").count() == 0
    shown.reads(lambda: (naive.get_attribute("aria-pressed"), right.get_attribute("aria-pressed")), ("true", "false"))
    naive.focus()
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.press("Enter")
    shown.until("(w.order, w.stage)", ("right", "cropped"))
    shown.widget.get_by_text("Every frame is there once, in its place: exact.").first.wait_for()
    shown.reads(lambda: (naive.get_attribute("aria-pressed"), right.get_attribute("aria-pressed")), ("false", "true"))
    shown.page.keyboard.press("Shift+Tab")
    shown.page.keyboard.press("Space")
    shown.until("(w.order, w.stage)", ("naive", "undone"))


@pytest.mark.parametrize(("name", "trait"), [("Padding", "pad"), ("Shift", "shift")])
def test_a_slider_fills_what_it_changes(shown: Shown, name: str, trait: str) -> None:
    empty = still(shown)
    shown.widget.get_by_role("slider", name=name).focus()
    shown.page.keyboard.press("ArrowRight")
    shown.until(f"(w.{trait}, w.stage)", (4, "undone"))
    shown.widget.get_by_text("Rolled back after the crop.").first.wait_for()
    assert still(shown) != empty


def test_the_ring_stands_apart_and_follows_the_shift(shown: Shown) -> None:
    apart = shown.widget.get_by_role("group", name="Apart from both: circular")
    assert apart.get_by_text("8 and 1 are neighbors now").is_visible()
    ring = shown.pixels(1)
    shown.run("w.shift = 5")
    apart.get_by_text("Rolled by 5 without padding").wait_for()
    shown.changed(ring, 1)


def test_dragging_shifts(shown: Shown) -> None:
    before = still(shown)
    shown.drag(0, 130, (0.3, 0.5))
    shown.until("(w.shift, w.stage)", lambda now: now[0] > 3 and now[1] == "undone")
    assert still(shown) != before


def test_plus_minus_up_and_down(shown: Shown) -> None:
    shown.press(0, "+", "+", "-", "ArrowUp")
    shown.until("(w.shift, w.pad)", (4, 4))


def test_play_ends_at_the_last_stage(shown: Shown) -> None:
    before = shown.pixels()
    shown.widget.get_by_role("button", name="Play the stages").click()
    shown.until("w.stage", "undone")
    shown.widget.get_by_role("button", name="Play the stages").wait_for()
    shown.changed(before)


def test_a_click_on_a_row_shows_its_stage(shown: Shown) -> None:
    shown.click(0, (0.3, 0.55))
    assert shown.until("w.stage", lambda stage: stage != "original") in ("padded", "shifted")
    shown.click(0, (0.8, 0.95))
    shown.until("(w.order, w.stage)", ("right", "cropped"))


def test_arrows_reach_the_sliders_and_not_the_notebook(shown: Shown) -> None:
    shown.widget.get_by_role("slider", name="Padding").focus()
    shown.page.keyboard.press("ArrowRight")
    shown.until("w.pad", 4)
    shown.run("w.pad = 2")
    wait_for_page(shown.page, "[...document.querySelectorAll('.spotnb input')].some((slider) => slider.value === '2')")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes_and_accessibility(shown: Shown, theme: str) -> None:
    from tests.browser.jupyter import axe_violations

    before, was = still(shown), shown.widget.get_attribute("data-theme")
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


def test_a_saved_page_of_a_latent_moves_without_kernel_and_network(browser: Browser, tmp_path: Path) -> None:
    from spotnb.widgets.reflection import ReflectionExplorer
    from tests.browser.jupyter import axe_violations, page_of

    latent = np.random.default_rng(0).normal(size=(1, 8, 200, 16))
    widget = ReflectionExplorer(latent, channel=3)
    path = widget.to_html(tmp_path / "reflection.html")
    widget.close()
    with page_of(browser, path, color_scheme="dark") as (page, errors):
        canvas = page.locator(".spotnb canvas").first
        page.get_by_text("Lost: 175 to 199").first.wait_for()  # it opens filled
        before = canvas.evaluate(PICTURE)
        page.get_by_role("button", name="Correct: roll back, then crop").click()
        page.get_by_text("in its place: exact").first.wait_for()
        wait_for_change(canvas, before)
        assert page.locator(".spotnb").get_attribute("data-theme") == "dark"
        assert not axe_violations(page, ".spotnb")
        assert not errors
