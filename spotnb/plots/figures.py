"""Figures of our own, which are shown once and never pile up.

In a notebook, the inline backend shows all figures of pyplot at the end of a cell. A figure that is also the last value
of the cell would then appear twice. `PlotFigure` leaves pyplot when it is displayed, so it appears once. In a script,
pyplot keeps all its figures until they are closed, and warns after twenty. If the backend only writes files, pyplot
therefore never hears of our figures.
"""

from __future__ import annotations

from typing import Any, Final

import matplotlib.pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spotnb.support.quiet import without_warnings

WRITERS: Final = frozenset({"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"})
"""Backends of matplotlib that show nothing."""


class PlotFigure(Figure):
    """A figure that is displayed once per cell of a notebook, whatever is on the last line."""

    def _ipython_display_(self) -> None:
        """Take the figure from pyplot, and let IPython display it as usual."""
        if "inline" in plt.get_backend():
            plt.close(self)
        raise NotImplementedError  # IPython's word for "use the other formats"

    def _repr_html_(self) -> str | None:
        """Return the figure in light and in dark colors, of which the theme of the notebook shows one."""
        from spotnb.plots.dark import themed_html

        return themed_html(self)


def new_plot(height: float, rows: int = 1, **options: Any) -> tuple[Figure, Any]:
    """Return a figure 11 inches wide, and its axes.

    It is a figure of pyplot if a notebook or a window can show it, so that `plt.show()` does.

    Args:
        height: In inches.
        rows: The number of axes, one below the other.
        options: Options of `Figure.subplots`, such as `sharex`.
    """
    form: dict[str, Any] = {"figsize": (11, height), "layout": "constrained"}
    if plt.get_backend().lower() in WRITERS:
        figure: Figure = PlotFigure(**form)
        FigureCanvasAgg(figure)
    else:
        # A notebook closes figures after the cell, so there are never too many. rc_context would undo what the backend
        # sets when it loads.
        with without_warnings("More than"):
            figure = plt.figure(FigureClass=PlotFigure, **form)
    return figure, figure.subplots(rows, 1, **options)
