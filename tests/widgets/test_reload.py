"""While developing, an edit in static/ reaches widgets that are alive."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spotnb.widgets import esm, reload
from spotnb.widgets.base import Widget

pytest.importorskip("watchfiles", reason="watchfiles is not installed: pip install 'spotnb[dev]'")


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of static/ to edit."""
    folder = tmp_path / "static"
    shutil.copytree(esm.STATIC, folder)
    monkeypatch.setattr(esm, "STATIC", folder)
    yield folder
    reload.stop()


def until(holds: Callable[[], bool], edit: Callable[[], object]) -> None:
    """Repeat an edit until it is seen: a watcher takes a moment to begin."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        edit()
        time.sleep(0.3)


def test_an_edit_reaches_widgets_that_are_alive_and_those_to_come(
    static: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ANYWIDGET_HMR", "1")

    class Developed(Widget, module="reflection.js", title="Developed"):
        pass

    shown = Developed()
    assert "GAP = 14" in shown._esm
    geometry, style = static / "reflection" / "geometry.js", static / "shared" / "spotnb.css"
    source = geometry.read_text()
    until(lambda: "GAP = 17" in shown._esm, lambda: geometry.write_text(source.replace("GAP = 14", "GAP = 17")))
    assert "GAP = 17" in Developed()._esm
    until(lambda: "#123456" in shown._css, lambda: style.write_text(".spotnb { color: #123456; }"))

    until(lambda: "stays as it was" in caplog.text, lambda: geometry.write_text('import "./half'))
    assert "GAP = 17" in shown._esm
    shown.close()


def test_nothing_is_watched_otherwise(static: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANYWIDGET_HMR", raising=False)

    class Used(Widget, module="reflection.js", title="Used"):
        pass

    Used().close()
    assert "spotnb-reload" not in {thread.name for thread in threading.enumerate()}
