"""Pictures of latents, spectrograms and waveforms, all on one time axis in seconds.

Each function draws into `ax`, or into a figure of its own, and returns `(fig, ax, artist)`. Seams are given in latent
frames (40 ms) and look the same everywhere: a triangle, a short line at top and bottom that leaves the seam itself in
view, and a legend that counts them; those outside the sound are left out. Sound is 16 kHz.
"""

from __future__ import annotations

import os
import textwrap
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from spotnb.errors import InputError
from spotnb.plots.drawing import BLUES, axes, draw_image, draw_latent, latent_plane, mark_seams
from spotnb.sound.mel import FLOOR, HOP, SAMPLE_RATE, as_log_mel, mel_bin
from spotnb.support.arrays import as_waveform
from spotnb.support.files import atomic_write

COLUMNS = 2000  # of a waveform's envelope: more than a screen shows, and ten minutes draw as fast as ten seconds
HZ = (125, 500, 1000, 2000, 4000)


def plot_latent(
    latent: Any, channel: int = 0, seams: Iterable[int] | None = None, ax: Axes | None = None
) -> tuple[Figure, Axes, AxesImage]:
    """One channel of a latent: time across, latent bins upwards.

    `latent`: `[C, T, F]`, or `[B, C, T, F]`, of which the first is drawn; numpy or torch. White is zero; red and blue
    reach equally far, to the 99.8th percentile of the magnitudes, so that one outlier does not pale everything else.
    Raises `InputError` for another shape, a channel it does not have, NaN or infinity.
    """
    plane = latent_plane(latent, channel)
    fig, ax = axes(ax, height=2.4)
    image = draw_latent(ax, plane, channel)
    mark_seams(ax, seams)
    return fig, ax, image


def plot_mel(
    mel_or_waveform: Any, seams: Iterable[int] | None = None, ax: Axes | None = None
) -> tuple[Figure, Axes, AxesImage]:
    """A log-mel spectrogram: time across, its 64 mel bands upwards, labelled with their frequencies.

    `mel_or_waveform`: `[frames, 64]`, as a model decodes it or `log_mel` makes it, or a waveform `[samples]`. Colours
    mean the same in every picture: from -11.5, which is silence, to 2. Raises `InputError` for another shape, NaN or
    infinity.
    """
    mel = as_log_mel(mel_or_waveform)
    fig, ax = axes(ax, height=3.2)
    image = draw_image(ax, mel, HOP / SAMPLE_RATE, cmap="magma", vmin=np.log(FLOOR), vmax=2)
    ax.set_ylabel("mel band (Hz)")
    ax.set_yticks(mel_bin(HZ), [str(hz) for hz in HZ])
    fig.colorbar(image, ax=ax, pad=0.01, extend="both", label="magnitude (natural log)")
    mark_seams(ax, seams)
    return fig, ax, image


def plot_waveform(
    waveform: Any, seams: Iterable[int] | None = None, ax: Axes | None = None
) -> tuple[Figure, Axes, Artist]:
    """A waveform: time across, amplitude upwards, from -1 to 1 however quiet it is.

    `waveform`: `[samples]`. Above 4000 samples its envelope is drawn: the least and greatest of each 2000th part, so no
    peak is lost. Raises `InputError` for another shape or type, NaN or infinity.
    """
    wave = as_waveform(waveform)
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


def plot_run(waveform: Any, mel: Any = None, seams: Iterable[int] | None = None, title: str | None = None) -> Figure:
    """A sound at a glance: its waveform above its log-mel, on one time axis, with the seams in both.

    `mel`: `[frames, 64]`; by default, the waveform's own. What it has beyond the waveform's end is not shown. `title`
    is wrapped and, being a user's prompt, taken literally: `$` begins no formula. Raises what `plot_waveform` and
    `plot_mel` raise.
    """
    wave, mel = as_waveform(waveform), as_log_mel(waveform if mel is None else mel)
    seams = None if seams is None else list(seams)
    fig, (upper, lower) = plt.subplots(2, 1, sharex=True, figsize=(11, 5.4), height_ratios=(2, 3), layout="constrained")
    plot_waveform(wave, seams, upper)  # first, for it sets the limits of both
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
    """Write a figure to a file, whole or not at all, in the format its suffix names, and return the path.

    Raises `InputError` for a suffix that matplotlib cannot write and `SpotnbError` if the file cannot be written.
    """
    path = Path(path).expanduser()
    formats = fig.canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in formats:
        raise InputError(f"cannot tell the format of {str(path)!r}: end the name in .png, .svg or .pdf")
    with atomic_write(path) as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a box in place of a rare letter says enough
        fig.savefig(temporary, dpi=150)
    return path
