"""What the vocoder is trained by: distances that are nothing between equals, and frequencies that are the real ones."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from spotnb.mel import HOP, WINDOW
from training.vocoder_losses import frequencies, frequency_distance, stft_distance

TONES, BIN = 256, 16000 / WINDOW


def note(hertz: float) -> Tensor:
    return 0.3 * torch.sin(2 * math.pi * hertz / 16000 * torch.arange(HOP * 60))[None]


def stray_of(hertz: float) -> Tensor:
    """Strays of a bank all of whose sinusoids near a frequency have it."""
    home = 2 * torch.arange(TONES) + 1
    return (hertz / BIN - home).clamp(-1.5, 1.5)[None, :, None].expand(1, TONES, 60).clone()


@pytest.mark.parametrize("hertz", [110.0, 437.0, 3333.3])
def test_the_loudest_bin_tells_the_frequency(hertz: float) -> None:
    found, loudness = (x[0, :, 30] for x in frequencies(note(hertz)))
    assert float(found[loudness.argmax()]) * BIN == pytest.approx(hertz, abs=0.05)


def test_a_right_frequency_costs_nothing_and_a_wrong_one_what_it_is_wrong_by() -> None:
    real = note(437.0)
    assert frequency_distance(stray_of(437.0), real) < 1e-3
    wrong = frequency_distance(stray_of(437.0) + 2 / BIN, real)  # 2 Hz: 2 turns in 100 frames
    assert float(wrong) == pytest.approx(0.02, rel=0.05)


def test_frequencies_are_learned_from_it() -> None:
    stray = torch.zeros(1, TONES, 60, requires_grad=True)
    frequency_distance(stray, note(437.0)).backward()
    assert stray.grad is not None
    assert stray.grad[0, 13, 30] < 0  # at home in bin 27, at 422 Hz: it has to rise
    assert stray.grad[0, 100].abs().sum() < 1e-3 * stray.grad[0, 13].abs().sum()


def test_distances_are_nothing_between_equals_and_do_not_hear_phase() -> None:
    real = torch.randn(2, 16000, generator=torch.Generator().manual_seed(0)) * 0.1
    assert stft_distance(real, real) == 0
    assert stft_distance(-real, real) < 1e-6
    assert stft_distance(0.5 * real, real) > 0.5
