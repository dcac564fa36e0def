"""The contrast of all texts of a page: also of disabled controls and on canvases, which axe-core leaves out."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Frame, Page

SCRIPT = f"() => {{\n{Path(__file__).with_suffix('.js').read_text('utf-8')}}}"
"""A function for `page_of`: it has to run before the code of a page, if texts on its canvases are to count."""

LEAST = 4.5  # WCAG 2.2, success criterion 1.4.3, here for large text too


def poor_contrasts(page: Page | Frame, selector: str) -> list[str]:
    """Return the texts inside the elements of a selector whose contrast is less than 4.5, and their contrast."""
    if not page.evaluate("'contrasts' in window"):
        page.evaluate(SCRIPT)
    texts = page.evaluate("(selector) => contrasts(selector)", selector)
    assert texts, f"{selector} has no text"
    return [f"{text}: {contrast:.2f}" for contrast, text in texts if contrast < LEAST]
