"""What the training of the vocoder reports: copy synthesis of unseen clips of the tonal classes.

`training.measure_stages` measures a finished one, by class and beside the other parts of the model.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spotnb.models.mel import torch_log_mel
from training.listening import harmonic_to_noise, level
from training.stages import TONAL, unseen_clips
from training.vocoder_losses import frequency_error, stft_distance

CLIPS = 3  # per class

Stage = Callable[[Tensor], Tensor]  # maps real sounds [n, samples] to their copies [n, samples]


def tonal_clips(data: Path) -> Tensor:
    """Return the clips of the six tonal classes, `[6 * CLIPS, SAMPLES]`."""
    return unseen_clips(data, CLIPS, TONAL).sounds


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
