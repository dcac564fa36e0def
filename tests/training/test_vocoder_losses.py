"""Losses of the vocoder: zero for equal sounds, and frequencies that are the real ones."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from spotnb.sound.mel import HOP, WINDOW
from training.vocoder_losses import frequencies, frequency_distance, frequency_error, stft_distance

TONES, BIN = 256, 16000 / WINDOW


def note(hertz: float) -> Tensor:
    return 0.3 * torch.sin(2 * math.pi * hertz / 16000 * torch.arange(HOP * 60))[None]


def offset_of(hertz: float) -> Tensor:
    """Return offsets with which every sinusoid that can have a frequency has it."""
    centers = 2 * torch.arange(TONES) + 1
    return (hertz / BIN - centers).clamp(-1.5, 1.5)[None, :, None].expand(1, TONES, 60).clone()


@pytest.mark.parametrize("hertz", [110.0, 437.0, 3333.3])
def test_the_loudest_bin_has_the_frequency_of_the_note(hertz: float) -> None:
    found, magnitude = (x[0, :, 30] for x in frequencies(note(hertz)))
    assert float(found[magnitude.argmax()]) * BIN == pytest.approx(hertz, abs=0.05)


def test_the_distance_is_the_error_in_turns_per_frame() -> None:
    assert frequency_distance(offset_of(437.0), note(437.0)) < 1e-3
    two_hertz = frequency_distance(offset_of(437.0) + 2 / BIN, note(437.0))
    assert float(two_hertz) == pytest.approx(0.02, rel=0.05)


def test_its_gradient_moves_sinusoids_near_the_note() -> None:
    offset = torch.zeros(1, TONES, 60, requires_grad=True)
    frequency_distance(offset, note(437.0)).backward()
    assert offset.grad is not None
    assert offset.grad[0, 13, 30] < 0  # the center is 422 Hz, so the frequency has to rise
    assert offset.grad[0, 100].abs().sum() < 1e-3 * offset.grad[0, 13].abs().sum()


def test_the_frequency_error_is_in_hertz() -> None:
    assert frequency_error(note(437.0), note(437.0)) == 0
    assert frequency_error(note(440.0), note(437.0)) == pytest.approx(3, rel=0.05)


def test_stft_distances_are_zero_for_equal_sounds_and_ignore_phase() -> None:
    real = torch.randn(2, 16000, generator=torch.Generator().manual_seed(0)) * 0.1
    assert stft_distance(real, real) == 0
    assert stft_distance(-real, real) < 1e-6
    assert stft_distance(0.5 * real, real) > 0.5
