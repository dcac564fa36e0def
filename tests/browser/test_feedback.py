"""The card of `spotnb.course.check` in JupyterLab, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.waiting import wait_for_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.jupyter import Server, Shown

OUT = Path(__file__).parents[2] / "out" / "screens"
CARD = ".spotnb-feedback"
CELLS = (
    'from spotnb.course import check\ncheck("03-2", ...)',
    'check("03-2", 73.4)',
    'check("01-1", lambda x, noise, alpha: "<b>words</b>", hint=True)',
    "def clean(x, noise, alpha):\n    x0 = x - noise\n\n\ncheck('01-1', clean, hint=True)",
    'check("09-1", "uncovered tail")',
)


@pytest.fixture(scope="module")
def shown(server: Server, browser: Browser) -> Iterator[Shown]:
    from tests.browser.jupyter import Shown

    page = Shown(server, browser, "lab", "feedback", CELLS)
    wait_for_page(page.page, f"document.querySelectorAll('{CARD}').length === {len(CELLS)}")
    yield page
    page.close()


def test_the_cards_say_what_the_text_says(shown: Shown) -> None:
    cards = shown.page.locator(CARD)
    assert cards.nth(0).inner_text().split("\n") == ["… Not answered yet"]
    assert "✗ Not yet" in cards.nth(1).inner_text()
    assert "in percent" in cards.nth(1).inner_text()
    assert "<b>words</b>" in cards.nth(2).inner_text()
    assert "Hint: Move the noise" in cards.nth(3).inner_text()
    assert "✓ Right" in cards.nth(4).inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_readable_in_each_theme(shown: Shown, theme: str) -> None:
    from tests.browser.contrast import poor_contrasts
    from tests.browser.jupyter import THEMES, axe_violations

    shown.page.evaluate(f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{THEMES[theme]}'}})")
    shown.page.wait_for_selector(f"body[data-jp-theme-light='{str(theme == 'light').lower()}']", state="attached")
    shown.page.wait_for_timeout(500)
    OUT.mkdir(parents=True, exist_ok=True)
    shown.page.screenshot(path=OUT / f"feedback-{theme}.png")
    assert axe_violations(shown.page, CARD) == poor_contrasts(shown.page, CARD) == []
    ink, paper = (
        shown.page.locator(CARD).first.evaluate(f"(card) => getComputedStyle(card).{name}")
        for name in ("color", "backgroundColor")
    )
    assert ink != paper
    assert paper == ("rgb(255, 255, 255)" if theme == "light" else "rgb(33, 33, 33)")


def test_it_fits_a_narrow_page(shown: Shown) -> None:
    for card in shown.page.locator(CARD).all():
        card.evaluate("(card) => { card.style.width = '280px' }")
        assert card.evaluate("(card) => card.scrollWidth <= card.clientWidth")
        card.evaluate("(card) => { card.style.width = '' }")
    assert not shown.errors
