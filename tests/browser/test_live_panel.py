"""LivePanel in JupyterLab, while its kernel is busy, and as a page over file:// without a kernel and a network."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from spotnb import LivePanel
from tests.browser.jupyter import axe_violations
from tests.browser.live import LISTEN, PATIENCE, assert_as_python, opened
from tests.browser.waiting import wait_for_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.jupyter import Shown

pytestmark = pytest.mark.export


@pytest.fixture(scope="module")
def shown(show: Callable[..., Shown], live_folder: Path) -> Shown:
    panel = f"spotnb.LivePanel({str(live_folder)!r})"
    return show("lab", "live", (f"import spotnb\n\nw = {panel}\nw", panel))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_themes_and_accessibility(shown: Shown, theme: str) -> None:
    shown.theme(theme)
    shown.painted()
    assert not axe_violations(shown.page, ".spotnb")


@pytest.mark.parametrize("width", [390, 1600])
def test_it_fits_the_width_that_it_has(shown: Shown, width: int) -> None:
    assert shown.fits(width)


def test_two_panels_share_no_ids(shown: Shown) -> None:
    shown.views.nth(1).wait_for()
    ids = shown.page.evaluate("[...document.querySelectorAll('.spotnb-live [id]')].map((each) => each.id)")
    assert len(ids) > 20
    assert len(set(ids)) == len(ids)


def test_it_makes_sound_while_the_kernel_is_busy(shown: Shown) -> None:
    shown.page.evaluate(f"() => {{ {LISTEN} }}")
    shown.client.execute("import time; time.sleep(3600)")
    widget = shown.widget
    widget.get_by_text("More settings").click()
    for label, value in (("Length", "6"), ("Steps", "2"), ("Seed", "4")):
        widget.get_by_label(label, exact=True).fill(value)
    widget.get_by_role("button", name="Make sound").click()
    wait_for_page(shown.page, "window.made.length", seconds=PATIENCE)
    widget.get_by_role("button", name="Now with fixed tiles").wait_for()
    widget.get_by_role("link", name="Download the trace of spot").wait_for()
    (sound,) = shown.page.evaluate("window.made")
    assert_as_python(decoded(sound))
    assert not axe_violations(shown.page, ".spotnb")
    assert not shown.strangers
    assert not shown.errors


def decoded(sound: dict[str, Any]) -> dict[str, Any]:
    arrays = {name: np.frombuffer(base64.b64decode(sound[name]), "<f4") for name in ("latent", "mel", "waveform")}
    return {**sound, **arrays}


def test_a_saved_page_makes_sound_without_kernel_and_network(
    browser: Browser, live_folder: Path, tmp_path: Path
) -> None:
    panel = LivePanel(live_folder)
    path = panel.to_html(tmp_path / "panel.html")
    panel.close()
    assert path.stat().st_size < 40e6
    narrow = {"width": 390, "height": 844}
    with opened(browser, path.as_uri(), offline=True, viewport=narrow, color_scheme="dark") as tab:
        tab.fill(Length="6", Steps="2", Seed="4")
        tab.make.click()
        tab.finished()
        (sound,) = tab.sounds()
        assert_as_python(sound)
        tab.page.get_by_role("button", name="Play", exact=True).click()
        wait_for_page(tab.page, "window.played.length === 1")
        (played,) = tab.page.evaluate("window.played")
        assert played["seconds"] == 6
        assert max(played["peaks"]) > 0.01
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert not axe_violations(tab.page, "body")
        assert not tab.wrong
        assert not tab.loaded
