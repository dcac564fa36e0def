"""Plots of latents, log-mel spectrograms and waveforms, with a time axis in seconds.

Each function draws into `ax`, or creates a figure if that is None, and returns `(fig, ax, artist)`. Seams are given in
latent frames (40 ms) and look the same in all plots: a triangle, a short line at the top and the bottom that leaves the
seam itself visible, and a legend with their number. Seams outside the sound are omitted. Sound is at 16 kHz.
"""

from __future__ import annotations

import os
import textwrap
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from spotnb.errors import InputError
from spotnb.plots.drawing import BLUES, as_seams, axes, draw_image, draw_latent, latent_plane, mark_seams
from spotnb.plots.figures import new_plot
from spotnb.sound.mel import FLOOR, HOP, SAMPLE_RATE, as_log_mel, mel_bin
from spotnb.support.arrays import as_waveform
from spotnb.support.checks import check_text
from spotnb.support.files import atomic_write
from spotnb.support.paths import check_path, show_path

COLUMNS = 2000  # of the envelope of a waveform: more than a screen shows, and fast to draw for any duration
HZ = (125, 500, 1000, 2000, 4000)


def plot_latent(
    latent: ArrayLike, channel: int = 0, seams: Iterable[int] | None = None, ax: Axes | None = None
) -> tuple[Figure, Axes, AxesImage]:
    """Plot one channel of a latent with time on the x axis and latent bins on the y axis.

    White is zero. The scales of red and blue extend equally far, to the 99.8th percentile of the magnitudes, so that a
    single outlier does not make everything else pale.

    Args:
        latent: `[C, T, F]`, or `[B, C, T, F]`, of which the first is drawn; numpy or torch.
        channel: The channel to draw.
        seams: Seams to mark, in latent frames.
        ax: The axes to draw into, or None for a new figure.

    Returns:
        The figure, the axes and the image.

    Raises:
        InputError: `latent` has another shape, holds NaN or infinity, or lacks the channel.
    """
    plane, seams = latent_plane(latent, channel), as_seams(seams)
    fig, ax = axes(ax, height=2.4)
    image = draw_latent(ax, plane, channel)
    mark_seams(ax, seams)
    return fig, ax, image


def plot_mel(
    mel_or_waveform: ArrayLike, seams: Iterable[int] | None = None, ax: Axes | None = None
) -> tuple[Figure, Axes, AxesImage]:
    """Plot a log-mel spectrogram with time on the x axis and the 64 mel bands on the y axis, labeled in Hz.

    The color scale is the same in every plot: from -11.5, which is silence, to 2.

    Args:
        mel_or_waveform: A log-mel `[frames, 64]`, as a model or `log_mel` returns it, or a waveform `[samples]`.
        seams: Seams to mark, in latent frames.
        ax: The axes to draw into, or None for a new figure.

    Returns:
        The figure, the axes and the image.

    Raises:
        InputError: `mel_or_waveform` has another shape, or holds NaN or infinity.
    """
    mel, seams = as_log_mel(mel_or_waveform), as_seams(seams)
    fig, ax = axes(ax, height=3.2)
    image = draw_image(ax, mel, HOP / SAMPLE_RATE, cmap="magma", vmin=np.log(FLOOR), vmax=2)
    ax.set_ylabel("mel band (Hz)")
    ax.set_yticks(mel_bin(HZ), [str(hz) for hz in HZ])
    fig.colorbar(image, ax=ax, pad=0.01, extend="both", label="magnitude (natural log)")
    mark_seams(ax, seams)
    return fig, ax, image


def plot_waveform(
    waveform: ArrayLike, seams: Iterable[int] | None = None, ax: Axes | None = None
) -> tuple[Figure, Axes, Artist]:
    """Plot a waveform with time on the x axis and amplitude on the y axis, from -1 to 1 even if it is quiet.

    If there are more than 4000 samples, the envelope is drawn: the minimum and maximum of each of 2000 parts, so that
    no peak is lost.

    Args:
        waveform: `[samples]`.
        seams: Seams to mark, in latent frames.
        ax: The axes to draw into, or None for a new figure.

    Returns:
        The figure, the axes, and the line or the filled envelope.

    Raises:
        InputError: `waveform` is not a finite waveform.
    """
    wave, seams = as_waveform(waveform), as_seams(seams)
    seconds = len(wave) / SAMPLE_RATE
    fig, ax = axes(ax, height=2.4)
    artist: Artist
    if len(wave) <= 2 * COLUMNS:
        (artist,) = ax.plot(np.arange(len(wave)) / SAMPLE_RATE, wave, lw=0.8, color=BLUES[0])
    else:
        edges = np.linspace(0, len(wave), COLUMNS + 1).astype(int)
        low, high = (f.reduceat(wave, edges[:-1]) for f in (np.minimum, np.maximum))
        middles = (edges[1:] + edges[:-1]) / 2 / SAMPLE_RATE
        artist = ax.fill_between(middles, low, high, lw=0.6, color=BLUES[0])
    ax.axhline(0, lw=0.5, color="0.6", zorder=0)
    limit = 1.05 * max(1.0, float(np.abs(wave).max()))
    ax.set(xlim=(0, seconds), ylim=(-limit, limit), xlabel="time (s)", ylabel="amplitude (1 = full scale)")
    ax.spines[["top", "right"]].set_visible(False)
    mark_seams(ax, seams)
    return fig, ax, artist


def plot_run(
    waveform: ArrayLike, mel: ArrayLike | None = None, seams: Iterable[int] | None = None, title: str | None = None
) -> Figure:
    """Plot a waveform above its log-mel on one time axis, with the seams in both.

    Args:
        waveform: `[samples]`.
        mel: The log-mel `[frames, 64]`. None computes it from the waveform. Frames beyond the end of the waveform are
            not shown.
        seams: Seams to mark, in latent frames.
        title: A title, which is wrapped. It is taken literally, because it is usually a prompt: `$` does not start a
            formula.

    Returns:
        The figure.

    Raises:
        InputError: As for `plot_waveform` and `plot_mel`.
    """
    wave, mel = as_waveform(waveform), as_log_mel(waveform if mel is None else mel)
    seams = as_seams(seams)
    title = None if title is None else check_text("title", title, hint="pass the prompt, or None")
    fig, (upper, lower) = new_plot(5.4, rows=2, sharex=True, height_ratios=(2, 3))
    plot_waveform(wave, seams, upper)  # first, because it sets the limits of both
    plot_mel(mel, seams, lower)
    upper.set_xlabel("")
    if legend := lower.get_legend():
        legend.remove()
    if title:
        lines = textwrap.wrap(title, 100, max_lines=3, placeholder=" …")
        text = "\n".join(lines).encode("utf-8", "replace").decode()  # a lone surrogate cannot be drawn
        fig.suptitle(text, fontsize="large", parse_math=False, usetex=False)
    return fig


def save_figure(fig: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure to a file in the format of its suffix, and return the path of the file.

    An existing file is replaced only when the new one is complete.

    Raises:
        InputError: Matplotlib cannot write files with this suffix.
        SpotnbError: The file cannot be written.
    """
    path = check_path("path", path)
    formats = fig.canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in formats:
        raise InputError(
            f"cannot tell the format of {show_path(path)!r} from its name: end the name in .png, .svg or .pdf"
        )
    with atomic_write(path) as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a rare letter is shown as a box, which is enough
        fig.savefig(temporary, dpi=150)
    return path
