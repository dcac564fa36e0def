"""Overview in JupyterLab, in Notebook, and as a standalone page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.jupyter import Shown

CODE = """
from spotnb.widgets.overview import Overview
from tests.widgets.test_overview import finished

w = Overview(finished())
w
""".strip()
PICTURE = 5  # the canvas after those of the five stages
STAGES = ("noise", "steps", "latent", "mel", "sound")


@pytest.fixture(scope="module", params=["lab", "notebook"])
def page(request: pytest.FixtureRequest, show: Callable[..., Shown]) -> Shown:
    return show(request.param, "overview", CODE)


@pytest.fixture
def shown(page: Shown) -> Shown:
    for stage, step, words in (("noise", 0, "Everything begins"), ("steps", 2, "Step 2 / 4")):
        page.run(f"w.stage, w.step = '{stage}', {step}")
        page.widget.get_by_text(words).first.wait_for()
    return page


def test_a_click_opens_each_stage(shown: Shown) -> None:
    seen = set()
    for stage in STAGES:
        tab = shown.widget.locator(f"[data-stage={stage}]")
        tab.click()
        shown.until("w.stage", stage)
        assert tab.get_attribute("aria-selected") == "true"
        seen.add(shown.pixels(PICTURE))
    assert len(seen) == 5
    assert shown.widget.get_by_role("tab", selected=True).count() == 1


def test_keys_go_from_stage_to_stage(shown: Shown) -> None:
    shown.widget.get_by_role("tab", name="Steps the cuts move", exact=True).focus()
    for key, stage in (("ArrowRight", "latent"), ("End", "sound"), ("ArrowRight", "sound"), ("Home", "noise")):
        shown.page.keyboard.press(key)
        shown.until("w.stage", stage)
    assert "Noise" in shown.page.evaluate("document.activeElement.textContent")


def test_the_cuts_move_as_the_steps_play(shown: Shown) -> None:
    before = shown.pixels(PICTURE)
    shown.press(PICTURE, "ArrowRight")
    shown.until("w.step", 3)
    shown.changed(before, PICTURE)
    shown.press(PICTURE, "Home")
    shown.until("w.step", 0)
    shown.widget.get_by_role("button", name="Play the steps").click()
    shown.until("w.step", 4)
    shown.widget.get_by_text("Step 4 / 4").first.wait_for()


def test_a_click_on_the_map_shows_its_step(shown: Shown) -> None:
    shown.click(PICTURE, (0.5, 0.65))
    shown.until("w.step", 0)


def test_the_sound_plays_from_where_it_is_clicked(shown: Shown) -> None:
    shown.run("w.stage = 'sound'")
    button = shown.widget.get_by_role("button", name="Play the sound", disabled=False)
    button.wait_for()
    shown.click(PICTURE, (0.5, 0.4))
    shown.widget.get_by_text("1.5 / 3.2 s").or_(shown.widget.get_by_text("1.6 / 3.2 s")).first.wait_for()
    before = shown.pixels(PICTURE)
    shown.press(PICTURE, " ")
    shown.changed(before, PICTURE)
    shown.press(PICTURE, "Home")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes_and_accessibility(shown: Shown, theme: str) -> None:
    from tests.browser.jupyter import axe_violations

    shown.theme(theme)
    for stage in ("steps", "mel", "sound"):
        shown.run(f"w.stage = '{stage}'")
        shown.widget.locator(f"[data-stage={stage}][aria-selected=true]").wait_for()
        shown.painted()
        assert not axe_violations(shown.page, ".spotnb")


@pytest.mark.parametrize("width", [360, 390, 700, 1600])
def test_it_fits_the_width_that_it_has(shown: Shown, width: int) -> None:
    assert shown.fits(width)


def test_nothing_left_this_machine_and_nothing_went_wrong(shown: Shown) -> None:
    assert not shown.strangers
    assert not shown.errors


def test_a_saved_page_opens_stages_and_plays_without_kernel_and_network(browser: Browser, tmp_path: Path) -> None:
    from spotnb.widgets.overview import Overview
    from tests.browser.jupyter import PLAYED, axe_violations, page_of
    from tests.widgets.test_overview import finished

    widget = Overview(finished())
    path = widget.to_html(tmp_path / "overview.html")
    widget.close()
    narrow = {"width": 390, "height": 844}
    with page_of(browser, path, PLAYED, color_scheme="dark", viewport=narrow) as (page, errors):
        for stage in STAGES:
            page.locator(f"[data-stage={stage}]").click()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
        button = page.get_by_role("button", name="Play the sound", disabled=False)
        button.click()
        page.get_by_role("button", name="Pause the sound").wait_for()
        (played,) = page.evaluate("window.played")
        assert played["seconds"] == pytest.approx(3.2)
        assert played["peaks"][0] > 0.01
        assert not axe_violations(page, ".spotnb")
        assert not errors


def test_elements_of_two_widgets_of_one_page_have_ids_of_their_own(browser: Browser, tmp_path: Path) -> None:
    from spotnb.widgets.overview import Overview
    from spotnb.widgets.page import write_page
    from tests.browser.jupyter import PLAYED, page_of
    from tests.widgets.test_overview import finished

    widgets = [Overview(finished()) for _ in range(2)]
    write_page(tmp_path / "two.html", "Two", widgets)
    for widget in widgets:
        widget.close()
    with page_of(browser, tmp_path / "two.html", PLAYED) as (page, errors):
        page.locator("[role=tabpanel]").nth(1).wait_for()
        ids = page.evaluate("[...document.querySelectorAll('.spotnb [id]')].map(({ id }) => id)")
        assert len(ids) >= 2
        assert len(ids) == len(set(ids))
        assert not errors
