"""A page to look at and to listen to: real clips beside what each stage of the model makes of them.

    python -m training.listening_page --data data --model data/model

This writes `out/listen/index.html` with its sounds and pictures, in a folder that can be copied anywhere. All pictures
share one scale: hertz from 60 to 8000 on a logarithmic axis, and decibels below a full-scale sine from -80 to 0.
"""

from __future__ import annotations

import argparse
import html
import re
from pathlib import Path
from typing import Any

import librosa
import matplotlib.pyplot as plt
import numpy as np
import torch

from spotnb import save_audio
from spotnb.sound.mel import SAMPLE_RATE
from training import listening
from training.measure_stages import FIGURES
from training.stages import REAL, TONAL, load_stages, staged, unseen_clips

CLASSES = (*TONAL, "rock", "electronic")
LOWEST_HZ, HIGHEST_HZ, LOWEST_DB = 60, SAMPLE_RATE / 2, -80
WINDOW, HOP = 2048, 256
INK = "#808080"  # readable on light and on dark pages
UNITS = {
    "harmonic_to_noise_db": ("harmonic to noise", "dB"),
    "lufs": ("level", "LUFS"),
    "spectral_contrast_db": ("contrast", "dB"),
    "onset_clarity_db": ("onsets", "dB"),
    "pitch_jitter_cents": ("jitter", "cents"),
}
STYLE = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif }
body { max-width: 1360px; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin: 2rem 0 0 } p { margin: .3rem 0 }
section > div { display: grid; grid-template-columns: repeat(auto-fit, minmax(290px, 1fr)); gap: 1rem }
figure { margin: .5rem 0; min-width: 0 } img, audio { width: 100%; display: block }
figcaption { font-weight: 600 } table { border-collapse: collapse; width: 100%; font-size: .85rem }
td { padding: .1rem .4rem .1rem 0; font-variant-numeric: tabular-nums } td + td { text-align: right }
.far { font-weight: 700; color: #d33 }
"""
# A figure this far from that of the real clip is printed in red.
FAR = {
    "harmonic_to_noise_db": 4,
    "lufs": 3,
    "spectral_contrast_db": 3,
    "onset_clarity_db": 2,
    "pitch_jitter_cents": 2,
}


def draw(path: Path, sound: listening.Sound) -> None:
    """Draw the spectrogram of a sound `[samples]` as a PNG file with a transparent background."""
    magnitude = np.abs(librosa.stft(np.asarray(sound, np.float32), n_fft=WINDOW, hop_length=HOP))
    decibels = 20 * np.log10(np.maximum(magnitude / (WINDOW / 4), 1e-8))  # a full-scale sine has 0 dB
    hertz = np.geomspace(LOWEST_HZ, HIGHEST_HZ, 320)
    rows = np.round(hertz * WINDOW / SAMPLE_RATE).astype(int)
    colors: Any = {
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "font.size": 9,
    }
    with plt.rc_context(colors):
        figure, axes = plt.subplots(figsize=(4.6, 2.9), layout="constrained")
        seconds = len(sound) / SAMPLE_RATE
        image = axes.pcolormesh(
            np.linspace(0, seconds, decibels.shape[1]), hertz, decibels[rows], cmap="magma", vmin=LOWEST_DB, vmax=0
        )
        axes.set(yscale="log", xlabel="seconds", ylabel="Hz")
        axes.set_yticks([100, 250, 500, 1000, 2000, 4000, 8000], ["100", "250", "500", "1k", "2k", "4k", "8k"])
        axes.minorticks_off()
        figure.colorbar(image, ax=axes, pad=0.01, extend="min", label="dB")
        figure.savefig(path, dpi=120, transparent=True)
        plt.close(figure)


def card(out: Path, name: str, stage: str, sound: listening.Sound, real: dict[str, float]) -> tuple[str, dict]:
    """Write the picture and the sound of one stage, and return its HTML and its figures.

    Args:
        out: Folder of the page.
        name: Name of the clip.
        stage: Name of the stage.
        sound: The sound `[samples]`.
        real: The figures of the real clip, or nothing if this is it.
    """
    stem = f"{name}-{re.sub('[^a-z]+', '-', stage)}"
    heard = np.clip(sound, -1, 1)
    save_audio(out / f"{stem}.wav", heard, SAMPLE_RATE)
    draw(out / f"{stem}.png", heard)
    figures = {figure: measure(heard) for figure, measure in FIGURES.items()}
    rows = []
    for figure, value in figures.items():
        title, unit = UNITS[figure]
        change = value - real.get(figure, value)
        far = ' class="far"' if abs(change) > FAR[figure] else ""
        rows.append(
            f"<tr><td>{title}</td><td>{value:.1f} {unit}</td>"
            + (f"<td{far}>{change:+.1f}</td></tr>" if real else "<td></td></tr>")
        )
    clipped = listening.outside(sound)
    rows.append(f"<tr><td>outside ±1</td><td>{clipped * 100:.3f} %</td><td></td></tr>")
    return (
        f'<figure><figcaption>{html.escape(stage)}</figcaption><img src="{stem}.png" loading="lazy" '
        f'alt="Spectrogram of {html.escape(name)}, {html.escape(stage)}"><audio controls preload="none" '
        f'src="{stem}.wav"></audio><table>{"".join(rows)}</table></figure>'
    ), figures


def build(
    out: Path, data: Path, model: str | None, vocoder: Path | None, classes: tuple[str, ...], device: str
) -> Path:
    """Build the page and return its path.

    Args:
        out: Folder of the page.
        data: Folder with unseen clips; the first plain one of each class is shown.
        model: Folder of a model (default: the embedded one).
        vocoder: Folder of a vocoder to use instead of the model's own.
        classes: The classes to show.
        device: Where to compute.

    Raises:
        MissingClips: The data folder has no unseen clips.
    """
    clips = unseen_clips(data, 1, classes)
    stages = staged(load_stages(model, vocoder, device), clips)
    out.mkdir(parents=True, exist_ok=True)
    sections = []
    for index, (name, text) in enumerate(zip(clips.classes, clips.texts, strict=True)):
        cards: list[str] = []
        real: dict[str, float] = {}
        for stage, sounds in stages.items():
            code, figures = card(out, name, stage, sounds[index].numpy(), real)
            real = figures if stage == REAL else real
            cards.append(code)
        title = html.escape(name.replace("_", " "))
        sections.append(f"<section><h2>{title}</h2><p>“{html.escape(text)}”</p><div>{''.join(cards)}</div></section>")
    title = f"Real clips and {html.escape(model or 'tiny')}, stage by stage"
    intro = "The right column is the change from the real clip; large changes are red."
    if vocoder is not None:
        intro += f" The vocoder is that of {html.escape(str(vocoder))}."
    page = out / "index.html"
    page.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1><p>{intro}</p>{''.join(sections)}</html>\n"
    )
    return page


def main(arguments: list[str] | None = None) -> None:
    """Build the page from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--model", help="folder of a model (default: the embedded one)")
    parser.add_argument("--vocoder", type=Path, help="folder of a vocoder to use instead of the model's own")
    parser.add_argument("--classes", nargs="+", default=CLASSES)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path("out/listen"))
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(build(args.out, args.data, args.model, args.vocoder, tuple(args.classes), args.device))


if __name__ == "__main__":
    main()
