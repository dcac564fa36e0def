"""What all pictures share: one time axis in seconds, one way to mark a seam, one set of colours.

The two blues differ in lightness, and the rust of a seam from both in hue and lightness, so that neither a colour-blind
reader nor a black-and-white print loses anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from spotnb.errors import InputError
from spotnb.sound.mel import LATENT_SECONDS
from spotnb.support.arrays import as_array, require_finite
from spotnb.support.checks import check_int

BLUES: Final = ("#33658a", "#86bbd8")
RUST: Final = "#b4442c"
TRIANGLE: Final = 7  # matplotlib's CARETDOWN: its tip, not its middle, is on the spot


def axes(ax: Axes | None, height: float) -> tuple[Figure, Axes]:
    """`ax` and its figure; or those of a new one, 11 inches wide and `height` high."""
    if ax is None:
        return plt.subplots(figsize=(11, height), layout="constrained")
    fig = ax.get_figure(root=True)
    if fig is None:
        raise InputError("ax belongs to no figure any more: pass one that does, or none")
    return fig, ax


def latent_plane(latent: Any, channel: int) -> NDArray[np.float32]:
    """One channel `[T, F]` of a latent `[C, T, F]`, or of the first of `[B, C, T, F]`; finite, else `InputError`."""
    array = as_array(latent)
    if array.ndim not in (3, 4) or not array.size:
        raise InputError(f"a latent is [C, T, F] or [B, C, T, F], got shape {list(array.shape)}")
    last = array.shape[-3] - 1
    channel = check_int("channel", channel, 0, last, hint=f"the latent has {last + 1}, pass 0 to {last}")
    plane: NDArray[np.float32] = array.reshape(-1, *array.shape[-2:])[channel].astype(np.float32)
    require_finite(plane, "the latent")
    return plane


def draw_latent(ax: Axes, plane: NDArray[np.float32], channel: int, first: int = 0) -> AxesImage:
    """Draw `[T, F]` of a latent, its first frame at latent frame `first`. White is zero."""
    limit = float(np.quantile(np.abs(plane), 0.998)) or 1.0
    image = draw_image(ax, plane, LATENT_SECONDS, first, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set_ylabel("latent bin")
    ax.figure.colorbar(image, ax=ax, pad=0.01, extend="both", label=f"latent, channel {channel}")
    return image


def draw_image(ax: Axes, frames: NDArray[np.float32], seconds: float, first: int = 0, **colours: Any) -> AxesImage:
    """Draw `[frames, bins]` with bin k centred at height k, and each frame as wide as its `seconds`."""
    extent = (first * seconds, (first + len(frames)) * seconds, -0.5, frames.shape[1] - 0.5)
    ax.set_xlabel("time (s)")
    return ax.imshow(frames.T, origin="lower", aspect="auto", extent=extent, **colours)


def mark_seams(ax: Axes, seams: Iterable[int] | None) -> None:
    """Mark seams in black on white, which shows on any colour."""
    start, end = ax.get_xlim()
    times = np.asarray(() if seams is None else list(seams), float) * LATENT_SECONDS
    times = times[(times >= start) & (times <= end)]
    if not times.size:
        return
    across = ax.get_xaxis_transform()
    for colour, width in (("white", 2.4), ("black", 0.9)):
        for low, high in ((0, 0.1), (0.9, 1)):
            ax.vlines(times, low, high, colors=colour, lw=width, transform=across)
    label = "1 seam" if len(times) == 1 else f"{len(times)} seams"
    tops = np.ones(len(times))
    (marks,) = ax.plot(times, tops, "k", ls="", marker=TRIANGLE, label=label, transform=across, clip_on=False)
    ax.legend(handles=[marks], loc="lower right", bbox_to_anchor=(1, 1), handlelength=1, frameon=False)


def frame_axis(ax: Axes) -> None:
    """A second scale along the top: latent frames."""
    top = ax.secondary_xaxis("top", functions=(_to_frames, _to_seconds))
    top.set_xlabel("latent frame", fontsize="small", color="0.35")
    top.tick_params(labelsize="small", labelcolor="0.35", color="0.6")


def _to_frames(seconds: Any) -> Any:
    return np.asarray(seconds) / LATENT_SECONDS


def _to_seconds(frames: Any) -> Any:
    return np.asarray(frames) * LATENT_SECONDS
