"""Two notebooks of the course as students use them: "Run All" in JupyterLab, then the widget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.waiting import wait_for_page
from tests.notebooks.execution import FOLDER, IN_BROWSER, USED, Note, assert_small

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.jupyter import Server

ROOT = Path(__file__).parents[2]
ERRORS = "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']"


@pytest.mark.notebook
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("notebook", "name"), IN_BROWSER.items())
def test_run_all(server: Server, browser: Browser, notebook: str, name: str, record_property: Note) -> None:
    """This replaces the test in tests/notebooks and checks its limits too, so that each notebook is executed once."""
    from tests.browser.jupyter import PROMPTS, Shown

    path = FOLDER / f"{notebook}.ipynb"
    shown = Shown(server, browser, "lab", name, path)
    try:
        # The launch cell is folded, so its prompt is empty.
        wait_for_page(shown.page, PROMPTS + ".every((text) => !text || /\\d/.test(text))", seconds=400)
        assert shown.page.locator(".jp-CodeCell").count() > 10
        assert not shown.page.locator(ERRORS).count(), shown.page.locator(ERRORS).first.inner_text()
        assert_small(path, *shown.ask(USED), record_property)
        shown.press(0, "Home")
        shown.page.wait_for_timeout(500)
        before = shown.pixels()
        shown.press(0, "End")
        shown.changed(before)
        (ROOT / "out" / "screens").mkdir(parents=True, exist_ok=True)
        shown.widget.scroll_into_view_if_needed()
        shown.page.screenshot(path=ROOT / "out" / "screens" / f"{notebook}.png")
        assert not shown.errors
        assert not shown.strangers
    finally:
        shown.close()
