"""The elements that all plots share: a time axis in seconds, images of latents and spectrograms, and marks of seams.

Their colors and scales are in `spotnb.plots.style`.
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
from spotnb.plots.style import DB, DECIBELS, HZ, LIGHT, RANGE, RUST, SIGNED, SPECTROGRAM
from spotnb.sound.mel import HOP, SAMPLE_RATE, mel_bin
from spotnb.support.arrays import as_array, require_finite
from spotnb.support.checks import check_instance, check_int, show
from spotnb.tiling.clock import AUDIOLDM, Clock

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


def clock_of(value: Any, clock: Any = None) -> Clock:
    """Return `clock`, or if it is None that of a run, a trace or a step, or AudioLDM's for anything else.

    Raises:
        InputError: `clock` is something else.
    """
    if clock is not None:
        return check_instance("clock", clock, Clock, hint="pass the clock of a sampler or a trace, or None")
    found = getattr(value, "clock", None)
    return found if isinstance(found, Clock) else AUDIOLDM


def latent_plane(latent: ArrayLike, channel: int) -> NDArray[np.float32]:
    """Return one channel `[T, F]` of a latent `[C, T, F]`, or of the first latent of `[B, C, T, F]`.

    A latent of one bin would be a single line: all its channels are returned instead, `[T, C]`, as `rows_of` names.

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
    planes = array.reshape(-1, *array.shape[-2:])
    one_bin = array.shape[-1] == 1 and last > 0
    plane: NDArray[np.float32] = (planes[: last + 1, :, 0].T if one_bin else planes[channel]).astype(np.float32)
    require_finite(plane, "the latent")
    return plane


def rows_of(latent: ArrayLike, channel: int) -> tuple[str, str]:
    """Return what the rows of `latent_plane` are, and the label of their values."""
    shape = as_array(latent).shape
    return ("channel", "latent") if shape[-1] == 1 < shape[-3] else ("latent bin", f"latent, channel {channel}")


def draw_latent(
    ax: Axes, plane: NDArray[np.float32], words: tuple[str, str], seconds: float, first: int = 0
) -> AxesImage:
    """Draw the result of `latent_plane`, whose first frame is latent frame `first`. White is zero.

    `words` is the result of `rows_of`, and `seconds` the length of a latent frame.
    """
    limit = float(np.quantile(np.abs(plane), 0.998)) or 1.0
    image = draw_image(ax, plane, seconds, first, cmap=SIGNED, vmin=-limit, vmax=limit)
    ax.set_ylabel(words[0])
    ax.figure.colorbar(image, ax=ax, pad=0.01, extend="both", label=words[1])
    return image


def draw_mel(ax: Axes, mel: NDArray[np.float32]) -> AxesImage:
    """Draw a log-mel `[frames, 64]` in the colors that every spectrogram has, with its bands labeled in Hz."""
    image = draw_image(ax, mel, HOP / SAMPLE_RATE, cmap=SPECTROGRAM, vmin=RANGE[0], vmax=RANGE[1])
    ax.set_yticks(mel_bin(HZ), [str(hz) for hz in HZ])
    return image


def decibel_bar(ax: Axes, image: AxesImage) -> None:
    """Add the color bar of a spectrogram, in dB."""
    bar = ax.figure.colorbar(image, ax=ax, pad=0.01, extend="max", label="magnitude (dB)")
    labels = [str(level).replace("-", "\N{MINUS SIGN}") for level in DECIBELS]
    bar.set_ticks([level / DB for level in DECIBELS], labels=labels)


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
        raise InputError(f"seams is {show(seams)}: expected frames such as layout.cuts; None marks none") from None
    return frames


def mark_seams(
    ax: Axes, seams: Iterable[int] | None, seconds: float, *, legend: bool = True, triangles: bool = True
) -> None:
    """Mark seams: a triangle above, and a short line at the top and the bottom that leaves the seam itself visible.

    The lines are outlined, so that they are visible on any color. Seams outside the axes are omitted.

    Args:
        ax: The axes, whose limits are final.
        seams: The seams in latent frames.
        seconds: The length of a latent frame.
        legend: Whether a legend counts the seams.
        triangles: Whether to draw the triangles, which the uppermost of several pictures needs.
    """
    start, end = ax.get_xlim()
    times = as_seams(seams) * seconds
    times = times[(times >= start) & (times <= end)]
    if not times.size:
        return
    across = ax.get_xaxis_transform()
    for color, width in ((LIGHT["halo"], 3.0), (RUST, 1.5)):
        for low, high in ((0, 0.1), (0.9, 1)):
            ax.vlines(times, low, high, colors=color, lw=width, transform=across)
    if not triangles:
        return
    label = "1 seam" if len(times) == 1 else f"{len(times)} seams"
    style: dict[str, Any] = {"color": RUST, "ls": "", "marker": TRIANGLE, "label": label, "clip_on": False}
    (marks,) = ax.plot(times, np.ones(len(times)), transform=across, **style)
    if legend:
        ax.legend(handles=[marks], loc="lower right", bbox_to_anchor=(1, 1), handlelength=1, frameon=False)


def frame_axis(ax: Axes, seconds: float) -> None:
    """Add a second scale in latent frames, each of which lasts `seconds`, along the top."""
    both = lambda times: np.asarray(times) / seconds, lambda frames: np.asarray(frames) * seconds
    top = ax.secondary_xaxis("top", functions=both)
    top.set_xlabel("latent frame", fontsize="small", color="0.35")
    top.tick_params(labelsize="small", labelcolor="0.35", color="0.6")
