"""The vocoder that needs no training, to compare with: mel inversion by librosa, then fast Griffin-Lim."""

from __future__ import annotations

import librosa
import numpy as np
import torch
from torch import Tensor

from spotnb.sound.mel import BINS, HOP, TOP_HZ, WINDOW

ITERATIONS = 32
SAMPLE_RATE = 16000


def griffin_lim(mel: Tensor) -> Tensor:
    """Sound `[B, 160 * frames]` of log-mels `[B, 1, frames, 64]`.

    Non-negative least squares for the magnitudes, then Perraudin et al. 2013, "A fast Griffin-Lim algorithm". The
    framing of `spotnb.sound.mel` is librosa's centred one, cropped by 80 samples.
    """
    sounds = []
    for one in mel[:, 0].numpy():
        magnitude = librosa.feature.inverse.mel_to_stft(
            np.exp(one.T), sr=SAMPLE_RATE, n_fft=WINDOW, power=1.0, fmin=0, fmax=TOP_HZ
        )
        # Frame j of ours is centred on sample 160 j + 80, librosa's on 160 j.
        wave = librosa.griffinlim(magnitude, n_iter=ITERATIONS, hop_length=HOP, win_length=WINDOW, random_state=0)
        shifted = np.concatenate([np.zeros(HOP // 2), wave, np.zeros(HOP)])[: HOP * len(one)]
        sounds.append(torch.from_numpy(shifted.astype(np.float32)))
    assert mel.shape[-1] == BINS
    return torch.stack(sounds)
