"""The static picture of a `TileShiftDebugger`: the tiles of a step, the latent below them, and the seams of all steps.

It has the scale and the words of the view (`static/tile_shift/scale.js` and `signs.js`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from spotnb.plots.bands import hatch_bands, hatch_key, seam_key, seen_key, tiles_key
from spotnb.plots.drawing import draw_image, mark_seams
from spotnb.plots.layouts import plot_layout, plot_seams
from spotnb.plots.style import LIGHT, SIGNED
from spotnb.tiling.clock import Clock
from spotnb.tiling.layout import Layout
from spotnb.widgets.base import new_figure
from spotnb.widgets.tile_shift_latent import Backdrop

WORDS: Final = {
    "tiles": "tiles",
    "seen": "seen, not kept",
    "seam": "seam of this step",
    "before": "seam of the step before",
    "end": "ends of the sound",
    "closing": "where the loop closes",
    "padding": "padding",
    "around": "the other end",
    "fade": "cross-fade: the height is the share",
}
NO_LATENT: Final = "no real latent of this length is included"


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn.

    Attributes:
        step: The index of the step.
        name: The step as the run counts it.
        tiling: The layout that is shown.
        layouts: The layouts of all steps.
        latent: What is behind the tiles, or None.
        clock: The rates that give seconds.
    """

    step: int
    name: int
    tiling: Layout
    layouts: Sequence[Layout]
    latent: Backdrop | None
    clock: Clock

    @property
    def range(self) -> tuple[int, int]:
        """The part of time that is shown, in latent frames, which depends on neither method nor edge."""
        beyond = self.tiling.tile_size if self.tiling.frames > self.tiling.tile_size else 0
        return -beyond, self.tiling.frames + beyond

    @property
    def before(self) -> list[int]:
        """The seams of the step before that this step does not have."""
        return sorted(set(self.layouts[self.step - 1].cuts) - set(self.tiling.cuts)) if self.step else []


def draw_tiles(picture: Picture) -> Figure:
    """Return the figure."""
    seconds, frames = picture.clock.frame_seconds, picture.tiling.frames
    figure = new_figure(height=6.2)
    figure.subplots_adjust(top=0.87, bottom=0.08, hspace=0.5)
    above, middle, below = figure.subplots(3, 1, gridspec_kw={"height_ratios": [1.2, 1, 1.2]})
    ticks = MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(0, frames * seconds)
    plot_layout(picture.tiling, above, clock=picture.clock)
    _draw_latent(middle, picture)
    plot_seams(picture.layouts, below, clock=picture.clock)
    for axes in (above, middle, below):
        for scale in list(axes.child_axes):
            scale.remove()  # one unit is enough
        for border in (0, frames):
            axes.axvline(border * seconds, color=LIGHT["ink"], lw=1)
        axes.set(xlim=[border * seconds for border in picture.range], xlabel="")
        axes.set_xticks([tick for tick in ticks if 0 <= tick <= frames * seconds])
        axes.spines[["left", "right", "top"]].set_visible(False)
    middle.tick_params(labelbottom=False)
    below.set(xlabel="time (s)")
    above.set_title(_title(picture), loc="left", fontsize="medium", pad=22)
    below.set_title("all steps", loc="left", fontsize="medium", pad=22)
    _legend(above, _keys(picture))
    counted = below.get_legend()
    if counted is not None:
        words = [text.get_text() for text in counted.texts]
        _legend(below, list(zip(counted.legend_handles, words, strict=True)))
    return figure


def _title(picture: Picture) -> str:
    layout, seconds = picture.tiling, picture.clock.frame_seconds
    shift = f", shift {layout.shift * seconds:.4g} s" if layout.shift else ""
    widths = sorted({layout.widths[0], *layout.widths})
    size = " to ".join(f"{width * seconds:.4g}" for width in dict.fromkeys((widths[0], widths[-1])))
    return f"step {picture.name}: {layout.method}, {layout.edge}, windows of {size} s{shift}"


def _draw_latent(axes: Axes, picture: Picture) -> None:
    """Draw the latent with the seams of this step and of the step before, and the padding."""
    layout, seconds = picture.tiling, picture.clock.frame_seconds
    words = NO_LATENT
    if picture.latent is not None:
        backdrop, limit = picture.latent, picture.latent.limit
        plane = backdrop.plane(picture.step)
        colors: dict[str, Any] = {"cmap": SIGNED, "vmin": -limit, "vmax": limit}
        draw_image(axes, plane, seconds * backdrop.factor, interpolation="nearest", **colors)  # half the PNG's size
        words = backdrop.words()
    low, high = axes.get_ylim()
    starts, stops = zip(*(tile.window for tile in layout.tiles), strict=True)
    past = [(min(0, *starts), 0), (layout.frames, max(layout.frames, *stops))]
    hatch_bands(axes, [(0, start, stop, high, low) for start, stop in past if stop > start], seconds)
    axes.set(yticks=[], ylabel="latent", ylim=(low, high), xlim=[border * seconds for border in picture.range])
    dotted: dict[str, Any] = {"colors": LIGHT["ghost"], "lw": 1.5, "ls": (0, (2, 2))}
    axes.vlines([seam * seconds for seam in picture.before], low, high, **dotted)
    mark_seams(axes, layout.cuts, seconds, legend=False)
    axes.set_title(words, loc="left", fontsize="small", color=LIGHT["muted"], pad=9)


def _keys(picture: Picture) -> list[tuple[Any, str]]:
    """Return the legend of the step: what is visible, and no more."""
    layout, ring = picture.tiling, picture.tiling.ring
    low, high = (float("-inf"), float("inf")) if ring else (0, layout.frames)
    more = any(max(t.window[0], low) < t.segment[0] or min(t.window[1], high) > t.segment[1] for t in layout.tiles)
    past = any(tile.window[0] < 0 or tile.window[1] > layout.frames for tile in layout.tiles)
    keys = [tiles_key()]
    if more:
        keys.append(seen_key())
    if layout.blended:
        keys.append((tiles_key()[0], WORDS["fade"]))
    if layout.cuts:
        keys.append((seam_key()[0], WORDS["seam"]))
    if picture.before:
        keys.append((Line2D([], [], color=LIGHT["ghost"], lw=1.5, ls=(0, (2, 2))), WORDS["before"]))
    keys.append((Line2D([], [], color=LIGHT["ink"], lw=1), WORDS["closing" if ring else "end"]))
    if past:
        keys.append(hatch_key(WORDS["around" if ring else "padding"]))
    return keys


def _legend(axes: Axes, entries: Sequence[tuple[Any, str]]) -> None:
    from matplotlib.legend_handler import HandlerTuple

    handles, labels = zip(*entries, strict=True)
    options: dict[str, Any] = {"handler_map": {tuple: HandlerTuple(ndivide=None, pad=0)}, "fontsize": "small"}
    options |= {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2, "ncols": len(labels)}
    axes.legend(handles, labels, frameon=False, borderpad=0, handlelength=1.6, columnspacing=1.4, **options)
