"""Measure copy synthesis by class: real clips through the vocoder alone, and through the autoencoder and the vocoder.

    python -m training.measure_vocoder --data data --vocoder data/model/vocoder

Harmonic-to-noise ratio alone does not tell a good vocoder, since steady tones of the wrong frequency raise it as well.
The frequency error and the STFT distances beside it do.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spotnb import load_model
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.mel import torch_log_mel
from spotnb.models.vocoder import ISTFTVocoder
from spotnb.sound.mel import SAMPLE_RATE
from training.compose import CLASSES
from training.data import Waveforms, load_attributes
from training.listening import harmonic_to_noise, level
from training.vocoder_losses import frequency_error, stft_distance

TONAL = ("strings", "organ", "ambient", "acoustic_guitar", "mallets", "brass")
CLIPS, SAMPLES = 3, 81_920  # per class: clips, and samples of each (5.12 s)

Stage = Callable[[Tensor], Tensor]  # maps real sounds [n, samples] to their copies [n, samples]


def plain_clips(data: Path, name: str, count: int = CLIPS, samples: int = SAMPLES) -> Tensor:
    """Return the first unseen clips of a class, `[count, samples]`, those alone and in a modern recording first."""
    waves, rows = Waveforms(data, "unseen"), load_attributes(data, "unseen")
    found = [i for i, row in enumerate(rows) if row["class"] == name]
    found.sort(key=lambda i: "with" in rows[i] or rows[i]["era"] != "modern")
    return torch.from_numpy(np.stack([waves[i][:samples] for i in found[:count]]))


def tonal_clips(data: Path) -> Tensor:
    """Return the clips of the six tonal classes, `[6 * CLIPS, SAMPLES]`."""
    return torch.cat([plain_clips(data, name) for name in TONAL])


def heard(sounds: Tensor) -> dict[str, float]:
    """Measure harmonic-to-noise ratio and level of sounds `[n, samples]`, in dB, averaged over sounds."""
    arrays = [sound.cpu().numpy() for sound in sounds]
    return {
        "harmonic_to_noise": float(np.mean([harmonic_to_noise(array) for array in arrays])),
        "level": float(np.mean([level(array) for array in arrays])),
    }


@torch.no_grad()
def copied(stage: Stage, real: Tensor) -> dict[str, float]:
    """Measure copies of real clips `[n, samples]`.

    Returns:
        What `heard` measures of the copies, and their distances from the clips: `mel_l1` in natural log units,
        `mr_stft`, `long_stft` (with 4096 samples per frame), `frequency_error` in Hz. `clipped` is the share of samples
        outside [-1, 1].
    """
    ours = torch.cat([stage(part) for part in real.split(4)])
    return heard(ours) | {
        "mel_l1": (torch_log_mel(ours) - torch_log_mel(real)).abs().mean().item(),
        "mr_stft": stft_distance(ours, real).item(),
        "long_stft": stft_distance(ours, real, (4096,)).item(),
        "frequency_error": frequency_error(ours, real),
        "clipped": (ours.abs() > 1).float().mean().item(),
    }


@torch.no_grad()
def real_time_factor(vocode: Callable[[Tensor], Tensor], seconds: float = 10.24, repeats: int = 3) -> float:
    """Return how many seconds of sound `vocode` makes per second of CPU time, in the best of several repeats."""
    mel = torch_log_mel(torch.randn(1, round(seconds * SAMPLE_RATE), generator=torch.Generator().manual_seed(0)) / 10)
    vocode(mel)  # the first call is slower
    times = []
    for _ in range(repeats):
        start = time.process_time()
        vocode(mel)
        times.append(time.process_time() - start)
    return seconds / min(times)


def measure(stages: Mapping[str, Stage], data: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Measure every stage by class. "tonal" and "all" are means over classes."""
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for kind in CLASSES:
        real = plain_clips(data, kind)
        rows[kind] = {"real": heard(real)} | {name: copied(stage, real) for name, stage in stages.items()}
    means = {
        group: {
            stage: {key: float(np.mean([rows[kind][stage][key] for kind in kinds])) for key in figures}
            for stage, figures in rows[CLASSES[0]].items()
        }
        for group, kinds in (("tonal", TONAL), ("all", CLASSES))
    }
    return rows | means


def print_table(rows: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Print one table per stage, with a row per class."""
    stages = next(iter(rows.values()))
    for stage, figures in stages.items():
        print(f"\n{stage:20} " + " ".join(f"{key:>18}" for key in figures))
        for name, row in rows.items():
            print(f"{name:20} " + " ".join(f"{figure:18.4f}" for figure in row[stage].values()))


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--model", help="folder of another model (default: the embedded one)")
    parser.add_argument("--vocoder", type=Path, help="folder of a vocoder to use instead of the model's own")
    parser.add_argument("--out", type=Path, help="JSON file to write the figures to")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(args.model or "tiny", device="cpu")
    assert isinstance(model, DiffusersAudioLDM)
    if args.vocoder is not None:
        model.vocoder = ISTFTVocoder.from_pretrained(args.vocoder, torch_dtype=torch.float32).eval()
    stages: dict[str, Stage] = {
        "vocoder": lambda real: model.vocode(torch_log_mel(real)),
        "autoencoder, vocoder": lambda real: model.vocode(model.decode_mel(model.encode(real))),
    }
    rows = measure(stages, args.data)
    print_table(rows)
    factor = real_time_factor(model.vocode)
    print(f"\n{factor:.0f} times real time on one core")
    if args.out is not None:
        args.out.write_text(json.dumps(rows | {"real_time_factor": factor}, indent=2) + "\n")


if __name__ == "__main__":
    main()
