"""Widgets in one HTML file of their own: code and data, no kernel, no server, no network."""

from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spotnb.support.files import atomic_write
from spotnb.widgets.esm import STATIC, body, stylesheet

if TYPE_CHECKING:
    from spotnb.widgets.base import Widget

FOLDER = STATIC / "page"


def write_page(path: str | os.PathLike[str], title: str, widgets: Sequence[Widget]) -> Path:
    """Write a page with widgets under each other, whole or not at all, and return its path.

    Raises `SpotnbError` if it cannot be written.
    """
    parts = {"TITLE": html.escape(title), "STYLE": stylesheet(), "MODEL": (FOLDER / "model.js").read_text("utf-8")}
    parts["WIDGETS"] = "\n".join(_section(widget, index) for index, widget in enumerate(widgets))
    with atomic_write(path) as temporary:
        temporary.write_text(_filled((FOLDER / "page.html").read_text("utf-8"), parts), "utf-8")
    return Path(path).expanduser()


def _section(widget: Widget, index: int) -> str:
    """A widget's place, its state, and its code, which runs once the page's model is defined."""
    from ipywidgets.widgets.widget import _remove_buffers

    state, paths, buffers = _remove_buffers(widget.page_state())
    held = [
        {"path": list(where), "data": base64.b64encode(data).decode()}
        for where, data in zip(paths, buffers, strict=True)
    ]
    # ASCII, and no "<": nothing in it can end the script element or start a comment.
    data = json.dumps({"state": state, "buffers": held}).replace("<", "\\u003c")
    parts = {"INDEX": str(index), "STATE": data, "SCRIPT": body(widget.module)}
    return _filled((FOLDER / "widget.html").read_text("utf-8"), parts)


def _filled(template: str, parts: dict[str, str]) -> str:
    """A template `text %%NAME%% text` with its parts; what is put in is never searched."""
    pieces = template.split("%%")
    return "".join(parts[piece] if index % 2 else piece for index, piece in enumerate(pieces))
