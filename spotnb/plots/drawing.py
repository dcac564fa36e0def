"""The elements that all plots share: a time axis in seconds, one way to mark a seam, and one set of colors.

The two blues differ in lightness, and the rust red of a seam differs from both in hue and lightness, so that plots are
readable for color-blind readers and in black and white.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike, NDArray

from spotnb.errors import InputError
from spotnb.plots.figures import new_plot
from spotnb.sound.mel import LATENT_SECONDS
from spotnb.support.arrays import as_array, require_finite
from spotnb.support.checks import check_instance, check_int, show

BLUES: Final = ("#33658a", "#86bbd8")
RUST: Final = "#b4442c"
MOST_SEAMS: Final = 10**6
TRIANGLE: Final = 7  # matplotlib's CARETDOWN, whose tip is at the position rather than its center


def axes(ax: Axes | None, height: float) -> tuple[Figure, Axes]:
    """Return the figure of `ax` and `ax`. If it is None, create a figure 11 inches wide and `height` inches high."""
    if ax is None:
        return new_plot(height)
    fig = check_instance("ax", ax, Axes, hint="pass axes from plt.subplots(), or None for a new figure").get_figure(
        root=True
    )
    if fig is None:
        raise InputError("ax no longer belongs to a figure: expected axes of a figure; pass others, or None")
    return fig, ax


def latent_plane(latent: ArrayLike, channel: int) -> NDArray[np.float32]:
    """Return one channel `[T, F]` of a latent `[C, T, F]`, or of the first latent of `[B, C, T, F]`.

    Raises:
        InputError: `latent` has another shape, holds NaN or infinity, or lacks the channel.
    """
    array = as_array(latent)
    if array.ndim not in (3, 4) or not array.size:
        raise InputError(
            f"the latent has shape {list(array.shape)}: expected [C, T, F] or [B, C, T, F], not empty; "
            "pass one of these"
        )
    last = array.shape[-3] - 1
    channel = check_int("channel", channel, 0, last, hint=f"the latent has {last + 1} channels, pass 0 to {last}")
    plane: NDArray[np.float32] = array.reshape(-1, *array.shape[-2:])[channel].astype(np.float32)
    require_finite(plane, "the latent")
    return plane


def draw_latent(ax: Axes, plane: NDArray[np.float32], channel: int, first: int = 0) -> AxesImage:
    """Draw one channel `[T, F]` of a latent, whose first frame is latent frame `first`. White is zero."""
    limit = float(np.quantile(np.abs(plane), 0.998)) or 1.0
    image = draw_image(ax, plane, LATENT_SECONDS, first, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_ylabel("latent bin")
    ax.figure.colorbar(image, ax=ax, pad=0.01, extend="both", label=f"latent, channel {channel}")
    return image


def draw_image(ax: Axes, frames: NDArray[np.float32], seconds: float, first: int = 0, **colors: Any) -> AxesImage:
    """Draw `[frames, bins]` with bin k centered at height k and each frame `seconds` wide."""
    extent = (first * seconds, (first + len(frames)) * seconds, -0.5, frames.shape[1] - 0.5)
    ax.set_xlabel("time (s)")
    return ax.imshow(frames.T, origin="lower", aspect="auto", extent=extent, **colors)


def as_seams(seams: Any) -> NDArray[np.float64]:
    """Return seams in latent frames as an array. Check them before a figure is created.

    Raises:
        InputError: `seams` is not None and holds something else than finite numbers, or more than a million.
    """
    try:
        if isinstance(seams, str | bytes | dict):
            raise TypeError
        frames = np.array([] if seams is None else list(islice(seams, MOST_SEAMS + 1)), float)
        if frames.ndim != 1 or len(frames) > MOST_SEAMS or not np.isfinite(frames).all():
            raise ValueError
    except Exception:  # whatever a caller's own class raises
        raise InputError(f"seams is {show(seams)}: expected frames such as layout.seams; None marks none") from None
    return frames


def mark_seams(ax: Axes, seams: Iterable[int] | None) -> None:
    """Mark seams in black on white, which is visible on any color. Seams outside the axes are omitted."""
    start, end = ax.get_xlim()
    times = as_seams(seams) * LATENT_SECONDS
    times = times[(times >= start) & (times <= end)]
    if not times.size:
        return
    across = ax.get_xaxis_transform()
    for color, width in (("white", 2.4), ("black", 0.9)):
        for low, high in ((0, 0.1), (0.9, 1)):
            ax.vlines(times, low, high, colors=color, lw=width, transform=across)
    label = "1 seam" if len(times) == 1 else f"{len(times)} seams"
    tops = np.ones(len(times))
    (marks,) = ax.plot(times, tops, "k", ls="", marker=TRIANGLE, label=label, transform=across, clip_on=False)
    ax.legend(handles=[marks], loc="lower right", bbox_to_anchor=(1, 1), handlelength=1, frameon=False)


def frame_axis(ax: Axes) -> None:
    """Add a second scale in latent frames along the top."""
    top = ax.secondary_xaxis("top", functions=(_to_frames, _to_seconds))
    top.set_xlabel("latent frame", fontsize="small", color="0.35")
    top.tick_params(labelsize="small", labelcolor="0.35", color="0.6")


def _to_frames(seconds: Any) -> Any:
    return np.asarray(seconds) / LATENT_SECONDS


def _to_seconds(frames: Any) -> Any:
    return np.asarray(frames) * LATENT_SECONDS
