"""Sinusoids with continuous phase: pure tones, anchor frames, and the corrections between them."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spotnb.models.mel import torch_log_mel
from spotnb.models.tones import anchor_frames, jitter_of, phases, spectrum_of
from spotnb.models.vocoder import SinusoidalVocoder
from spotnb.solvers.noise import draw

TONES, HOP, WINDOW, SAMPLE_RATE = 256, 160, 1024, 16000
BIN = SAMPLE_RATE / WINDOW  # Hz


def one_tone(hertz: float, frames: int, index: int | None = None) -> tuple[Tensor, Tensor]:
    """Return magnitudes and offsets where one sinusoid has an amplitude of 0.5 and the others have none."""
    index = int(hertz / BIN // 2) if index is None else index
    magnitude, offset = torch.zeros(1, TONES, frames), torch.zeros(1, TONES, frames)
    magnitude[:, index] = 0.5 * WINDOW / 4
    offset[:, index] = hertz / BIN - (2 * index + 1)
    return magnitude, offset


def sound_of(magnitude: Tensor, offset: Tensor, anchors: Tensor) -> Tensor:
    vocoder = SinusoidalVocoder(channels=8, hidden=8, depth=1)
    phase = phases(offset, magnitude, anchors, HOP, WINDOW)
    return vocoder.overlapped(spectrum_of(magnitude, offset, phase, WINDOW // 2 + 1))[0]


def at(frames: int, *places: int) -> Tensor:
    mask = torch.zeros(1, frames, dtype=torch.bool)
    mask[:, list(places)] = True
    return mask


def amplitude(sound: Tensor, hertz: float) -> float:
    """Return the amplitude of a frequency in a sound."""
    angle = 2 * math.pi * hertz / SAMPLE_RATE * torch.arange(len(sound), dtype=torch.float64)
    return float(2 * (sound * torch.polar(torch.ones(len(sound)).double(), -angle)).mean().abs())


def wrapped(turns: Tensor) -> Tensor:
    return turns - turns.round()


@given(st.floats(40, 7900))
@settings(max_examples=20, deadline=None)
def test_a_steady_tone_is_pure(hertz: float) -> None:
    sound = sound_of(*one_tone(hertz, 300), at(300))[1000:-1000]
    found = amplitude(sound, hertz)
    assert found == pytest.approx(0.5, rel=0.01)
    assert float(sound.square().mean()) == pytest.approx(found**2 / 2, rel=0.01)  # there is nothing else


def test_either_neighbor_can_follow_a_tone_between_them() -> None:
    hertz = 28.1 * BIN  # the centers are bins 27 and 29
    for index in (13, 14):
        assert amplitude(sound_of(*one_tone(hertz, 200, index), at(200))[1000:-1000], hertz) > 0.49


def test_a_gliding_tone_keeps_its_level() -> None:
    magnitude, offset = one_tone(440.0, 300)
    offset[:, int(440 / BIN // 2)] = torch.linspace(-1, 1, 300)
    sound = sound_of(magnitude, offset, at(300))[1000:-1000]
    power = sound.unfold(0, 800, 400).square().mean(1)
    assert float(power.max() / power.min()) < 1.1


def test_phases_restart_at_anchors() -> None:
    magnitude, offset = torch.rand(1, TONES, 200), torch.rand(1, TONES, 200) - 0.5
    phase = phases(offset, magnitude, at(200, 20, 90, 150), HOP, WINDOW)
    for place in (20, 90, 150):
        assert wrapped(phase[0, :, place] - torch.arange(TONES) ** 2 / (2 * TONES)).abs().max() < 1e-4


def test_tones_that_begin_together_do_not_peak_at_once() -> None:
    """Phases in proportion to the number of the tone would only delay the peak of them all."""
    sound = sound_of(torch.ones(1, TONES, 60), torch.zeros(1, TONES, 60), at(60, 30))
    begun = sound[160 * 30 - 160 : 160 * 31 + 160]
    assert float(begun.abs().max() / begun.square().mean().sqrt()) < 3.5


def test_a_held_tone_is_out_of_tune_by_less_than_half_a_turn_between_anchors() -> None:
    magnitude, offset = one_tone(441.3, 400)
    free = phases(offset, magnitude, at(400, 50), HOP, WINDOW)
    corrected = phases(offset, magnitude, at(400, 50, 150, 250), HOP, WINDOW)
    steps = wrapped((corrected - free)[0, int(441.3 / BIN // 2), 50:251].diff())
    assert steps.abs().max() <= 0.5 / 100 + 1e-5
    assert steps.std() < 1e-5  # the frequency is steady


def test_a_new_tone_is_in_tune_from_its_first_frame() -> None:
    magnitude, offset = one_tone(441.3, 300)
    magnitude[:, :, :120] = 0
    free = phases(offset, magnitude, at(300, 50), HOP, WINDOW)
    corrected = phases(offset, magnitude, at(300, 50, 200), HOP, WINDOW)
    assert wrapped((corrected - free)[0, int(441.3 / BIN // 2), 122:199].diff()).abs().max() < 1e-3


def test_anchors_are_where_the_mel_changes_most() -> None:
    mel = draw((2, 900, 64), 5, 0, "start") * 0.1
    mel[:, 300:] += 2
    mask = anchor_frames(mel, 40)
    assert mask[:, 300].all()
    for row in mask:
        places = row.nonzero().flatten()
        assert places.diff().min() > 40
        assert places.diff().max() < 200


def test_anchors_do_not_depend_on_where_a_sound_starts() -> None:
    mel = draw((1, 600, 64), 5, 0, "start")
    mask, later = anchor_frames(mel, 30), anchor_frames(mel[:, 77:], 30)
    assert torch.equal(mask[:, 77 + 31 : -30], later[:, 31:-30])


def test_a_constant_mel_has_no_anchors() -> None:
    assert not anchor_frames(torch.full((1, 300, 64), -4.0), 20).any()
    assert not anchor_frames(torch.full((1, 1, 64), -4.0), 20).any()


def test_the_jitter_is_white() -> None:
    sound = draw((1, HOP * 1000), 7, 0, "start") * 0.1
    mel = torch_log_mel(sound)[:, 0]
    found = jitter_of(mel, anchor_frames(mel, 48), TONES)[0]
    assert float(found.mean()) == pytest.approx(0, abs=0.02)
    assert float(found.var()) == pytest.approx(1, abs=0.02)
    for lag in (1, 2, 5):  # from frame to frame, and from sinusoid to sinusoid
        assert float((found[:, lag:] * found[:, :-lag]).mean()) == pytest.approx(0, abs=0.02)
        assert float((found[lag:] * found[:-lag]).mean()) == pytest.approx(0, abs=0.02)


def test_the_jitter_of_a_window_is_that_of_the_whole() -> None:
    mel, anchors = draw((1, 300, 64), 5, 0, "start"), at(300, 60, 110, 200)
    whole, window = jitter_of(mel, anchors, TONES), jitter_of(mel[:, 50:250], anchors[:, 50:250], TONES)
    assert torch.equal(whole[..., 60:250], window[..., 10:])


def test_the_jitter_is_another_one_after_anchors_where_other_bands_change() -> None:
    mel = torch.zeros(1, 200, 64)
    mel[:, 50:, 7] = 1
    mel[:, 100:, 9] = 1
    mel[:, 150:, 7] = 2
    found = jitter_of(mel, at(200, 50, 100, 150), TONES)
    assert torch.equal(found[..., 50:100], found[..., 150:])
    assert float((found[..., 50:100] * found[..., 100:150]).mean()) == pytest.approx(0, abs=0.03)


def test_rounding_of_the_log_mel_does_not_change_the_jitter() -> None:
    mel = draw((1, 200, 64), 5, 0, "start")
    anchors = anchor_frames(mel, 20)
    rounded = mel + 1e-6 * draw((1, 200, 64), 6, 0, "start")
    assert torch.equal(jitter_of(mel, anchors, TONES), jitter_of(rounded, anchors, TONES))


def test_a_sound_without_anchors_has_a_jitter() -> None:
    steady = torch.full((1, 30, 64), -4.0)
    found = jitter_of(steady, anchor_frames(steady, 20), TONES)
    assert found.shape == (1, TONES, 30)
    assert float(found[..., 1:].var()) == pytest.approx(1, abs=0.05)


def test_magnitude_and_offset_have_gradients() -> None:
    magnitude, offset = torch.rand(1, TONES, 60).requires_grad_(), torch.rand(1, TONES, 60).requires_grad_()
    phase = phases(offset, magnitude, at(60, 10, 40), HOP, WINDOW)
    spectrum_of(magnitude, offset, phase, WINDOW // 2 + 1).abs().square().sum().backward()
    for x in (magnitude, offset):
        assert x.grad is not None
        assert x.grad.isfinite().all()
        assert x.grad.abs().sum() > 0
