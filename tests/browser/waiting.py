"""Waiting for what a page does.

Playwright's `wait_for_function` evaluates text inside the page at every look but the first. A page whose policy forbids
that fails there, so only if it is slow. These functions look from outside.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

USUAL = 180.0  # seconds for a page to do what it should, on a very busy machine
PICTURE = "(canvas) => canvas.toDataURL()"


def wait_until(
    found: Callable[[], Any],
    seconds: float,
    explain: Callable[[], str] = lambda: "",
    pause: Callable[[], Any] = lambda: time.sleep(0.1),
) -> Any:
    """Call a function until it returns a true value, and return that."""
    end = time.monotonic() + seconds
    while True:
        if value := found():
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s in vain: {explain()}")
        pause()


def wait_for_page(page: Page, script: str, arg: Any = None, seconds: float = USUAL) -> Any:
    """Evaluate an expression or a function of `arg` in a page until its value is true, and return that."""
    return wait_until(
        lambda: page.evaluate(script, arg), seconds, lambda: script, pause=lambda: page.wait_for_timeout(50)
    )


def wait_for_change(canvas: Locator, before: str) -> str:
    """Wait until a canvas differs from its earlier picture, and return the new one."""
    pictures: list[str] = []

    def differs() -> bool:
        pictures[:] = [str(canvas.evaluate(PICTURE))]
        return pictures[0] != before

    wait_until(differs, USUAL, lambda: "the canvas stays as it is", pause=lambda: canvas.page.wait_for_timeout(50))
    return pictures[0]
