"""The base of all widgets, which have a view in the browser, a static picture, and a self-contained page.

The view is an ES module in `static/` (see `spotnb.widgets`). A `Widget` adds:

- a PNG next to the view in a saved notebook, for GitHub, nbviewer and printing. It is drawn when the widget is shown,
  kept until a trait changes, and left out if drawing fails;
- `to_html`, which writes one file with code and data that needs no kernel, no server and no network;
- `close`, which releases everything.
"""

from __future__ import annotations

import base64
import io
import logging
import os
import uuid
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeVar

from spotnb.errors import SpotnbError
from spotnb.support.quiet import without_warnings
from spotnb.widgets import reload
from spotnb.widgets.page import write_page

try:
    import anywidget
    from traitlets import Unicode, default
except ImportError as error:
    raise SpotnbError("widgets need anywidget, which is not installed: pip install 'spotnb[notebooks]'") from error

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

PNG_DPI = 80
_PLUMBING = frozenset({"_esm", "_css", "_anywidget_id", "_common", *anywidget.AnyWidget.class_trait_names()})


P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


def require_open(widget: Any) -> None:
    """Raise a `SpotnbError` if a widget was closed."""
    if widget._closed:  # noqa: SLF001  what only the widgets of this package have
        raise SpotnbError(f"this {type(widget).__name__} was closed: expected an open one; create another one")


def while_open(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Let a method of a widget raise a `SpotnbError` after `close`."""

    @wraps(method)
    def checked(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        require_open(self)
        return method(self, *args, **kwargs)

    return checked


class Widget(anywidget.AnyWidget):
    """Base class of the widgets.

    A subclass names its ES module in `static/` as in `class Mine(Widget, module="mine.js", title="...")`, declares its
    traits (see `spotnb.widgets.traits`), and implements `draw`. It may extend `page_state` and `close`.

    Attributes:
        module: The ES module in `static/`.
        title: The title of the page that `to_html` writes.
        styles: Style sheets in addition to those of all widgets, as paths from `static/`.
        computes: Whether the view computes with WebAssembly in a worker, which the page of `to_html` has to allow.
        static_form: Whether a PNG is saved in the notebook. Set it to False on a widget or a class to save space.
    """

    module: ClassVar[str]
    title: ClassVar[str]
    styles: ClassVar[tuple[str, ...]] = ()
    computes: ClassVar[bool] = False
    static_form: ClassVar[bool] = True

    _esm: str
    _css: str
    _common = Unicode().tag(sync=True)  # the key of what the views share, because each has a different model object
    _png: bytes | None = None
    _closed = False

    def __init_subclass__(cls, module: str = "", title: str = "", **kwargs: Any) -> None:
        if module:
            cls.module, cls.title = module, title
            reload.follow_class(cls)
        super().__init_subclass__(**kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reload.follow(self)

    @default("_common")
    def _new_key(self) -> str:
        return uuid.uuid4().hex

    def draw(self) -> Figure | None:
        """Return the static form as a figure from `new_figure`, or None if there is none."""
        return None

    def page_state(self) -> dict[str, Any]:
        """Return the state for the page of `to_html`: all synchronized traits. It may contain bytes at any depth."""
        state = self.get_state(drop_defaults=False)
        return {name: value for name, value in state.items() if name not in _PLUMBING}

    @while_open
    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the widget in its current state to one self-contained HTML file, and return its path.

        The page needs no kernel and no network. Functions that need a kernel are left out. The file appears once it is
        complete.

        Raises:
            SpotnbError: The file cannot be written.
        """
        return write_page(path, self.title, [self])

    @while_open
    def png(self) -> bytes | None:
        """Return the static form as a PNG, or None if there is none. It is kept until a trait changes."""
        if self._png is None:
            figure = self.draw()
            if figure is not None:
                buffer = io.BytesIO()
                with without_warnings("Glyph .* missing"):  # a box in place of a rare character is fine
                    figure.savefig(buffer, format="png", dpi=PNG_DPI)
                self._png = buffer.getvalue()
        return self._png

    def notify_change(self, change: Any) -> None:
        """Discard the PNG when a trait changes."""
        self._png = None
        super().notify_change(change)

    def close(self) -> None:
        """Remove the widget from all pages and from memory. It cannot be shown or used again."""
        plumbing = [self._trait_values.get("layout")]
        super().close()
        self.unobserve_all()
        for part in plumbing:
            if part is not None:
                part.close()  # a separate model, which ipywidgets would otherwise keep forever
        self._png = None
        self._closed = True

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        if shown is None or not self.static_form:
            return shown
        try:
            png = self.png()
        except Exception:  # the widget must be shown even if its picture fails
            log.warning("no static form of %s", type(self).__name__, exc_info=True)
            return shown
        if png is not None:
            shown[0]["image/png"] = base64.b64encode(png).decode()
        return shown


def new_figure(height: float, width: float = 10) -> Figure:
    """Return an empty figure that pyplot does not manage, so that no notebook displays it automatically.

    Its margins are fixed, because computing them (`layout="constrained"`) doubles the time to save it.

    Args:
        height: In inches.
        width: In inches.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.subplots_adjust(left=0.1, right=0.97, top=1 - 0.7 / height, bottom=0.55 / height, hspace=1.0)
    return figure
