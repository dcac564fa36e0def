"""Widgets in one self-contained HTML file with code and data, which needs no kernel, server or network."""

from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from spotnb.support.checks import check_text
from spotnb.support.files import atomic_write
from spotnb.widgets.esm import STATIC, body, stylesheet

FOLDER = STATIC / "page"
SOURCES = ("script-src 'unsafe-inline'", "style-src 'unsafe-inline'", "img-src data: blob:", "media-src data: blob:")
POLICY = "; ".join(["default-src 'none'", *SOURCES])
COMPUTING = POLICY.replace("script-src", "worker-src blob:; script-src 'wasm-unsafe-eval' blob:")
"""What a page may do, and what one with a widget that computes may do: nothing that reaches a network."""


class Shown(Protocol):
    """A widget that a page can show, see `spotnb.widgets.base`."""

    module: ClassVar[str]
    styles: ClassVar[tuple[str, ...]]
    computes: ClassVar[bool]

    def page_state(self) -> dict[str, Any]:
        """Return the state of the widget for the page."""
        ...


def write_page(path: str | os.PathLike[str], title: str, widgets: Sequence[Shown]) -> Path:
    """Write a page with one widget below the other, and return its path. The file appears once it is complete.

    Args:
        path: The HTML file.
        title: The title of the page.
        widgets: The widgets from top to bottom.

    Raises:
        SpotnbError: The file cannot be written.
    """
    title = check_text("the title", title, hint="pass one that a page can show")
    styles = dict.fromkeys(name for widget in widgets for name in widget.styles)
    parts = {
        "TITLE": html.escape(title),
        "STYLE": stylesheet(*styles),
        "MODEL": body("page/model.js", name="showSaved"),
    }
    parts["POLICY"] = COMPUTING if any(widget.computes for widget in widgets) else POLICY
    parts["WIDGETS"] = "\n".join(_section(widget, index) for index, widget in enumerate(widgets))
    with atomic_write(path) as temporary:
        temporary.write_text(_filled((FOLDER / "page.html").read_text("utf-8"), parts), "utf-8")
    return Path(path).expanduser()


def _section(widget: Shown, index: int) -> str:
    """Return the HTML of a widget: its element, its state, and its code, which runs once the model is defined."""
    from ipywidgets.widgets.widget import _remove_buffers

    state, paths, buffers = _remove_buffers(widget.page_state())
    held = [
        {"path": list(where), "data": base64.b64encode(data).decode()}
        for where, data in zip(paths, buffers, strict=True)
    ]
    # ASCII without "<", so that nothing in it can end the script element or start a comment.
    data = json.dumps({"state": state, "buffers": held}).replace("<", "\\u003c")
    parts = {"INDEX": str(index), "STATE": data, "SCRIPT": body(widget.module)}
    return _filled((FOLDER / "widget.html").read_text("utf-8"), parts)


def _filled(template: str, parts: dict[str, str]) -> str:
    """Fill a template `text %%NAME%% text` with its parts. Inserted text is never searched."""
    pieces = template.split("%%")
    return "".join(parts[piece] if index % 2 else piece for index, piece in enumerate(pieces))
