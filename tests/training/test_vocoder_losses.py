"""Losses of the vocoder: zero for equal sounds, and frequencies that are the real ones."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from spotnb.models.mel import torch_log_mel
from spotnb.models.tones import anchor_frames, jitter_of, phases, spectrum_of
from spotnb.models.vocoder import SinusoidalVocoder
from spotnb.sound.mel import HOP, WINDOW
from training.vocoder_losses import (
    JITTER_SHARE,
    NOISE_COHERENCE,
    analysed,
    coherence,
    frequencies,
    frequency_distance,
    frequency_error,
    jitter_distance,
    magnitude_distance,
    magnitudes,
    mel_distance,
    stft_distance,
)

TONES, BIN = 256, 16000 / WINDOW


def note(hertz: float) -> Tensor:
    return 0.3 * torch.sin(2 * math.pi * hertz / 16000 * torch.arange(HOP * 60))[None]


def offset_of(hertz: float) -> Tensor:
    """Return offsets with which every sinusoid that can have a frequency has it."""
    centers = 2 * torch.arange(TONES) + 1
    return (hertz / BIN - centers).clamp(-1.5, 1.5)[None, :, None].expand(1, TONES, 60).clone()


@pytest.mark.parametrize("hertz", [110.0, 437.0, 3333.3])
def test_the_loudest_bin_has_the_frequency_of_the_note(hertz: float) -> None:
    found, magnitude = (x[0, :, 30] for x in frequencies(analysed(note(hertz))))
    assert float(found[magnitude.argmax()]) * BIN == pytest.approx(hertz, abs=0.05)


def test_the_distance_is_the_error_in_turns_per_frame() -> None:
    assert frequency_distance(offset_of(437.0), analysed(note(437.0))) < 1e-3
    two_hertz = frequency_distance(offset_of(437.0) + 2 / BIN, analysed(note(437.0)))
    assert float(two_hertz) == pytest.approx(0.02, rel=0.05)


def test_its_gradient_moves_sinusoids_near_the_note() -> None:
    offset = torch.zeros(1, TONES, 60, requires_grad=True)
    frequency_distance(offset, analysed(note(437.0))).backward()
    assert offset.grad is not None
    assert offset.grad[0, 13, 30] < 0  # the center is 422 Hz, so the frequency has to rise
    assert offset.grad[0, 100].abs().sum() < 1e-3 * offset.grad[0, 13].abs().sum()


def test_the_frequency_error_is_in_hertz() -> None:
    assert frequency_error(note(437.0), note(437.0)) == 0
    assert frequency_error(note(440.0), note(437.0)) == pytest.approx(3, rel=0.05)


def noise() -> Tensor:
    return torch.randn(1, HOP * 400, generator=torch.Generator().manual_seed(0)) * 0.1


def test_a_note_is_coherent_and_noise_is_not() -> None:
    found, weight = coherence(analysed(note(437.0)), TONES)
    assert float(found[0, 13, 30]) == pytest.approx(1, abs=1e-3)
    assert int(weight[0, :, 30].argmax()) == 13
    assert float(coherence(analysed(noise()), TONES)[0].mean()) == pytest.approx(NOISE_COHERENCE, abs=0.02)


@pytest.mark.parametrize("width", [0.0, 0.3, 0.6, 1.0, 2.0])
def test_tones_with_a_jitter_are_as_coherent_as_the_loss_takes_them_to_be(width: float) -> None:
    """The least distance from the sound of tones with a jitter is at the share of that jitter that is wanted."""
    mel = torch_log_mel(noise())[:, 0]
    magnitude, steady = torch.full((1, TONES, 400), 0.5), torch.zeros(1, TONES, 400)
    anchors = anchor_frames(mel, 48)
    phase = phases(steady + width * jitter_of(mel, anchors, TONES), magnitude, anchors, HOP, WINDOW)
    vocoder = SinusoidalVocoder(channels=8, hidden=8, depth=1)
    sound = vocoder.overlapped(spectrum_of(magnitude, steady, phase, WINDOW // 2 + 1))
    widths = torch.arange(0, 2.55, 0.05)
    spectrum = analysed(sound)
    shares = JITTER_SHARE * widths
    distances = [float(jitter_distance(torch.full((1, TONES, 400), float(other)), spectrum)) for other in shares]
    best = float(widths[int(torch.tensor(distances).argmin())])
    assert best == pytest.approx(width, abs=0.15) or min(best, width) > 1  # beyond, all of them sound like noise


CENTER = (2 * 13 + 1) * BIN  # Hz, of tone 13


def test_magnitudes_are_those_of_a_note() -> None:
    found = magnitudes(analysed(note(CENTER)), TONES)[0, :, 30]
    assert int(found.argmax()) == 13
    assert float(found[13]) == pytest.approx(0.3 * WINDOW / 4, rel=0.1)


def test_an_onset_is_nearest_to_a_magnitude_that_is_as_sharp() -> None:
    """Windows blur what is seen of an onset. A magnitude that rises as it is seen to rise is blurred twice."""
    sounding = torch.arange(HOP * 60) >= HOP * 30
    spectrum = analysed(note(CENTER) * sounding)
    sharp = torch.full((1, 16, 60), 1e-4)
    sharp[0, 13, 30:] = 0.3 * WINDOW / 4
    as_seen = sharp.clone()
    as_seen[:, 13] = magnitudes(spectrum, 16)[:, 13]
    tried = {"sharp": sharp, "as seen": as_seen, "early": sharp.roll(-1, 2), "late": sharp.roll(1, 2)}
    assert min(tried, key=lambda name: float(magnitude_distance(tried[name], spectrum))) == "sharp"


def test_mel_distances_are_zero_for_equal_sounds_and_forgive_a_few_hertz() -> None:
    assert mel_distance(note(2000.0), note(2000.0)) == 0
    fine = [float(stft_distance(note(hertz), note(2000.0), (4096,))) for hertz in (2004.0, 2200.0)]
    coarse = [float(mel_distance(note(hertz), note(2000.0))) for hertz in (2004.0, 2200.0)]
    assert fine[0] > 0.7 * fine[1]  # to a fine spectrum, 4 Hz are nearly as wrong as 200
    assert 0 < coarse[0] < 0.4 * coarse[1]


def test_stft_distances_are_zero_for_equal_sounds_and_ignore_phase() -> None:
    real = torch.randn(2, 16000, generator=torch.Generator().manual_seed(0)) * 0.1
    assert stft_distance(real, real) == 0
    assert stft_distance(-real, real) < 1e-6
    assert stft_distance(0.5 * real, real) > 0.5
