"""The page in which the embedded model makes sound, in Firefox: over http and over file://, against Python."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.browser.firefox import FIREFOX, Firefox
from tests.browser.live import LISTEN, PATIENCE, assert_as_python

pytestmark = [
    pytest.mark.export,
    pytest.mark.skipif(not FIREFOX.exists(), reason=f"no {FIREFOX}: install Debian's package firefox-esr"),
]
BUTTONS = "[...document.querySelectorAll('button')]"


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    with Firefox(tmp_path, f"() => {{ {LISTEN} }}") as opened:
        yield opened
        assert not opened.wrong


@pytest.mark.parametrize("way", ["http", "file"])
def test_ten_seconds_are_those_of_python(firefox: Firefox, live_folder: Path, live_address: str, way: str) -> None:
    firefox.goto(live_address if way == "http" else (live_folder / "index.html").as_uri())
    for label in ("nature sounds", "Make sound"):
        firefox.until(f"{BUTTONS}.some((button) => button.textContent.trim() === '{label}' && !button.disabled)", 30)
        firefox.evaluate(f"{BUTTONS}.find((button) => button.textContent.trim() === '{label}').click()")
    firefox.until("window.made.length === 1", PATIENCE)
    (sound,) = firefox.evaluate("window.made")
    for name in ("latent", "mel", "waveform"):
        sound[name] = np.frombuffer(base64.b64decode(sound[name]), "<f4")
    assert len(sound["waveform"]) == 160_000
    assert sound["settings"]["prompt"] == "nature sounds"
    assert_as_python(sound)
