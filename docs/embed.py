"""Save the page of every widget that a cell shows; runs in the kernel while the site is built.

The output of a widget gets a mark, `data-spotnb-embed="NUMBER"`, and its page is saved in a folder as NUMBER.html. The
page is written when the widget is shown, and again at the end, because in Jupyter a reader sees its latest state.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from spotnb.errors import SpotnbError

MARK = '<div data-spotnb-embed="{number}" data-title="{title}"></div>'
NEEDS_KERNEL = '<div data-spotnb-embed="none"></div>'

_folder: Path | None = None
_shown: list[Any] = []


def install(folder: str) -> None:
    """From now on, save the page of every widget that is shown in `folder`."""
    import ipywidgets

    from spotnb.widgets.base import Widget

    global _folder  # noqa: PLW0603  set once, in the kernel that runs one notebook
    _folder = Path(folder)
    for kind in (ipywidgets.Widget, Widget):
        _patch(kind)


def _patch(kind: type) -> None:
    plain = kind._repr_mimebundle_  # type: ignore[attr-defined]

    def marked(self: Any, **kwargs: Any) -> Any:
        bundle = plain(self, **kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data and "text/html" not in data:
            data["text/html"] = _mark(self)
        return bundle

    kind._repr_mimebundle_ = marked  # type: ignore[attr-defined]


def _mark(widget: Any) -> str:
    if type(widget).__module__.startswith("tqdm"):
        return ""  # a finished progress bar
    if widget not in _shown:
        _shown.append(widget)
    number = _shown.index(widget)
    _write(widget, number)
    title = html.escape(str(getattr(widget, "title", "") or type(widget).__name__), quote=True)
    return MARK.format(number=number, title=title)


def _write(widget: Any, number: int) -> None:
    from spotnb.widgets.page import write_page

    assert _folder is not None
    path = _folder / f"{number}.html"
    try:
        if hasattr(widget, "to_html"):
            widget.to_html(path)
        elif parts := _parts(widget):
            write_page(path, type(widget).__name__, parts)
    except SpotnbError:
        pass  # a panel without a run has no page: the site shows a note instead


def _parts(widget: Any) -> list[Any]:
    """Return the widgets of spotnb in a box of ipywidgets, in order."""
    from spotnb.widgets.base import Widget

    if isinstance(widget, Widget):
        return [widget]
    return [part for child in getattr(widget, "children", ()) for part in _parts(child)]


def finish() -> None:
    """Write the pages of all open widgets again, in their current state."""
    for number, widget in enumerate(_shown):
        if getattr(widget, "comm", None) is not None:
            _write(widget, number)
