"""The picture of the whole: from noise by way of steps with moving cuts to a latent, a mel spectrogram and sound."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from spotnb.sound.measure import MEL_SECONDS, extremes
from spotnb.sound.mel import FLOOR
from spotnb.tiling.clock import Clock
from spotnb.tiling.layout import Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Plane = NDArray[np.float32]

STRIPS: Final = 7
"""The number of steps in the picture of the steps."""
THEMES: Final = {
    "light": {"ink": "#1c2733", "muted": "#586573", "paper": "#ffffff", "wave": "#33658a", "seam": "#b4442c"},
    "dark": {"ink": "#e4eaf0", "muted": "#a4b0bc", "paper": "#0d1117", "wave": "#8fc1dc", "seam": "#b4442c"},
}
"""Colors by theme, as in `widgets/static/shared/spotnb.css`; the dark paper is GitHub's. Seams lie on pale latents."""
STAGES: Final = {
    "noise": ("Noise", "pure chance"),
    "steps": ("Steps", "the cuts move"),
    "latent": ("Latent", "the noise is gone"),
    "mel": ("Spectrogram", "decoded"),
    "sound": ("Sound", "ready to play"),
}
"""Title and caption of each stage, in order."""


@dataclass(frozen=True, eq=False)
class Process:
    """What a finished run did, as planes `[T, F]` of one channel. Index k belongs to the k-th recorded step.

    Attributes:
        noise: The latent that the run started from.
        latents: The noisy latent after each step.
        estimates: The clean estimate of each step.
        layouts: The tiles of each step.
        mel: The log-mel `[frames, 64]`, cut to the length of the sound.
        waveform: `[samples]` or `[channels, samples]`.
        clock: The rates of the run.
    """

    noise: Plane
    latents: list[Plane]
    estimates: list[Plane]
    layouts: list[Layout]
    mel: Plane
    waveform: NDArray[np.float32]
    clock: Clock

    @property
    def limit(self) -> float:
        """The value at the ends of the color scale of all latents."""
        held = np.concatenate([self.noise.ravel(), self.estimates[-1].ravel()])
        return float(np.quantile(np.abs(held), 0.998)) or 1.0

    def before(self, index: int) -> Plane:
        """Return the noisy latent that the network sees at a recorded step."""
        return self.latents[index - 1] if index else self.noise


def draw_overview(figure: Figure, process: Process, theme: str = "light") -> None:
    """Draw the five stages side by side, with an arrow from each to the next.

    Args:
        figure: An empty figure, about five times as wide as high.
        process: What the run did.
        theme: One of `THEMES`.
    """
    colors = THEMES[theme]
    figure.set_facecolor(colors["paper"])
    figure.subplots_adjust(left=0.01, right=0.99, top=0.76, bottom=0.12, wspace=0.24)
    five = figure.subplots(1, 5)
    limit = process.limit
    _draw_latent(five[0], process.noise, limit)
    _draw_steps(five[1], process, limit, colors)
    _draw_latent(five[2], process.estimates[-1], limit)
    five[3].imshow(process.mel.T, origin="lower", aspect="auto", cmap="magma", vmin=np.log(FLOOR), vmax=2)
    _draw_wave(five[4], process.waveform, colors)
    seconds = f"{len(process.mel) * MEL_SECONDS:.3g} s"
    for axes, (title, caption) in zip(five, STAGES.values(), strict=True):
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, color=colors["ink"], fontsize=13, fontweight="bold", pad=22)
        axes.annotate(caption, (0.5, 1.05), xycoords="axes fraction", ha="center", color=colors["muted"], fontsize=10.5)
        for spine in axes.spines.values():
            spine.set(edgecolor=colors["muted"], linewidth=0.8)
    five[4].set_xlabel(f"0 to {seconds}", color=colors["muted"], fontsize=9.5, labelpad=4)
    _draw_arrows(figure, five, colors)


def strips(count: int) -> list[int]:
    """Return the indices of the steps in the picture of the steps, evenly from the first to the last of `count`.

    >>> strips(25)
    [0, 4, 8, 12, 16, 20, 24]
    """
    return sorted({round(place) for place in np.linspace(0, count - 1, min(STRIPS, count))})


def _draw_latent(axes: Axes, plane: Plane, limit: float, **where: Any) -> None:
    axes.imshow(plane.T, origin="lower", aspect="auto", cmap="RdBu_r", vmin=-limit, vmax=limit, **where)


def _draw_steps(axes: Axes, process: Process, limit: float, colors: dict[str, str]) -> None:
    """Draw some of the steps from top to bottom, each with its cuts."""
    chosen = strips(len(process.layouts))
    frames = len(process.noise)
    for row, index in enumerate(chosen):
        top, bottom = row + 0.06, row + 0.94
        _draw_latent(axes, process.before(index), limit, extent=(0, frames, bottom, top))
        for seam in process.layouts[index].cuts:
            axes.plot([seam, seam], [row, row + 1], color="white", lw=3.4, solid_capstyle="butt")
            axes.plot([seam, seam], [row, row + 1], color=colors["seam"], lw=1.9, solid_capstyle="butt")
    axes.set(xlim=(0, frames), ylim=(len(chosen), 0), facecolor=colors["paper"])


def _draw_wave(axes: Axes, waveform: NDArray[np.float32], colors: dict[str, str]) -> None:
    samples = waveform.shape[-1]
    low, high = extremes(waveform, np.linspace(0, samples, 400, endpoint=False).astype(int)).T
    axes.fill_between(np.arange(len(low)), low, high, color=colors["wave"], lw=0.8)
    peak = 1.05 * max(1e-6, float(np.abs(waveform).max()))
    axes.set(xlim=(0, len(low) - 1), ylim=(-peak, peak), facecolor=colors["paper"])


def _draw_arrows(figure: Figure, five: Any, colors: dict[str, str]) -> None:
    for left, right in pairwise(five):
        before, after = left.get_position(), right.get_position()
        middle = (before.y0 + before.y1) / 2
        gap = after.x0 - before.x1
        figure.add_artist(
            _arrow((before.x1 + 0.2 * gap, middle), (after.x0 - 0.16 * gap, middle), colors["ink"], figure)
        )


def _arrow(start: tuple[float, float], stop: tuple[float, float], color: str, figure: Figure) -> Any:
    from matplotlib.patches import FancyArrowPatch

    style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 15, "lw": 1.8, "shrinkA": 0, "shrinkB": 0}
    return FancyArrowPatch(start, stop, color=color, transform=figure.transFigure, **style)
