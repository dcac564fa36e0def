"""What every widget is: a view in the browser, a picture where no browser runs, and a page of its own.

The view is an ES module in `static/` (see `spotnb.widgets`). A `Widget` adds

- a PNG beside the view in a saved notebook, for GitHub, nbviewer and printing: made when the widget is shown, kept
  until a trait changes, and left out where it cannot be made;
- `to_html`: one file with code and data that needs no kernel, no server and no network;
- a `close` that gives everything back.
"""

from __future__ import annotations

import base64
import io
import logging
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from spotnb.errors import SpotnbError
from spotnb.widgets import reload
from spotnb.widgets.page import write_page

try:
    import anywidget
except ImportError as error:
    raise SpotnbError("widgets need anywidget, which is not installed: pip install 'spotnb[notebooks]'") from error

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

PNG_DPI = 80
_PLUMBING = frozenset({"_esm", "_css", "_anywidget_id", *anywidget.AnyWidget.class_trait_names()})


class Widget(anywidget.AnyWidget):
    """Base class of the widgets.

    A subclass names its ES module in `static/` by `class Mine(Widget, module="mine.js", title="...")`, declares its
    traits (see `spotnb.widgets.traits`), and implements `draw`. It may extend `page_state` and `close`.
    """

    module: ClassVar[str]
    title: ClassVar[str]
    static_form: ClassVar[bool] = True
    """Whether a PNG goes into the notebook beside the view. Set it False on a widget or a class to save the space."""

    _esm: str
    _css: str
    _png: bytes | None = None

    def __init_subclass__(cls, module: str = "", title: str = "", **kwargs: Any) -> None:
        if module:
            cls.module, cls.title = module, title
            reload.follow_class(cls)
        super().__init_subclass__(**kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reload.follow(self)

    def draw(self) -> Figure | None:
        """The static form, as a figure made without pyplot (see `new_figure`), or None to have none."""
        return None

    def page_state(self) -> dict[str, Any]:
        """What the page of `to_html` knows: all synchronised traits. Bytes may stand anywhere in it."""
        state = self.get_state(drop_defaults=False)
        return {name: value for name, value in state.items() if name not in _PLUMBING}

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the widget, as it is now, to one self-contained HTML file, and return its path.

        The page needs no kernel and no network. What only a kernel can do is left out. The file is written whole or not
        at all; raises `SpotnbError` if it cannot be.
        """
        return write_page(path, self.title, [self])

    def png(self) -> bytes | None:
        """The static form as PNG, or None where there is none. It is kept until a trait changes."""
        if self._png is None:
            figure = self.draw()
            if figure is not None:
                buffer = io.BytesIO()
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", "Glyph .* missing")  # a box for a rare letter says enough
                    figure.savefig(buffer, format="png", dpi=PNG_DPI)
                self._png = buffer.getvalue()
        return self._png

    def notify_change(self, change: Any) -> None:
        self._png = None
        super().notify_change(change)

    def close(self) -> None:
        """Take the widget off every page and out of memory. It cannot be shown again."""
        plumbing = [self._trait_values.get("layout")]
        super().close()
        self.unobserve_all()
        for part in plumbing:
            if part is not None:
                part.close()  # a model of its own, which ipywidgets would keep for good
        self._png = None

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        if shown is None or not self.static_form:
            return shown
        try:
            png = self.png()
        except Exception:  # a picture that fails must not take the widget with it
            log.warning("no static form of %s", type(self).__name__, exc_info=True)
            return shown
        if png is not None:
            shown[0]["image/png"] = base64.b64encode(png).decode()
        return shown


def new_figure(height: float, width: float = 10) -> Figure:
    """An empty figure that pyplot does not know, so that no notebook shows it by itself.

    Its margins are fixed, because working them out (`layout="constrained"`) doubles the time it takes to save.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.subplots_adjust(left=0.1, right=0.97, top=1 - 0.7 / height, bottom=0.55 / height, hspace=1.0)
    return figure
