"""The page where there is a graphics card: here, Chromium's own, which computes on the processor and is slow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.browser.jupyter import CHROMIUM, FLAGS
from tests.browser.live import Opened, as_kept, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.export
KEPT = "spotnb-ways"
CARD, PLAIN = {"provider": "webgpu", "threads": 1}, {"provider": "wasm", "threads": 1}
SHORT = {"Length": "1", "Steps": "1", "Finish": "0"}
# The page takes a card that is the processor in disguise for none.
UNDISGUISED = "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });"


@pytest.fixture
def with_card(browser: Browser) -> Iterator[Browser]:
    """Return a browser with a graphics card. A card may go on computing what a closed page left to it."""
    flags = [*(flag for flag in FLAGS if flag != "--disable-gpu"), "--enable-unsafe-webgpu"]
    launched = browser.browser_type.launch(
        executable_path=str(CHROMIUM), args=[*flags, "--use-webgpu-adapter=swiftshader"]
    )
    yield launched
    launched.close()


def prepared(tab: Opened, kept: str = "") -> None:
    """Load the page again with a graphics card, and with what the browser remembers."""
    tab.page.add_init_script(UNDISGUISED)
    tab.page.evaluate("([key, value]) => localStorage.setItem(key, value)", [KEPT, kept])
    tab.page.reload()
    tab.page.evaluate("navigator.gpu?.requestAdapter().then(() => null)")  # the page waits for 2 s only
    tab.page.evaluate("document.addEventListener('spotnb:opened', ({ detail }) => { window.with = detail; })")
    tab.fill(**SHORT)


def made(tab: Opened) -> dict[str, Any]:
    tab.make.click()
    tab.finished()
    return tab.sounds()[-1]


def assert_same_but_for_rounding(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name in ("latent", "mel", "waveform"):
        assert np.linalg.norm(one[name] - other[name]) <= 1e-3 * np.linalg.norm(one[name]), name


def test_the_card_gives_the_sound_of_the_processor(with_card: Browser, live_address: str, live_folder: Path) -> None:
    with opened(with_card, live_address) as tab:
        prepared(tab, as_kept(live_folder, tried=[CARD], best=PLAIN))
        usual = made(tab)
        assert tab.page.evaluate("window.with.provider") == "wasm"
        assert not any("webgpu" in address for address in tab.loaded)
    with opened(with_card, live_address) as tab:
        prepared(tab, as_kept(live_folder, tried=[CARD], best=CARD))
        sound = made(tab)
        assert tab.page.evaluate("window.with.provider") == "webgpu"
        assert any("webgpu.wasm" in address for address in tab.loaded)
        assert not any("runtime.wasm" in address for address in tab.loaded)
        assert not tab.wrong
    assert_same_but_for_rounding(usual, sound)
    assert not np.array_equal(usual["latent"], sound["latent"])  # so it was computed elsewhere


def test_the_card_is_measured_after_the_first_sound(with_card: Browser, live_address: str, live_folder: Path) -> None:
    with opened(with_card, live_address) as tab:
        prepared(tab)
        first = made(tab)
        assert not tab.page.evaluate(f"localStorage.getItem('{KEPT}')")
        assert not any("webgpu" in address for address in tab.loaded)
        second = made(tab)
        found = tab.page.evaluate(f"localStorage.getItem('{KEPT}')")
        assert found == as_kept(live_folder, tried=[CARD], best=PLAIN)  # this card is far too slow
        assert any("webgpu.wasm" in address for address in tab.loaded)
        assert not tab.wrong
    assert_same_but_for_rounding(first, second)


def test_without_a_card_nothing_more_is_loaded(with_card: Browser, live_address: str) -> None:
    with opened(with_card, live_address) as tab:  # the card is taken for none
        tab.fill(**SHORT)
        made(tab)
        made(tab)
        assert not any("webgpu" in address for address in tab.loaded)
        assert not tab.wrong
