"""A baseline vocoder that needs no training: librosa's mel inversion followed by fast Griffin-Lim."""

from __future__ import annotations

import librosa
import numpy as np
import torch
from torch import Tensor

from spotnb.sound.mel import BINS, HOP, TOP_HZ, WINDOW

ITERATIONS = 32
SAMPLE_RATE = 16000


def griffin_lim(mel: Tensor) -> Tensor:
    """Return sound `[B, 160 * frames]` for log-mels `[B, 1, frames, 64]`.

    Non-negative least squares gives the magnitudes, and the fast Griffin-Lim algorithm the phases (Perraudin et al.
    2013). The framing of `spotnb.sound.mel` equals librosa's centered one, cropped by 80 samples.
    """
    sounds = []
    for one in mel[:, 0].numpy():
        magnitude = librosa.feature.inverse.mel_to_stft(
            np.exp(one.T), sr=SAMPLE_RATE, n_fft=WINDOW, power=1.0, fmin=0, fmax=TOP_HZ
        )
        # Our frame j is centered on sample 160 j + 80, librosa's on 160 j.
        wave = librosa.griffinlim(magnitude, n_iter=ITERATIONS, hop_length=HOP, win_length=WINDOW, random_state=0)
        shifted = np.concatenate([np.zeros(HOP // 2), wave, np.zeros(HOP)])[: HOP * len(one)]
        sounds.append(torch.from_numpy(shifted.astype(np.float32)))
    assert mel.shape[-1] == BINS
    return torch.stack(sounds)
