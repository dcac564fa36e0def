"""Cards of objects in Chromium: readable in the themes of JupyterLab and without any, at every width; parts unfold."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import spotnb
from tests.browser.contrast import poor_contrasts
from tests.browser.jupyter import axe_violations
from tests.browser.waiting import USUAL
from tests.networks import FunctionModel, pointwise

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

THEMES = Path(sys.prefix) / "share/jupyter/lab/themes/@jupyterlab"
LAB = "body { background: var(--jp-layout-color0); color: var(--jp-content-font-color1); }"
# What JupyterLab does to tables of outputs, which a card must undo.
TABLES = """.jp-RenderedHTMLCommon table { table-layout: fixed; margin-left: auto; margin-right: auto; font-size: 12px }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th, .jp-RenderedHTMLCommon tr { text-align: right; max-width: none;
padding: 0.5em; white-space: normal; border: none }
.jp-RenderedHTMLCommon tbody tr:nth-child(odd) { background: var(--jp-layout-color0) }
.jp-RenderedHTMLCommon tbody tr:nth-child(even) { background: var(--jp-rendermime-table-row-background) }"""
STYLES = {
    "light": (THEMES / "theme-light-extension/index.css", LAB),
    "dark": (THEMES / "theme-dark-extension/index.css", LAB),
    "page": (None, ""),
    "dark page": (None, "body { background: #111; color: #ddd; }"),
}


def objects() -> list[object]:
    config = spotnb.SpotDiffusionConfig(16)
    timeline = spotnb.PromptTimeline([(0, 3, "rain"), (3, 6, "a very long prompt " * 9)], crossfade=1)
    made = spotnb.generate_audio(FunctionModel(pointwise), timeline, duration=6, steps=3, config=config, progress=False)
    sampler = made.sampler
    scores = made.grid_score(), made.levels(), spotnb.coverage(sampler.layout(k) for k in range(3))
    return [made, sampler.trace, *scores, sampler.cost(), timeline, sampler.layout(2), sampler.solver]


@pytest.fixture(scope="module")
def cards() -> str:
    return "".join(f'<div class="jp-RenderedHTMLCommon">{each._repr_html_()}</div>' for each in objects())


@pytest.fixture(params=STYLES)
def page(browser: Browser, cards: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    theme, style = STYLES[request.param]
    variables = "" if theme is None else theme.read_text("utf-8")
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Cards</title><style>{variables}{TABLES}{style}'
    path = tmp_path / "cards.html"
    path.write_text(f"{head}</style><body><main><h1>Cards</h1>{cards}</main>", "utf-8")
    context = browser.new_context(offline=True)
    opened, errors = context.new_page(), list[str]()
    opened.set_default_timeout(1000 * USUAL)
    opened.on("console", lambda message: errors.append(message.text))
    opened.goto(path.as_uri())
    yield opened
    context.close()
    assert not errors


def test_cards_are_readable_and_fit(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert not axe_violations(page, "main")
    assert not poor_contrasts(page, "main")
    for width in (1400, 700, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    align = page.evaluate("[...document.querySelectorAll('td')].map((each) => getComputedStyle(each).textAlign)")
    assert set(align) == {"left"}
    drawn = page.evaluate("[...document.querySelectorAll('figure > svg')].map((each) => each.clientWidth)")
    assert min(drawn) > 200


def test_parts_unfold_by_a_click_and_by_the_keyboard(page: Page) -> None:
    part = page.locator("details details").first
    assert not part.evaluate("(each) => each.open")
    part.locator("> summary").click()
    assert part.evaluate("(each) => each.open")
    part.locator("> summary").press("Enter")
    assert not part.evaluate("(each) => each.open")
