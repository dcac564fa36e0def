"""Plots of latents, log-mel spectrograms and waveforms, with a time axis in seconds.

Each function draws into `ax`, or creates a figure if that is None, and returns `(fig, ax, artist)`. Seams are given in
latent frames and look the same in all plots: a triangle, a short line at the top and the bottom that leaves the seam
itself visible, and a legend with their number. Seams outside the sound are omitted. `clock` has the sample rate and the
length of a latent frame, as `SpotSampler.clock` gives them; AudioLDM's is the default.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike, NDArray

from spotnb.errors import InputError
from spotnb.plots.drawing import (
    as_seams,
    axes,
    clock_of,
    decibel_bar,
    draw_latent,
    draw_mel,
    latent_plane,
    mark_seams,
    rows_of,
)
from spotnb.plots.figures import new_plot
from spotnb.plots.style import BLUES
from spotnb.sound.heard import heard_mel
from spotnb.sound.measure import is_sound
from spotnb.sound.mel import SAMPLE_RATE, as_log_mel
from spotnb.support.arrays import as_array, as_sample_rate, as_sound
from spotnb.support.checks import check_text
from spotnb.support.files import atomic_write
from spotnb.support.paths import check_path, show_path
from spotnb.support.quiet import without_warnings
from spotnb.tiling.clock import AUDIOLDM, Clock

COLUMNS = 2000  # of the envelope of a waveform: more than a screen shows, and fast to draw for any duration
CHANNELS = ("left", "right")


def plot_latent(
    latent: ArrayLike,
    channel: int = 0,
    seams: Iterable[int] | None = None,
    ax: Axes | None = None,
    *,
    clock: Clock = AUDIOLDM,
) -> tuple[Figure, Axes, AxesImage]:
    """Plot one channel of a latent with time on the x axis and latent bins on the y axis.

    White is zero. The scales of red and blue extend equally far, to the 99.8th percentile of the magnitudes, so that a
    single outlier does not make everything else pale. A latent of one bin is drawn with its channels as rows.

    Args:
        latent: `[C, T, F]`, or `[B, C, T, F]`, of which the first is drawn; numpy or torch.
        channel: The channel to draw. A latent of one bin is drawn whole.
        seams: Seams to mark, in latent frames.
        ax: The axes to draw into, or None for a new figure.
        clock: The rates of the model.

    Returns:
        The figure, the axes and the image.

    Raises:
        InputError: `latent` has another shape, holds NaN or infinity, or lacks the channel.
    """
    plane, seams, seconds = latent_plane(latent, channel), as_seams(seams), clock_of(latent, clock).frame_seconds
    fig, ax = axes(ax, height=2.4)
    image = draw_latent(ax, plane, rows_of(latent, channel), seconds)
    mark_seams(ax, seams, seconds)
    return fig, ax, image


def plot_mel(
    mel_or_waveform: ArrayLike,
    seams: Iterable[int] | None = None,
    ax: Axes | None = None,
    *,
    sample_rate: int | None = None,
    clock: Clock = AUDIOLDM,
) -> tuple[Figure, Axes, AxesImage]:
    """Plot a log-mel spectrogram with time on the x axis and the 64 mel bands on the y axis, labeled in Hz.

    The color scale is the same in every plot: from -100 dB, which is silence, to 17 dB, which is about full scale. The
    values of the image stay natural logarithms, as models compute them.

    Args:
        mel_or_waveform: A log-mel `[frames, 64]`, as a model or `log_mel` returns it, or a sound `[samples]` or
            `[channels, samples]`, whose channels are averaged.
        seams: Seams to mark, in latent frames.
        ax: The axes to draw into, or None for a new figure.
        sample_rate: Of a sound, in Hz. None is the clock's.
        clock: The rates of the model.

    Returns:
        The figure, the axes and the image.

    Raises:
        InputError: `mel_or_waveform` has another shape, or holds NaN or infinity.
    """
    clock = clock_of(mel_or_waveform, clock)
    mel, seams = _mel_of(mel_or_waveform, _rate(sample_rate, clock)), as_seams(seams)
    fig, ax = axes(ax, height=3.2)
    image = draw_mel(ax, mel)
    ax.set_ylabel("mel band (Hz)")
    decibel_bar(ax, image)
    mark_seams(ax, seams, clock.frame_seconds)
    return fig, ax, image


def _rate(sample_rate: int | None, clock: Clock) -> int:
    return clock.sample_rate if sample_rate is None else as_sample_rate(sample_rate)


def _mel_of(sound: ArrayLike, rate: int) -> NDArray[np.float32]:
    """Return a log-mel as it is, or that of a sound of any rate."""
    if is_sound(sound) and (rate != SAMPLE_RATE or as_array(sound).ndim > 1):
        return heard_mel(as_sound(sound), rate)
    return as_log_mel(sound)


def plot_waveform(
    waveform: ArrayLike,
    seams: Iterable[int] | None = None,
    ax: Axes | None = None,
    *,
    sample_rate: int | None = None,
    clock: Clock = AUDIOLDM,
) -> tuple[Figure, Axes, Artist]:
    """Plot a waveform with time on the x axis and amplitude on the y axis, from -1 to 1 even if it is quiet.

    If there are more than 4000 samples, the envelope is drawn: the minimum and maximum of each of 2000 parts, so that
    no peak is lost. Channels are drawn one below the other.

    Args:
        waveform: `[samples]` or `[channels, samples]`.
        seams: Seams to mark, in latent frames.
        ax: The axes to draw into, or None for a new figure.
        sample_rate: Of a sound, in Hz. None is the clock's.
        clock: The rates of the model.

    Returns:
        The figure, the axes, and the line or the filled envelope of the first channel.

    Raises:
        InputError: `waveform` is not a finite waveform.
    """
    clock = clock_of(waveform, clock)
    wave, seams, rate = as_sound(waveform), as_seams(seams), _rate(sample_rate, clock)
    several = wave.ndim > 1 and len(wave) > 1
    fig, ax = axes(ax, height=1.2 + 1.2 * len(wave) if several else 2.4)
    limit = 1.05 * max(1.0, float(np.abs(wave).max()))
    drawn = []
    for number, channel in enumerate(wave if wave.ndim > 1 else [wave]):
        middle = -2 * limit * number
        drawn.append(_draw_wave(ax, channel, middle, rate))
        ax.axhline(middle, lw=0.5, color="0.6", zorder=0)
    ax.set(xlim=(0, wave.shape[-1] / rate), ylim=(middle - limit, limit), xlabel="time (s)")
    ax.set_ylabel("channel" if several else "amplitude (1 = full scale)")
    if several:
        names = CHANNELS if len(wave) == 2 else tuple(str(number + 1) for number in range(len(wave)))
        ax.set_yticks(-2 * limit * np.arange(len(wave)), names)
    ax.spines[["top", "right"]].set_visible(False)
    mark_seams(ax, seams, clock.frame_seconds)
    return fig, ax, drawn[0]


def _draw_wave(ax: Axes, wave: NDArray[np.float32], middle: float, rate: int) -> Artist:
    """Draw one channel, whose zero is at height `middle`, and return the line or the filled envelope."""
    if len(wave) <= 2 * COLUMNS:
        (line,) = ax.plot(np.arange(len(wave)) / rate, wave + middle, lw=0.8, color=BLUES[0])
        return line
    edges = np.linspace(0, len(wave), COLUMNS + 1).astype(int)
    low, high = (f.reduceat(wave, edges[:-1]) + middle for f in (np.minimum, np.maximum))
    middles = (edges[1:] + edges[:-1]) / 2 / rate
    return ax.fill_between(middles, low, high, lw=0.6, color=BLUES[0])


def plot_run(
    waveform: ArrayLike,
    mel: ArrayLike | None = None,
    seams: Iterable[int] | None = None,
    title: str | None = None,
    *,
    sample_rate: int | None = None,
    clock: Clock = AUDIOLDM,
) -> Figure:
    """Plot a waveform above its log-mel on one time axis, with the seams in both.

    Args:
        waveform: `[samples]` or `[channels, samples]`.
        mel: The log-mel `[frames, 64]`. None computes it from the waveform. Frames beyond the end of the waveform are
            not shown.
        seams: Seams to mark, in latent frames.
        title: A title, which is wrapped. It is taken literally, because it is usually a prompt: `$` does not start a
            formula.
        sample_rate: Of a sound, in Hz. None is the clock's.
        clock: The rates of the model.

    Returns:
        The figure.

    Raises:
        InputError: As for `plot_waveform` and `plot_mel`.
    """
    clock = clock_of(waveform, clock)
    wave, seams, rate = as_sound(waveform), as_seams(seams), _rate(sample_rate, clock)
    mel = _mel_of(wave, rate) if mel is None else as_log_mel(mel)
    title = None if title is None else check_text("title", title, hint="pass the prompt, or None")
    fig, (upper, lower) = new_plot(5.4, rows=2, sharex=True, height_ratios=(2, 3))
    plot_waveform(wave, seams, upper, sample_rate=rate, clock=clock)  # first, because it sets the limits of both
    plot_mel(mel, seams, lower, clock=clock)
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
    with atomic_write(path) as temporary, without_warnings("Glyph .* missing"):  # a box for a rare letter is enough
        fig.savefig(temporary, dpi=150)
    return path
