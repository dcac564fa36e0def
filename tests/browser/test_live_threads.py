"""The page on a server that isolates it, so that it may compute with several threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.live import as_kept, assert_as_python, opened, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.export
KEPT = "spotnb-ways"
ISOLATING = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}


@pytest.fixture(scope="module")
def isolated_address(live_folder: Path) -> Iterator[str]:
    """Return the address of the page on a server that isolates it."""
    with served(live_folder, ISOLATING) as address:
        yield address


def test_threads_give_the_sound_of_python(browser: Browser, isolated_address: str, live_folder: Path) -> None:
    with opened(browser, isolated_address) as tab:
        many = tab.page.evaluate("Math.min(4, navigator.hardwareConcurrency)")
        if many == 1:
            pytest.skip("one processor: there are no threads to try")
        tab.page.evaluate("([key, value]) => localStorage.setItem(key, value)", [KEPT, kept(live_folder, many, many)])
        tab.page.evaluate("document.addEventListener('spotnb:opened', ({ detail }) => { window.with = detail; })")
        tab.fill(Length="6", Steps="3")
        tab.make.click()
        tab.finished()
        assert tab.page.evaluate("window.with.threads") == many
        assert_as_python(tab.sounds()[0])
        assert not tab.wrong


def test_threads_are_measured_after_the_first_sound(browser: Browser, isolated_address: str, live_folder: Path) -> None:
    with opened(browser, isolated_address) as tab:
        many = tab.page.evaluate("Math.min(4, navigator.hardwareConcurrency)")
        if many == 1:
            pytest.skip("one processor: there are no threads to try")
        tab.fill(Length="2", Steps="1", Finish="0")
        tab.make.click()
        tab.finished()
        assert not tab.page.evaluate(f"localStorage.getItem('{KEPT}')")
        tab.make.click()
        tab.finished()
        assert tab.page.evaluate(f"localStorage.getItem('{KEPT}')") in {
            kept(live_folder, many, best) for best in (1, many)
        }
        assert not tab.wrong


def kept(folder: Path, tried: int, best: int) -> str:
    """Return what the browser keeps of a measurement of the page in a folder."""
    ways = [{"provider": "wasm", "threads": count} for count in (tried, best)]
    return as_kept(folder, tried=ways[:1], best=ways[1])
