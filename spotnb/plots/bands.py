"""Intervals of latent frames drawn as bands: their lanes, colors, hatching, numbers, seams and legend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from spotnb.errors import InputError
from spotnb.plots.drawing import frame_axis
from spotnb.plots.style import BLUES, LIGHT, PALE, RUST
from spotnb.tiling.layout import Layout

NUMBERS = 400  # more numbers do not make a plot clearer, and take seconds to draw
MOST_DRAWN = 30_000  # take five seconds; an hour of sound in 50 steps has 18,000
HATCH: Final[dict[str, Any]] = {"edgecolor": LIGHT["ghost"], "hatch": "/////", "linewidth": 0}

Placed = tuple[int, int, int, int]
"""Number of a tile, start and stop in latent frames, and lane, counted from 0."""
Band = tuple[int, float, float, float, float]
"""Number of a tile, start and stop in latent frames, top and bottom on the y axis."""


def segment_pieces(layout: Layout) -> list[tuple[int, int, int]]:
    """Return number, start and stop of each segment, from left to right.

    A segment that wraps around the ends of a ring gives two pieces.
    """
    pieces = []
    for k, tile in enumerate(layout.tiles):
        start, stop = tile.segment
        pieces.append((k, start, min(stop, layout.frames)))
        if stop > layout.frames:
            pieces.append((k, 0, stop - layout.frames))
    return sorted(pieces, key=lambda piece: piece[1:])


def require_drawable(layouts: Sequence[Layout]) -> None:
    """Raise `InputError` if layouts have more tiles than can be drawn in seconds, or seen."""
    if (count := sum(len(layout.tiles) for layout in layouts)) > MOST_DRAWN:
        raise InputError(f"the picture would have {count} tiles: expected at most {MOST_DRAWN}; pass fewer steps")


def in_lanes(intervals: Iterable[tuple[int, int, int]]) -> list[Placed]:
    """Place intervals, sorted by their starts, each into the first lane in which it does not overlap an earlier one."""
    free: list[int] = []  # lanes whose last interval has ended; both heaps keep a layout of many lanes fast
    busy: list[tuple[int, int]] = []
    placed = []
    for number, start, stop in intervals:
        while busy and busy[0][0] <= start:
            heappush(free, heappop(busy)[1])
        lane = heappop(free) if free else len(busy)
        heappush(busy, (stop, lane))
        placed.append((number, start, stop, lane))
    return placed


def owned_bands(layout: Layout, top: float, height: float, margin: float = 0.0) -> tuple[list[Band], list[int]]:
    """Return the bands of segments, and the frames over which each of them rises to its full height.

    Segments have lanes of equal height if they overlap. If they cross-fade, they share one lane, and each rises while
    the one before it falls: the height is the share of the tile.
    """
    pieces = segment_pieces(layout)
    if layout.blended:
        placed = [(*piece, 0) for piece in pieces]
        rising = [0, *(max(0, min(old[2], new[2]) - new[1]) for old, new in pairwise(pieces))]
    else:
        placed, rising = in_lanes(pieces), [0] * len(pieces)
    return stacked(placed, top, height / lane_count(placed), margin), rising


def lane_count(placed: Iterable[Placed]) -> int:
    """Return the number of lanes in use."""
    return 1 + max(lane for *_, lane in placed)


def stacked(placed: Iterable[Placed], top: float, height: float, margin: float = 0.0) -> list[Band]:
    """Return the bands of intervals in their lanes. The first lane is at `top`, and each is `height` high."""
    return [
        (number, start, stop, top + lane * height + margin, top + (lane + 1) * height - margin)
        for number, start, stop, lane in placed
    ]


def outside(band: Band, frames: int) -> list[Band]:
    """Return the parts of a band before frame 0 and after `frames`."""
    number, start, stop, top, bottom = band
    before = [(number, start, min(stop, 0), top, bottom)] if start < 0 else []
    return before + ([(number, max(start, frames), stop, top, bottom)] if stop > frames else [])


def draw_bands(
    ax: Axes, bands: Sequence[Band], seconds: float, rising: Sequence[int] = (), **style: Any
) -> PolyCollection:
    """Draw bands as rectangles. A latent frame lasts `seconds`. Without a style, even and odd tiles have two blues.

    The left side of a band that rises over a number of frames is slanted by as much.
    """
    style = {"facecolors": [BLUES[k % 2] for k, *_ in bands], "edgecolors": "white", "linewidth": 0.6, **style}
    corners: NDArray[np.float64] = np.array(
        [[(start, top), (stop, top), (stop, bottom), (start, bottom)] for _, start, stop, top, bottom in bands], float
    ).reshape(-1, 4, 2)
    if len(rising):
        corners[:, 0, 0] += rising
    corners[..., 0] *= seconds
    collection = PolyCollection(list(corners), **style)
    ax.add_collection(collection)
    return collection


def hatch_bands(ax: Axes, bands: Sequence[Band], seconds: float) -> None:
    """Hatch bands without covering what has been drawn before."""
    if bands:
        draw_bands(
            ax, bands, seconds, facecolors="none", edgecolors=HATCH["edgecolor"], hatch=HATCH["hatch"], linewidth=0
        )


def draw_seams(ax: Axes, rows: Iterable[tuple[Layout, Sequence[Band]]], seconds: float) -> bool:
    """Mark the seams at the borders of segment bands, and return whether there are any.

    `rows` pairs each layout with the bands of its segments. Where tiles cross-fade there is no mark, but a slope.
    """
    ticks = set()
    for layout, bands in rows:
        seams = set(layout.cuts)
        turn = layout.frames if layout.ring else layout.frames + 1  # only on a ring, the end is the start
        ticks |= {(border, top, bottom) for _, *ends, top, bottom in bands for border in ends if border % turn in seams}
    if ticks:
        frames, tops, bottoms = np.array(list(ticks), float).T
        ax.vlines(frames * seconds, tops, bottoms, colors=RUST, lw=1.8 if len(ticks) <= 2 * NUMBERS else 1.1)
    return bool(ticks)


def number_bands(ax: Axes, bands: Sequence[Band], seconds: float) -> None:
    """Write the number of each tile into its band if it fits. Call this when the limits of the axes are final."""
    if len(bands) > NUMBERS:
        return
    extent = ax.get_window_extent()
    points = 72 / ax.figure.dpi
    across = extent.width * points * seconds / abs(np.subtract(*ax.get_xlim()))
    down = extent.height * points / abs(np.subtract(*ax.get_ylim()))
    for number, start, stop, top, bottom in bands:
        size = min(9.0, 0.72 * (bottom - top) * down)
        if size < 4.5 or (stop - start) * across < size * (0.7 * len(str(number)) + 0.5):
            continue
        color = LIGHT["on-light" if number % 2 else "on-dark"]
        where = ((start + stop) / 2 * seconds, (top + bottom) / 2)
        ax.text(*where, str(number), color=color, size=size, ha="center", va="center_baseline", clip_on=True)


def finish(
    ax: Axes,
    frames: int,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    entries: list[tuple[Any, str]],
    seconds: float,
) -> None:
    """Set the limits, scales and legend of a plot of tiles, and draw the ends of the sound.

    `xlim` are the limits of the time axis in latent frames, each of which lasts `seconds`.
    """
    low, high = xlim
    ax.set(xlim=(low * seconds, high * seconds), ylim=ylim, xlabel="time (s)")
    for border in {0, frames} - {low, high}:
        ax.axvline(border * seconds, color="black", lw=1)
    ax.spines[["left", "right"]].set_visible(False)
    frame_axis(ax, seconds)
    legend(ax, entries)


def legend(ax: Axes, entries: Sequence[tuple[Any, str]]) -> None:
    """Draw a legend above the axes on the right, clear of the scale along the top."""
    handles, labels = zip(*entries, strict=True)
    options: dict[str, Any] = {"handler_map": {tuple: HandlerTuple(ndivide=None, pad=0)}, "fontsize": "small"}
    options |= {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 3.6, "ncols": len(labels)}
    ax.legend(handles, labels, frameon=False, borderpad=0, handlelength=1.6, columnspacing=1.4, **options)


def tiles_key() -> tuple[Any, str]:
    """Return the legend entry of tiles."""
    return tuple(Patch(facecolor=blue) for blue in BLUES), "tiles"


def seen_key() -> tuple[Any, str]:
    """Return the legend entry of frames that a tile sees but does not own."""
    return Patch(facecolor=BLUES[0], alpha=PALE), "seen, not kept"


def hatch_key(label: str) -> tuple[Any, str]:
    """Return the legend entry of hatched bands."""
    return Patch(facecolor="none", **HATCH), label


def seam_key() -> tuple[Any, str]:
    """Return the legend entry of a seam."""
    return Line2D([], [], color=RUST, ls="", marker="|", ms=9, mew=1.8), "seam"
