"""How do the composed clips sound before any network hears them? Figures and pictures for each class.

    python -m training.measure_music --out FOLDER --clips 12

This prints a table, and writes `music.json` and one picture of spectrograms for each class. Pairs and old recordings
are left out.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import librosa
import numpy as np
from librosa.onset import onset_strength
from numpy.typing import NDArray

from spotnb.sound.loudness import loudness
from spotnb.sound.mel import SAMPLE_RATE
from training import listening
from training.compose import CLASSES, RECIPES, Piece, compose
from training.render import render

HOP = 160
RATE = SAMPLE_RATE / HOP  # frames of the onset strength per second
MOOD_FACTOR = 2  # times as many clips as for the other figures
SECONDS = 10.24
COLUMNS = {
    "lufs": "LUFS",
    "peak_db": "peak dB",
    "offset": "offset",
    "onset_clarity": "onsets",
    "beat": "beat",
    "bar": "bar",
    "harmonic_to_noise": "HNR dB",
    "contrast": "contrast dB",
}


def pieces_of(class_name: str, count: int, seed: str = "music") -> list[Piece]:
    """Compose the first `count` modern pieces of a class."""
    drawn = (compose(class_name, random.Random(f"{seed}/{class_name}/{index}")) for index in range(10 * count))
    modern = [piece for piece in drawn if piece.attributes["era"] == "modern"]
    return modern[:count]


def sounds_of(pieces: list[Piece]) -> NDArray[np.float32]:
    """Render pieces, `[pieces, samples]` in [-1, 1]."""
    return np.asarray(render(pieces) / 32768, dtype=np.float32)


def onset_clarity(sound: listening.Sound) -> float:
    """Return how far onsets stand out: the 95th percentile of the onset strength over its median (at least 0.1)."""
    strength = onset_strength(y=sound, sr=SAMPLE_RATE, hop_length=HOP)
    return float(np.percentile(strength, 95) / max(0.1, np.median(strength)))


def recurrence(sound: listening.Sound, seconds: float) -> float:
    """Return the autocorrelation of the onset strength at a lag, within 20 ms; 1 means that everything comes back."""
    strength = onset_strength(y=sound, sr=SAMPLE_RATE, hop_length=HOP)
    products = librosa.autocorrelate(strength - strength.mean())
    lag = round(seconds * RATE)
    overlap = len(strength) / (len(strength) - lag)
    return float(overlap * products[lag - 2 : lag + 3].max() / max(1e-9, products[0]))


def contrast(sound: listening.Sound) -> float:
    """Return librosa's spectral contrast (Jiang et al. 2002), the mean of its six bands, in dB."""
    return float(librosa.feature.spectral_contrast(y=sound, sr=SAMPLE_RATE, n_bands=5).mean())


def figures(sound: listening.Sound, bpm: float | None) -> dict[str, float]:
    """Return the figures of one clip; those of the beat and the bar are NaN without a tempo."""
    beat = 60 / bpm if bpm else float("nan")
    stretch = sound[: round(SECONDS * SAMPLE_RATE)]
    return {
        "lufs": loudness(sound, SAMPLE_RATE),
        "peak_db": float(20 * np.log10(np.abs(sound).max())),
        "offset": abs(float(sound.mean())),
        "onset_clarity": onset_clarity(stretch),
        "beat": recurrence(stretch, beat) if bpm else beat,
        "bar": recurrence(stretch, 4 * beat) if bpm else beat,
        "harmonic_to_noise": listening.harmonic_to_noise(stretch),
        "contrast": contrast(stretch),
    }


def measure_class(class_name: str, clips: int, out: Path) -> dict[str, Any]:
    """Draw the clips, and return the mean, the least and the greatest value of each figure, and how moods differ."""
    mood = RECIPES[class_name].mood
    pieces = pieces_of(class_name, MOOD_FACTOR * clips if mood else clips)
    sounds = sounds_of(pieces)
    draw(class_name, sounds, pieces, out / f"{class_name}.png")
    some = zip(sounds[:clips], pieces, strict=False)
    rows = [figures(sound, piece.attributes["bpm"]) for sound, piece in some]
    values = {name: np.array([row[name] for row in rows]) for name in COLUMNS}
    result: dict[str, Any] = {
        name: {"mean": float(some.mean()), "least": float(some.min()), "greatest": float(some.max())}
        for name, some in values.items()
    }
    return result | ({"mood": mood_figures(sounds, pieces)} if mood else {})


def mood_figures(sounds: NDArray[np.float32], pieces: list[Piece]) -> dict[str, float]:
    """Return how well happy and sad clips are told apart from the sound alone, and their mean properties.

    A linear classifier hears majorness, onset rate, spectral centroid, and depth of all clips but the one it judges.
    """
    measures = (listening.majorness, listening.onset_rate, listening.centroid, listening.depth)
    stretches = sounds[:, : round(SECONDS * SAMPLE_RATE)]
    features = np.array([[measure(sound) for measure in measures] for sound in stretches])
    happy = np.array([piece.settings.mood == "major" for piece in pieces])
    means = {
        f"{name}_{measure.__name__}": float(features[chosen, column].mean())
        for name, chosen in (("happy", happy), ("sad", ~happy))
        for column, measure in enumerate(measures)
    }
    return {"accuracy": left_out_accuracy(features, happy)} | means


def left_out_accuracy(features: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Return the accuracy of linear least squares on `features` `[clips, F]`, each clip judged by the others."""
    inputs = np.column_stack([np.ones(len(features)), features])
    right = []
    for index, label in enumerate(labels):
        others = np.arange(len(labels)) != index
        weights = np.linalg.lstsq(inputs[others], 2.0 * labels[others] - 1, rcond=None)[0]
        right.append((inputs[index] @ weights > 0) == label)
    return float(np.mean(right))


def draw(class_name: str, sounds: NDArray[np.float32], pieces: list[Piece], path: Path) -> None:
    """Write a picture of six clips' spectrograms, with a mark at every bar."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(3, 2, figsize=(15, 10), layout="constrained")
    for ax, sound, piece in zip(axes.flat, sounds, pieces, strict=False):
        power = librosa.feature.melspectrogram(
            y=sound[: round(SECONDS * SAMPLE_RATE)], sr=SAMPLE_RATE, n_fft=1024, hop_length=HOP, n_mels=96
        )
        decibels = librosa.power_to_db(power, ref=np.max, top_db=70)
        ax.imshow(decibels, origin="lower", aspect="auto", cmap="magma", extent=(0, SECONDS, 0, 96))
        row = piece.attributes
        if row["bpm"]:
            bar = 240 / row["bpm"]
            for time in np.arange(-row["start"] % bar, SECONDS, bar):
                ax.axvline(time, color="w", lw=0.6, alpha=0.7)
        words = (row[name] for name in ("kind", "bpm", "mood", "loudness", "register", "density", "room"))
        ax.set_title(", ".join(str(word) for word in words if word is not None), fontsize=9)
    figure.suptitle(class_name)
    figure.savefig(path, dpi=60)
    plt.close(figure)


def main() -> None:
    """Measure every class, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("classes", nargs="*", default=CLASSES)
    parser.add_argument("--out", type=Path, default=Path("out/music"))
    parser.add_argument("--clips", type=int, default=12)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    results = {}
    print(f"{'class':16}" + "".join(f"{title:>24}" for title in COLUMNS.values()) + "  happy/sad")
    for class_name in args.classes:
        row = measure_class(class_name, args.clips, args.out)
        cells = (
            f"{row[name]['mean']:8.2f} ({row[name]['least']:.2f}..{row[name]['greatest']:.2f})" for name in COLUMNS
        )
        accuracy = f"{row['mood']['accuracy']:6.2f}" if "mood" in row else ""
        results[class_name] = row
        print(f"{class_name:16}" + "".join(f"{cell:>24}" for cell in cells) + accuracy, flush=True)
    (args.out / "music.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
