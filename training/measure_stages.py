"""Where is sound lost? Figures of every stage, by class, beside real clips of the same captions.

    python -m training.measure_stages --data data --vocoder data/model/vocoder

`training/results.json` has them in this form, where every figure is a list of its mean and its standard error over
clips:

    "stages": {CLASS or GROUP: {STAGE: {FIGURE: [mean, error]}}}
    "stage_losses": {CLASS or GROUP: {PART: {FIGURE: [mean, error]}}}

Stages are those of `training.stages`, and groups are "tonal" (six classes) and "all". The loss of a part of the model
is by how much its stage is above the stage before it, clip by clip. Harmonic-to-noise ratio alone does not tell a good
vocoder, since steady tones of the wrong frequency raise it as well. The frequency error and the STFT distance of the
copies do.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.mel import torch_log_mel
from training import listening
from training.compose import CLASSES
from training.measure_real import REAL_CLIPS, real_clips
from training.stages import (
    AUTOENCODER,
    GENERATED,
    REAL,
    TONAL,
    VOCODER,
    Clips,
    load_stages,
    plainest,
    staged,
    unseen_clips,
)
from training.uncertainty import mean_and_error
from training.vocoder_losses import frequency_error, stft_distance

CLIPS = 12  # per class
FIGURES: dict[str, Callable[[listening.Sound], float]] = {
    "harmonic_to_noise_db": listening.harmonic_to_noise,
    "lufs": listening.lufs,
    "spectral_contrast_db": listening.spectral_contrast,
    "onset_clarity_db": listening.onset_clarity,
    "pitch_jitter_cents": listening.pitch_jitter,
}
PARTS = {"vocoder": (REAL, VOCODER), "autoencoder": (VOCODER, AUTOENCODER), "denoiser": (AUTOENCODER, GENERATED)}
GROUPS = {"tonal": TONAL, "all": CLASSES}

Rows = dict[str, dict[str, list[float]]]  # stage, figure, clips
Table = Mapping[str, Mapping[str, Mapping[str, list[float]]]]  # class or group, stage or part, figure, mean and error


def figures_of(sound: Tensor) -> dict[str, float]:
    """Measure a sound `[samples]`: its samples outside [-1, 1] per million, and `FIGURES` after these are clipped."""
    wave = sound.numpy()
    heard = np.clip(wave, -1, 1)
    return {name: measure(heard) for name, measure in FIGURES.items()} | {"outside_ppm": 1e6 * listening.outside(wave)}


def distances(ours: Tensor, real: Tensor) -> dict[str, float]:
    """Measure how far the copy of a sound `[samples]` is from it."""
    one, other = ours[None], real[None]
    return {
        "mel_l1": (torch_log_mel(one) - torch_log_mel(other)).abs().mean().item(),
        "mr_stft": stft_distance(one, other).item(),
        "frequency_error_hz": frequency_error(one, other),
    }


def measured(stages: Mapping[str, Tensor]) -> Rows:
    """Measure every clip of every stage, `[n, samples]` each."""
    rows: Rows = {}
    for stage, sounds in stages.items():
        of_clips = [
            figures_of(sound) | (distances(sound, real) if stage in (VOCODER, AUTOENCODER) else {})
            for sound, real in zip(sounds, stages[REAL], strict=True)
        ]
        rows[stage] = {name: [row[name] for row in of_clips] for name in of_clips[0]}
    return rows


def tables(rows: Rows, classes: list[str]) -> tuple[Table, Table]:
    """Return the figures of each stage and the losses of each part, by class and by group."""
    stages: dict[str, Any] = {}
    losses: dict[str, Any] = {}
    for name, members in {**{c: (c,) for c in CLASSES if c in classes}, **GROUPS}.items():
        of_group = np.array([kind in members for kind in classes])
        if not of_group.any():
            continue
        stages[name] = {
            stage: {figure: mean_and_error(np.array(values)[of_group]) for figure, values in figures.items()}
            for stage, figures in rows.items()
        }
        losses[name] = {
            part: {
                figure: mean_and_error((np.array(rows[after][figure]) - rows[before][figure])[of_group])
                for figure in FIGURES
            }
            for part, (before, after) in PARTS.items()
        }
    return stages, losses


def rendered_clips(count: int = CLIPS) -> Clips:
    """Render unseen clips, `count` of each class."""
    sounds, rows = real_clips(max(REAL_CLIPS, 2 * count * len(CLASSES)))
    chosen = [i for name in CLASSES for i in plainest(rows, name, count)]
    return Clips(sounds[chosen], [rows[i] for i in chosen])


def measure_stages(model: DiffusersAudioLDM, clips: Clips | None = None) -> dict[str, Any]:
    """Return the figures of every stage and the losses of every part, for rendered clips by default."""
    clips = rendered_clips() if clips is None else clips
    stages, losses = tables(measured(staged(model, clips)), clips.classes)
    return {"stages": stages, "stage_losses": losses, "stage_clips": len(clips.classes)}


def lines(stages: Table) -> Iterator[str]:
    """Yield one table per figure, with a row per class and a column per stage."""
    names = list(next(iter(stages.values())))
    for figure in next(iter(stages.values()))[VOCODER]:
        shown = [stage for stage in names if figure in next(iter(stages.values()))[stage]]
        yield f"\n{figure:20} " + " ".join(f"{stage:>22}" for stage in shown)
        for name, row in stages.items():
            pairs = (row[stage][figure] for stage in shown)
            yield f"{name:20} " + " ".join(f"{_shown(mean):>14} ± {_shown(error):>5}" for mean, error in pairs)


def _shown(value: float | None) -> str:
    return "-" if value is None or np.isnan(value) else f"{value:.2f}"


def main(arguments: list[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with unseen clips (default: they are rendered)")
    parser.add_argument("--clips", type=int, default=CLIPS, help="clips per class")
    parser.add_argument("--model", help="folder of another model (default: the embedded one)")
    parser.add_argument("--vocoder", type=Path, help="folder of a vocoder to use instead of the model's own")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="JSON file to write the figures to")
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    clips = rendered_clips(args.clips) if args.data is None else unseen_clips(args.data, args.clips)
    results = measure_stages(load_stages(args.model, args.vocoder, args.device), clips)
    print("\n".join(lines(results["stages"])))
    if args.out is not None:
        args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
