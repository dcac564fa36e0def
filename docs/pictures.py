"""Draw the pictures of README.md and of the site from real runs, light and dark.

    python -m docs.pictures    # or: make pictures

It writes docs/cut-*.png, fixed tiles beside SpotDiffusion, and docs/overview-*.png, a run from noise to sound. Run it
again when the weights of the embedded model change.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import spotnb
from spotnb.plots.overview import THEMES, draw_overview
from spotnb.sound.measure import MEL_SECONDS
from spotnb.sound.mel import FLOOR, mel_bin
from spotnb.widgets.overview_run import process_of

FOLDER = Path(__file__).parent
DPI = 120
COLORS = 160
"""The number of colors of a picture. More make its file larger, and not better."""
RUN: dict[str, Any] = {
    "prompt": "nature sounds",
    "duration": 20,
    "steps": 12,
    "guidance_scale": 2.5,
    "guidance_interval": (100, 800),
    "seed": 1,
}
TILE = 128
NAMES = {
    "tiles": ("Fixed tiles", "every step cuts in the same places"),
    "spot": ("SpotDiffusion", "every step cuts somewhere else"),
}


def main() -> None:
    """Draw all pictures."""
    model = spotnb.load_model("tiny", device="cpu")
    config = spotnb.SpotDiffusionConfig(tile_size_time=TILE)
    runs = {
        method: spotnb.generate_audio(model, config=config, method=method, record="all", progress=False, **RUN)
        for method in NAMES
    }
    process, _ = process_of(runs["spot"].sampler, channel=0, candidate=0)
    for theme in THEMES:
        write(draw_cut(runs, theme), f"cut-{theme}.png")
        figure = new_figure(10, 2.25)
        draw_overview(figure, process, theme)
        write(figure, f"overview-{theme}.png")


def draw_cut(runs: dict[str, spotnb.Generation], theme: str) -> Figure:
    """Draw the spectrograms of both runs, one above the other."""
    colors = THEMES[theme]
    figure = new_figure(10, 5.4)
    figure.set_facecolor(colors["paper"])
    figure.subplots_adjust(left=0.075, right=0.975, top=0.87, bottom=0.1, hspace=0.5)
    several = figure.subplots(2, 1, sharex=True)
    for axes, (method, run) in zip(several, runs.items(), strict=True):
        _draw_run(axes, run, method, colors)
    several[-1].set_xlabel("seconds", color=colors["muted"], fontsize=13)
    return figure


def _draw_run(axes: Axes, run: spotnb.Generation, method: str, colors: dict[str, str]) -> None:
    score = run.grid_score()
    assert score is not None
    seconds = run.waveform.shape[-1] / run.sampler.clock.sample_rate
    mel = run.mel[: round(seconds / MEL_SECONDS)]
    extent = (0, seconds, -0.5, mel.shape[1] - 0.5)
    axes.imshow(mel.T, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=np.log(FLOOR), vmax=2)
    name, words = NAMES[method]
    across = axes.get_xaxis_transform()
    axes.text(0, 1.16, name, transform=axes.transAxes, color=colors["ink"], fontsize=17, fontweight="bold")
    axes.text(0.215, 1.16, words, transform=axes.transAxes, color=colors["muted"], fontsize=15)
    told = f"seam score {score.score:.1f}" + (" (1: no seam)" if method == "spot" else "")
    axes.text(1, 1.16, told, transform=axes.transAxes, color=colors["ink"], fontsize=15, ha="right")
    for place in range(TILE, run.sampler.frames, TILE) if method == "tiles" else ():
        time = place * run.sampler.clock.frame_seconds
        axes.plot(time, 1.05, marker="v", ms=11, color="#e0573a", transform=across, clip_on=False)
    axes.set_xticks(range(0, int(seconds) + 1, 5))
    axes.set_yticks(mel_bin((500, 2000)), ["500 Hz", "2 kHz"])
    axes.tick_params(colors=colors["muted"], labelsize=12)
    for spine in axes.spines.values():
        spine.set(edgecolor=colors["muted"], linewidth=0.8)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def write(figure: Figure, name: str) -> None:
    """Write a figure to docs/ as a PNG of few colors."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    path = FOLDER / name
    image = Image.open(buffer).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    print(f"{path.name}: {image.width} x {image.height}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
