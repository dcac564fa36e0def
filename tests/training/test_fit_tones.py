"""The start of the tones: what is measured of a note, and that a fitted head makes it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from spotnb.models.mel import torch_log_mel
from spotnb.models.vocoder import SinusoidalVocoder
from training.fit_tones import fit_tones, targets


class Notes:
    """Clips of single notes, in place of rendered ones."""

    def __len__(self) -> int:
        return 40

    def __getitem__(self, index: int) -> np.ndarray:
        angle = 2 * math.pi * (400 + 2 * index) / 16000 * np.arange(160 * 140)
        return (0.3 * np.sin(angle)).astype(np.float32)


def test_targets_are_the_magnitude_and_the_frequency_of_a_note() -> None:
    log_magnitude, offset, weight = (x[0, :, 60] for x in targets(torch.from_numpy(Notes()[20][None]), 256))
    index = int(440 / 15.625 // 2)
    assert int(weight.argmax()) == index
    assert float(offset[index]) == pytest.approx(440 / 15.625 - (2 * index + 1), abs=0.01)
    assert float(log_magnitude[index].exp()) == pytest.approx(0.3 * 1024 / 4, rel=0.1)


def test_a_fitted_head_makes_the_notes_it_was_fitted_to() -> None:
    torch.manual_seed(0)
    vocoder = SinusoidalVocoder(channels=32, hidden=32, depth=1, tones=64).eval()
    fit_tones(vocoder, Notes(), batches=2)
    with torch.no_grad():
        sound = vocoder(torch_log_mel(torch.from_numpy(Notes()[23][None]))[:, 0])[0, 4000:-4000]
    spectrum = torch.fft.rfft(sound * torch.hann_window(len(sound)))
    hertz = float(spectrum.abs().argmax()) * 16000 / len(sound)
    assert hertz == pytest.approx(446, abs=2)
