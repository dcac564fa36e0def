"""While developing, an edit in static/ shows in an open notebook, without a restart of its kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.jupyter import Shown

CODE = """
import os, shutil, tempfile
from pathlib import Path

os.environ["ANYWIDGET_HMR"] = "1"
from spotnb.widgets import esm

folder = Path(tempfile.mkdtemp()) / "static"  # a copy to edit
shutil.copytree(esm.STATIC, folder)
esm.STATIC = folder
from spotnb.widgets.reflection import ReflectionExplorer

w = ReflectionExplorer()
w
""".strip()
EDIT = """
sentences = folder / "reflection" / "sentences.js"
edited = sentences.with_suffix(".new")
edited.write_text(sentences.read_text().replace("`The sound: ", "`Edited sound: "))
edited.replace(sentences)
"""


def test_an_edit_shows_in_an_open_notebook(show: Callable[..., Shown]) -> None:
    pytest.importorskip("watchfiles", reason="watchfiles is not installed: pip install 'spotnb[dev]'")
    shown = show("lab", "reflection", CODE)
    shown.run("w.shift, w.stage = 5, 'original'")
    shown.widget.get_by_text("The sound: 8 frames.").first.wait_for()
    edited = shown.widget.get_by_text("Edited sound: 8 frames.").first
    for _ in range(20):  # the watcher takes a moment to begin
        shown.run(EDIT)
        shown.page.wait_for_timeout(1000)
        if edited.is_visible():
            break
    edited.wait_for()
    shown.reads(shown.views.count, 1)
    shown.press(0, "+")  # the new view works, on the same traits
    shown.until("w.shift", 6)
    shown.run("from spotnb.widgets import reload; reload.stop()")
    assert not shown.errors
