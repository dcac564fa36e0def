"""TileShiftDebugger in JupyterLab, in Notebook, and as a standalone page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.waiting import PICTURE, wait_for_change, wait_for_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.jupyter import Shown

CODE = "from spotnb.widgets.tile_shift import TileShiftDebugger\nw = TileShiftDebugger(steps=12)\nw"
START = "w.set_trait('method', 'spot'); w.edge = 'reflect'; w.step = 1; w.step = 0; w.selected_frame = 3"


@pytest.fixture(scope="module", params=["lab", "notebook"])
def page(request: pytest.FixtureRequest, show: Callable[..., Shown]) -> Shown:
    return show(request.param, "tile-shift", CODE)


@pytest.fixture
def shown(page: Shown) -> Shown:
    page.run(START)
    story = page.widget.locator(".spotnb-note").get_by_text("The place at 0.12 s")
    story.wait_for()  # sent last, so all changes have arrived and cannot interfere with the test's keys
    page.run("w.selected_frame = None")
    story.wait_for(state="detached")
    return page


def test_dragging_the_grid_sets_the_shift(shown: Shown) -> None:
    before, shift = shown.pixels(0), shown.ask("w.shift")
    shown.drag(0, -60)
    now = shown.until("w.shift", lambda value: value != shift)
    assert now < shift
    assert shown.pixels(0) != before
    shown.widget.get_by_text("by hand").first.wait_for()
    shown.widget.get_by_role("button", name="Reset shift").click()
    shown.until("w.shift", shift)


@pytest.mark.parametrize(("key", "step"), [("ArrowRight", 1), ("End", 11)])
def test_keys_move_the_step(shown: Shown, key: str, step: int) -> None:
    before = [shown.pixels(0), shown.pixels(1)]
    shown.press(0, key)
    shown.until("w.step", step)
    shown.until("w.shift == w.tiling_run.drawn[w.step]")
    assert [shown.pixels(0), shown.pixels(1)] != before
    shown.press(0, "Home")
    shown.until("w.step", 0)


def test_plus_and_minus_move_the_grid(shown: Shown) -> None:
    shift = shown.ask("w.shift")
    shown.press(0, "+", "+", "-")
    shown.until("w.shift", shift + 1)
    shown.press(0, "Escape")
    shown.until("w.shift", shift)


def test_arrows_reach_the_sliders_and_not_the_notebook(shown: Shown) -> None:
    shown.widget.get_by_role("slider", name="Step").focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowRight")
    shown.until("w.step", 2)
    assert shown.page.evaluate("document.activeElement.type") == "range"


def test_the_wheel_scrubs_where_a_picture_is_in_focus(shown: Shown) -> None:
    shown.canvas(0).hover()
    shown.canvas(0).focus()
    shown.page.mouse.wheel(0, 100)
    shown.until("w.step", 1)


def test_play_goes_through_the_steps(shown: Shown) -> None:
    before = shown.pixels(1)
    button = shown.widget.get_by_role("button", name="Play the steps")
    # The page's own clock decides when to pause: twelve steps at five a second are over before a slow machine looks.
    button.evaluate("async (it) => { it.click(); await new Promise((go) => setTimeout(go, 700)); it.click() }")
    button.wait_for()
    slider = shown.widget.get_by_role("slider", name="Step")
    step = int(slider.input_value())
    assert 1 <= step < 11
    shown.changed(before, 1)
    shown.page.wait_for_timeout(500)
    assert int(slider.input_value()) == step
    shown.until("w.step", step)


def test_a_click_follows_a_frame(shown: Shown) -> None:
    before = shown.pixels(1)
    shown.click(1, (0.5, 0.2))
    frame = shown.until("w.selected_frame", lambda value: value is not None)
    assert 0 < frame < 768
    shown.changed(before, 1)
    shown.widget.get_by_text(f"The place at {frame / 25:.2f} s").first.wait_for()
    shown.press(1, "ArrowRight")
    shown.until("w.selected_frame", frame + 1)


def test_method_and_edge_change_in_both_places(shown: Shown) -> None:
    before = shown.pixels(0)
    shown.widget.get_by_role("combobox", name="Method").select_option("multidiffusion")
    shown.until("(w.method, w.shift)", ("multidiffusion", 0))
    assert shown.pixels(0) != before
    shown.run("w.method = 'spot'; w.edge = 'merge'")
    wait_for_page(shown.page, "[...document.querySelectorAll('.spotnb select')].at(-1).value === 'merge'")
    assert shown.ask("w.shift % 8") == 0


def test_the_kernel_moves_the_picture(shown: Shown) -> None:
    before = shown.pixels(0)
    shown.run("w.step = 7; w.shift = 5")
    shown.widget.get_by_text("0.2 s, by hand").first.wait_for()
    assert shown.pixels(0) != before


def test_the_live_text_says_what_is_shown(shown: Shown) -> None:
    shown.run("w.step = 4")
    shown.widget.get_by_role("status").get_by_text("Step 4").first.wait_for()
    assert "4 tiles, seams at" in (shown.widget.get_by_role("status").text_content() or "")


def legends(shown: Shown) -> list[list[str]]:
    """Return the words of both legends."""
    return [
        [str(words) for words in shown.widget.locator(".spotnb-signs").nth(index).locator("li").all_text_contents()]
        for index in range(2)
    ]


LATENT = "latent of an example, “church organ, slow”, channel 0: −3.1 to 3.1"
HISTOGRAM = ["where a fixed grid always cuts", "if spread evenly"]


@pytest.mark.parametrize(
    ("code", "step", "run"),
    [
        (
            "w.step = 1",
            ["seam of this step", "seam of the step before", "ends of the sound", "padding"],
            ["seam", "36 seams of this run", *HISTOGRAM],
        ),
        (
            "w.method = 'tiles'; w.step = 1",
            ["seam of this step", "ends of the sound"],
            ["seam", "24 seams of this run", *HISTOGRAM],
        ),
        ("w.method = 'full'", ["ends of the sound"], ["where a fixed grid always cuts"]),
        (
            "w.edge = 'circular'; w.step = 1",
            ["seam of this step", "seam of the step before", "where the loop closes", "the other end"],
            ["seam", "36 seams of this run", *HISTOGRAM],
        ),
    ],
)
def test_the_legend_holds_what_is_shown_and_no_more(shown: Shown, code: str, step: list[str], run: list[str]) -> None:
    shown.run(code)
    shown.reads(lambda: legends(shown), [["tiles", *step, LATENT], ["chosen step", *run]])


SCALE = """(canvas, [lowest, numbers]) => {
  const px = devicePixelRatio;
  const [left, right] = [64, canvas.width / px - 14];
  const start = left + ((right - left) * 256) / 1280; // of the sound, which has a tile of room on either side
  const part = (width, height) => {
    const cut = document.createElement("canvas");
    [cut.width, cut.height] = [Math.round(width * px), Math.round(height * px)];
    cut.getContext("2d").drawImage(canvas, 0, cut.height - canvas.height);
    return cut.toDataURL();
  };
  return [canvas.height, part(canvas.width / px, lowest), part(start - 5, numbers)].join();
}"""
"""Returns the height of a picture and the pixels of its time axis and of the numbers left of the sound."""


def test_method_and_edge_change_nothing_of_the_scale(shown: Shown) -> None:
    seen = set()
    for trait, values in {
        "method": ("tiles", "multidiffusion", "full", "spot"),
        "edge": ("anchor", "merge", "circular", "reflect"),
    }.items():
        select = shown.widget.get_by_role("combobox", name=trait.capitalize())
        for value in values:
            shown.run(f"w.{trait} = '{value}'")
            shown.reads(select.input_value, value)
            shown.painted()
            seen.add((shown.canvas(0).evaluate(SCALE, [25, 25]), shown.canvas(1).evaluate(SCALE, [29, 100])))
    assert len(seen) == 1


def test_the_pointer_shows_seconds_and_the_latent_frame(shown: Shown) -> None:
    note = shown.widget.locator(".spotnb-hover")
    box = shown.canvas(0).bounding_box()
    assert box
    middle = 64 + (box["width"] - 78) / 2 + 0.3
    owner = shown.ask("next(f'tile {k}' for k, tile in enumerate(w.tiling.tiles) if 384 in range(*tile.segment))")
    shown.canvas(0).hover(position={"x": middle, "y": 60})
    shown.reads(note.first.text_content, f"15.36 s (latent frame 384): {owner}")
    shown.canvas(1).hover(position={"x": middle, "y": 15})
    shown.reads(note.nth(1).text_content, f"step 0, 15.36 s (latent frame 384): {owner}")
    shown.widget.get_by_role("slider", name="Step").hover()
    note.nth(1).wait_for(state="hidden")
    assert note.first.is_hidden()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes_and_accessibility(shown: Shown, theme: str) -> None:
    from tests.browser.jupyter import axe_violations

    before = shown.pixels(0)
    was = shown.widget.get_attribute("data-theme")
    shown.theme(theme)
    if was != theme:
        shown.changed(before)
    assert not axe_violations(shown.page, ".spotnb")


@pytest.mark.parametrize("width", [360, 1600])
def test_it_fits_the_width_that_it_has(shown: Shown, width: int) -> None:
    shown.widget.evaluate(f"(root) => {{ root.parentElement.style.width = '{width}px' }}")
    shown.painted()
    inside = shown.widget.evaluate("(root) => root.scrollWidth <= root.clientWidth + 1")
    assert inside
    box = shown.canvas(0).bounding_box()
    assert box
    ratio = shown.page.evaluate("devicePixelRatio")
    assert abs(shown.canvas(0).evaluate("(canvas) => canvas.width") - box["width"] * ratio) < 2
    shown.widget.evaluate("(root) => { root.parentElement.style.width = '' }")


def test_nothing_left_this_machine_and_nothing_went_wrong(shown: Shown) -> None:
    assert not shown.strangers
    assert not shown.errors


def test_a_saved_page_scrubs_without_kernel_and_network(browser: Browser, tmp_path: Path) -> None:
    from spotnb.widgets.tile_shift import TileShiftDebugger
    from tests.browser.jupyter import axe_violations, page_of

    widget = TileShiftDebugger(steps=12)
    path = widget.to_html(tmp_path / "tiles.html")
    widget.close()
    with page_of(browser, path) as (page, errors):
        canvas = page.locator(".spotnb canvas").first
        page.get_by_role("slider", name="Step").focus()
        before = canvas.evaluate(PICTURE)
        page.keyboard.press("End")
        page.get_by_text("11 / 11").first.wait_for()
        wait_for_change(canvas, before)
        assert page.get_by_text("latent of an example").is_visible()
        assert not axe_violations(page, ".spotnb")
        assert not errors
