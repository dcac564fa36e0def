"""The static picture of a `ReflectionExplorer`: both orders beside each other, and the ring apart from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from spotnb.plots.style import SIGNED
from spotnb.widgets.base import new_figure
from spotnb.widgets.reflection_stages import ORDERS, Stage, circular, stages

HALF = 0.4  # of a row that is 1 high
NAMES = {"naive": "Naive: crop, then roll back", "right": "Correct: roll back, then crop"}
CALLED = {"shifted": "rolled", "undone": "rolled back"}
"""What the picture calls a stage whose name is another."""


def draw_orders(plane: NDArray[np.float32], numbers: list[str] | None, pad: int, shift: int) -> Figure:
    """Return a figure of all stages.

    Args:
        plane: The sound, `[T, F]`.
        numbers: Its values as text, or None if it is shown as a picture.
        pad: Frames of padding at each end.
        shift: Frames by which the sound is rolled.
    """
    frames = len(plane)
    figure = new_figure(height=4.2)
    grid = figure.add_gridspec(2, 2, height_ratios=[5, 1], hspace=0.35, wspace=0.2)
    for column, order in enumerate(ORDERS):
        rows = stages(frames, pad, shift, order)
        axes = figure.add_subplot(grid[0, column])
        _draw_rows(axes, plane, rows, numbers, pad)
        last = list(rows.values())[-1]
        fate = "exact" if last.exact(frames) else f"{len(last.lost(frames))} of {frames} frames lost"
        axes.set_title(f"{NAMES[order]} ({fate})", loc="left", fontsize="medium")
    axes = figure.add_subplot(grid[1, 0])
    _draw_rows(axes, plane, {"rolled": circular(frames, shift)}, numbers, pad)
    axes.set_title("Apart from both: circular, rolled without padding", loc="left", fontsize="medium")
    if shift % frames:
        axes.axvline(shift, color="0.1", lw=2)
        axes.annotate(
            "end | start", (shift, 0), (0, -3), ("data", "axes fraction"), "offset points", ha="center", va="top"
        )
    figure.suptitle(f"Padding {pad}, shift {shift}", x=0.1, ha="left", fontsize="medium")
    figure.subplots_adjust(top=0.84, bottom=0.08)
    return figure


def _draw_rows(
    axes: Axes, plane: NDArray[np.float32], rows: dict[str, Stage], numbers: list[str] | None, pad: int
) -> None:
    """Draw stages one below the other, and mark the place of the original sound."""
    for row, stage in enumerate(rows.values()):
        if numbers is None:
            _draw_columns(axes, plane, stage, row)
        else:
            _draw_numbers(axes, numbers, stage, row)
    for border in (0, len(plane)):
        axes.axvline(border, color="0.2", lw=1, ls=(0, (3, 3)))
    axes.set(xlim=(-pad - 0.2, len(plane) + pad + 0.2), ylim=(len(rows) - 0.4, -0.6), xticks=[])
    axes.set_yticks(range(len(rows)), [CALLED.get(name, name) for name in rows])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _draw_columns(axes: Axes, plane: NDArray[np.float32], stage: Stage, row: int) -> None:
    """Draw one stage as the columns of the latent. Frames from the padding are hatched."""
    limit = float(np.quantile(np.abs(plane), 0.998)) or 1.0
    extent = (stage.first, stage.first + len(stage.source), row + HALF, row - HALF)
    image = plane[stage.source].T[::-1]
    axes.imshow(image, aspect="auto", extent=extent, cmap=SIGNED, vmin=-limit, vmax=limit)
    changes = np.flatnonzero(np.diff(stage.copied.astype(int), prepend=0, append=0))
    for start, stop in changes.reshape(-1, 2):
        _box(axes, stage.first + start, row, stop - start, "none", "/////")


def _draw_numbers(axes: Axes, numbers: list[str], stage: Stage, row: int) -> None:
    """Draw one stage as a row of cells. Those from the padding are hatched."""
    for place, (source, copied) in enumerate(zip(stage.source.tolist(), stage.copied.tolist(), strict=True)):
        shade = 0.25 + 0.6 * source / (len(numbers) - 1)
        color = colormaps["viridis"](shade)
        _box(axes, stage.first + place, row, 1, color, "////" if copied else None)
        style = {"facecolor": color, "edgecolor": "none", "pad": 1.5} if copied else None
        center = (stage.first + place + 0.5, row)
        ink = "white" if shade < 0.6 else "black"
        axes.text(*center, numbers[source], ha="center", va="center", color=ink, bbox=style)


def _box(axes: Axes, x: float, row: float, width: float, color: Any, hatch: str | None) -> None:
    style = {"facecolor": color, "edgecolor": "0.95" if color != "none" else "0.3", "lw": 0.8, "hatch": hatch}
    axes.add_patch(Rectangle((x, row - HALF), width, 2 * HALF, **style))
