"""Plots of the tiling: the tiles of one step, the tiles of a run, the positions of its seams, and the padding.

As in `spotnb.plots.sound`, each function draws into `ax`, or creates a figure if that is None, and returns `(fig, ax,
artist)`. The x axis is time in seconds, with latent frames along the top. Tiles are numbered as in
`Layout.tiles`; even tiles are dark and odd tiles are light. Padding is hatched, and a seam is rust red.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from spotnb.errors import InputError
from spotnb.plots.bands import (
    draw_bands,
    draw_seams,
    finish,
    hatch_bands,
    hatch_key,
    in_lanes,
    lane_count,
    legend,
    number_bands,
    outside,
    owned_bands,
    require_drawable,
    seam_key,
    seen_key,
    segment_pieces,
    stacked,
    tiles_key,
)
from spotnb.plots.drawing import axes, clock_of, draw_latent, frame_axis, latent_plane, rows_of
from spotnb.plots.style import BLUES, PALE, RUST
from spotnb.support.arrays import as_array
from spotnb.support.checks import check_name, show
from spotnb.tiling.clock import Clock
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.coverage import Layouts, run_layouts, run_steps
from spotnb.tiling.layout import Layout, plan

BINS = 256  # largest number of bars in a histogram, so that each is a few pixels wide


def plot_layout(
    layout: Layouts, ax: Axes | None = None, *, clock: Clock | None = None
) -> tuple[Figure, Axes, PolyCollection]:
    """Plot the tiles of one step: the windows, which the network sees, above the segments, which the tiles own.

    Frames that a tile sees but does not own are pale. Frames beyond the ends of the sound are hatched: they are
    padding, or the other end of a ring. Overlapping windows are drawn in separate lanes. Where segments cross-fade, the
    height of each is its share.

    Args:
        layout: A `Layout` or an object with one, such as a `Step` or a `StepRecord`.
        ax: The axes to draw into, or None for a new figure.
        clock: The rates that give seconds. None is the clock of the run, or AudioLDM's for bare layouts.

    Returns:
        The figure, the axes and the segments. Each segment is one polygon, from left to right; a segment that wraps
        around the ends of a ring is two.

    Raises:
        InputError: `layout` is something else, more than one layout, or has more than 30,000 tiles.
    """
    run, seconds = run_layouts(layout), clock_of(layout, clock).frame_seconds
    if len(run) > 1:
        raise InputError(f"got {len(run)} layouts: expected one; pass one of them, or pass all to plot_tile_map")
    require_drawable(run)
    layout = run[0]
    seen = in_lanes([(k, *tile.window) for k, tile in enumerate(layout.tiles)])
    pieces = segment_pieces(layout)
    upper, lower = lane_count(seen), 1 if layout.blended else lane_count(in_lanes(pieces))
    fig, ax = axes(ax, height=1.7 + 0.34 * min(upper + lower, 12))

    gap = upper + 0.45
    windows = stacked(seen, 0, 1, 0.06)
    segments, rising = owned_bands(layout, gap, lower, 0.06)
    inner = [(k, *layout.tiles[k].segment, top, bottom) for k, _, _, top, bottom in windows]
    pads = [part for band in windows for part in outside(band, layout.frames)]
    draw_bands(ax, windows, seconds, alpha=PALE)
    draw_bands(ax, inner, seconds)
    hatch_bands(ax, pads, seconds)
    artist = draw_bands(ax, segments, seconds, rising)

    ring = layout.ring
    starts, stops = zip(*(tile.window for tile in layout.tiles), strict=True)
    low, high = min(0, *starts), max(layout.frames, *stops)
    keys = [tiles_key()]
    if layout.network_frames > sum(stop - start for _, start, stop, *_ in [*pieces, *([] if ring else pads)]):
        keys.append(seen_key())
    if pads:
        keys.append(hatch_key("the other end" if ring else "padding"))
    if draw_seams(ax, [(layout, segments)], seconds):
        keys.append(seam_key())
    finish(ax, layout.frames, (low, high), (gap + lower + 0.1, -0.1), keys, seconds)
    number_bands(ax, inner, seconds)
    number_bands(ax, segments, seconds)
    ax.set_yticks([upper / 2, gap + lower / 2], ["what a\ntile sees", "what it\nkeeps"])
    ax.tick_params(axis="y", length=0)
    ax.set_title(f"{_describe(layout, seconds)}, shift {layout.shift}", loc="left", fontsize="medium")
    return fig, ax, artist


def plot_tile_map(
    layouts: Layouts, ax: Axes | None = None, *, clock: Clock | None = None
) -> tuple[Figure, Axes, PolyCollection]:
    """Plot the tiling of a run, one row per step from top to bottom, with the segments and the padding.

    Segments are numbered if there are at most 400 and there is room. Overlapping ones (`multidiffusion`) are drawn in
    separate lanes. Where segments cross-fade, the height of each is its share.

    Args:
        layouts: The layouts of the steps, or objects with layouts, such as a trace. Rows of records are labeled with
            their steps; plain layouts are counted from 0.
        ax: The axes to draw into, or None for a new figure.
        clock: The rates that give seconds. None is the clock of the run, or AudioLDM's for bare layouts.

    Returns:
        The figure, the axes and the segments. Each segment is one polygon, row by row and from left to right; a segment
        that wraps around the ends of a ring is two.

    Raises:
        InputError: There are no layouts, their lengths differ, or they have more than 30,000 tiles.
    """
    seconds = clock_of(layouts, clock).frame_seconds
    steps, run = zip(*run_steps(layouts), strict=True)
    require_drawable(run)
    lanes = max(1 if layout.blended else lane_count(in_lanes(segment_pieces(layout))) for layout in run)
    fig, ax = axes(ax, height=float(np.clip(1.5 + 0.2 * len(run) * min(lanes, 2), 2.2, 9)))

    half = 0.42  # of the height of a row, which leaves white space between the rows
    bands, rising = zip(*(owned_bands(layout, row - half, 2 * half) for row, layout in enumerate(run)), strict=True)
    every = [band for row in bands for band in row]
    artist = draw_bands(ax, every, seconds, [frames for row in rising for frames in row])
    pads = [
        part
        for row, layout in enumerate(run)
        if not layout.ring
        for tile in layout.tiles
        for part in outside((0, *tile.window, row - half, row + half), layout.frames)
    ]
    hatch_bands(ax, pads, seconds)
    keys = [tiles_key(), *[hatch_key("padding")] * bool(pads)]
    if draw_seams(ax, zip(run, bands, strict=True), seconds):
        keys.append(seam_key())
    lefts, rights = zip(*(layout.pad for layout in run), strict=True)
    ends = -max(lefts), run[0].frames + max(rights)
    finish(ax, run[0].frames, ends, (len(run) - 0.4, -0.6), keys, seconds)
    number_bands(ax, every, seconds)
    wanted = MaxNLocator(nbins=12, integer=True).tick_values(0, max(1, len(run) - 1))
    shown = [int(row) for row in wanted if 0 <= row < len(run)]
    ax.set_yticks(shown, [str(steps[row]) for row in shown])
    ax.set_ylabel("denoising step")
    ax.set_title(f"{_describe(run[0], seconds)}, {_plural(len(run), 'step')}", loc="left", fontsize="medium")
    return fig, ax, artist


def plot_seams(
    layouts: Layouts, ax: Axes | None = None, *, clock: Clock | None = None
) -> tuple[Figure, Axes, BarContainer]:
    """Plot a histogram of the seam positions of a run, with those of a fixed grid (`tiles`) for comparison.

    A bar is as high as the number of steps with a seam in it. Each pin marks a border of the fixed grid, and is as high
    as the number of all steps, because `tiles` has a seam there in every step. The dotted line is the height that all
    bars would have if the seams were spread evenly. A bar is 1/16 of a tile wide, or wider if there would be more than
    256 bars, and one bar is centered on each border of the grid. Steps in which tiles cross-fade have no seams.

    Args:
        layouts: The layouts of the steps, or objects with layouts, such as a trace that kept every step.
        ax: The axes to draw into, or None for a new figure.
        clock: The rates that give seconds. None is the clock of the run, or AudioLDM's for bare layouts.

    Returns:
        The figure, the axes and the bars.

    Raises:
        InputError: There are no layouts, or their lengths differ.
    """
    run, seconds = run_layouts(layouts), clock_of(layouts, clock).frame_seconds
    frames, width = run[0].frames, run[0].tile_size
    seams = sum(len(layout.cuts) for layout in run)
    parts = next((n for n in (16, 8, 4, 2) if width % n == 0 and frames * n <= BINS * width), 1)
    size = max(width // parts, -(-frames // BINS))
    edges = np.unique(np.clip((np.arange(frames // size + 3) - 0.5) * size, 0, frames))
    counts = sum(np.histogram(layout.cuts, edges)[0] > 0 for layout in run)
    config = SpotDiffusionConfig(width, edge=run[0].edge)
    grid = plan(frames, config, 0, method="tiles", time_multiple=1).seams

    fig, ax = axes(ax, height=3)
    times = edges * seconds
    label = _plural(seams, "seam") + " of this run"
    style: dict[str, Any] = {"color": BLUES[0], "edgecolor": "white", "linewidth": 0.4, "label": label}
    bars = ax.bar(times[:-1], counts, np.diff(times), align="edge", **style)
    handles: list[Any] = [bars]
    if grid:
        pins = np.array(grid) * seconds
        ax.vlines(pins, 0, len(run), colors=RUST, lw=1.2, ls=(0, (4, 2)))
        dot: dict[str, Any] = {"color": RUST, "marker": "o", "ms": 5 if len(pins) <= 24 else 3, "ls": ""}
        (heads,) = ax.plot(pins, [len(run)] * len(pins), label="where a fixed grid always cuts", **dot)
        handles.append(heads)
    if seams:
        level = [min(len(run), seams * size / frames)] * 2
        handles += ax.plot([0, frames * seconds], level, color="0.2", lw=1.2, ls=":", label="if spread evenly")
    ax.set(xlim=(0, frames * seconds), ylim=(0, 1.1 * len(run)), xlabel="time (s)")
    ax.set_ylabel(f"steps with a seam,\nper {size * seconds:g} s")
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.spines["right"].set_visible(False)
    frame_axis(ax, seconds)
    ax.set_title(_describe(run[0], seconds), loc="left", fontsize="medium")
    legend(ax, [(handle, handle.get_label()) for handle in handles])
    return fig, ax, bars


def plot_padding(
    step: Any, channel: int = 0, end: str = "both", ax: Axes | None = None, *, clock: Clock | None = None
) -> tuple[Figure, Axes, AxesImage]:
    """Plot the padding that the windows of one step see beyond the ends of the sound, and the frames it comes from.

    The latent with its padding is drawn as in `plot_latent`. In the strip above it, the padding is hatched, and the
    frames that it mirrors are blue. The dashed line is the mirror: the middle of the first or the last frame, which is
    not repeated.

    With the edge policy `reflect`, the clean estimate is mirrored and noise is added again. The copy therefore
    resembles its source only as far as the latent is already clean. Before there is an estimate, at step 0 of a run
    that does not start from known sound, the padding is made like the initial latent. With `reflect_noisy`, the noisy
    latent itself is mirrored.

    Args:
        step: A `Step`, or another object with a `.layout` and a `.padded` `[B, C, left + T + right, F]`, numpy or
            torch.
        channel: The channel to draw.
        end: "left" and "right" zoom in on one end; "both" shows everything.
        ax: The axes to draw into, or None for a new figure.
        clock: The rates that give seconds. None is the clock of the run, or AudioLDM's for bare layouts.

    Returns:
        The figure, the axes and the image.

    Raises:
        InputError: `step` is something else, its length does not fit its layout, it lacks the channel, or it holds NaN
            or infinity.
    """
    layout = getattr(step, "layout", None)
    if not isinstance(layout, Layout) or not hasattr(step, "padded"):
        raise InputError(f"step is {show(step)}: expected a .layout and a .padded; pass what sampler.begin() returns")
    end = check_name("end", end, ("both", "left", "right"))
    (left, right), frames = layout.pad, layout.frames
    padded, seconds = as_array(step.padded), clock_of(step, clock).frame_seconds
    plane = latent_plane(padded, channel)
    if len(plane) != left + frames + right:
        raise InputError(
            f"padded has {len(plane)} frames: expected {left} + {frames} + {right} from its layout; "
            "pass what sampler.begin() returns"
        )
    noise_alone = getattr(getattr(step, "padding", None), "of", None) == "nothing"

    fig, ax = axes(ax, height=3.4)
    image = draw_latent(ax, plane, rows_of(padded, channel), seconds, first=-left)
    bins = plane.shape[1]
    top, unit = bins - 0.5, bins / 16
    strip = (top + 1.9 * unit, top + 0.6 * unit)
    for pad, border, inwards in ((left, 0, 1), (right, frames, -1)):
        if not pad:
            continue
        mirror = border + inwards / 2
        copy = sorted((border, border - inwards * pad))
        hatch_bands(ax, [(0, *copy, *strip)], seconds)
        if not noise_alone:
            source = sorted((border + inwards, border + inwards * (pad + 1)))
            draw_bands(ax, [(0, *source, *strip)], seconds)
            turn = [sum(source) / 2 * seconds, mirror * seconds, sum(copy) / 2 * seconds]
            _arrow(ax, turn, strip[0] + 0.3 * unit, 1.8 * unit)
        line = [(border if noise_alone else mirror) * seconds] * 2
        ax.plot(line, [-0.5, top + 4.6 * unit], color="black", lw=1.1, ls="-" if noise_alone else (0, (4, 3)))
    reach = max(3 * max(left, right), layout.tile_size // 2)
    start = frames - reach if end == "right" else -left
    stop = reach if end == "left" else frames + right
    ax.set(xlim=(max(start, -left) * seconds, min(stop, frames + right) * seconds))
    ax.set_ylim(-0.5, top + 5 * unit if left or right else top)
    ax.set_yticks(range(0, bins, max(1, bins // 4)))
    frame_axis(ax, seconds)
    what = f"padding of {left} and {right} frames" if left or right else "no padding"
    ax.set_title(f"{layout.method}, {layout.edge}, shift {layout.shift}: {what}", loc="left", fontsize="medium")
    if left or right:
        kind = "new noise: there is no estimate yet" if noise_alone else "padding"
        entries: list[tuple[Any, str]] = [hatch_key(kind)]
        if not noise_alone:
            entries.append((Patch(facecolor=BLUES[0]), _SOURCES.get(layout.policy.padding, "mirrored frames")))
            entries.append((Line2D([], [], color="black", lw=1.1, ls=(0, (3, 2))), "mirror"))
        legend(ax, entries)
    return fig, ax, image


_SOURCES = {
    "clean estimate": "mirrored frames: the clean estimate with new noise",
    "noisy latent": "mirrored frames, with their noise",
}


def _arrow(ax: Axes, times: list[float], height: float, bow: float) -> None:
    """Draw a curved arrow from one time across a mirror to another."""
    corners = zip(times, [height, height + 2 * bow, height], strict=True)
    path = Path(list(corners), [Path.MOVETO, Path.CURVE3, Path.CURVE3])
    ax.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=11, color="black", lw=1.1))


def _describe(layout: Layout, seconds: float) -> str:
    """Return the method, edge policy and tile size as a title."""
    if layout.fallback:
        return f"{layout.method}: the latent fits one tile, so one window"
    if layout.method == "full":
        return f"full: one window, {layout.frames} frames"
    size, fade = layout.tile_size, ", cross-faded" if layout.blended else ""
    return f"{layout.method}, {layout.edge}, tiles of {size} frames ({size * seconds:g} s){fade}"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
