"""Sinusoids with integrated phases: pure tones, anchors, and what is made up for between them."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spotnb.models.tones import GOLDEN, anchors, drawn, turns
from spotnb.models.vocoder import ISTFTVocoder
from spotnb.noise import draw

TONES, HOP, WINDOW, RATE = 256, 160, 1024, 16000
BIN = RATE / WINDOW


def one_tone(hertz: float, frames: int, home: int | None = None) -> tuple[Tensor, Tensor]:
    """Magnitudes and strays of a bank in which one sinusoid of amplitude 0.5 sounds."""
    index = int(hertz / BIN // 2) if home is None else home
    size, stray = torch.zeros(1, TONES, frames), torch.zeros(1, TONES, frames)
    size[:, index] = 0.5 * WINDOW / 4
    stray[:, index] = hertz / BIN - (2 * index + 1)
    return size, stray


def sound_of(size: Tensor, stray: Tensor, anchored: Tensor) -> Tensor:
    vocoder = ISTFTVocoder(channels=8, hidden=8, depth=1, refinements=0)
    return vocoder.inverse_stft(drawn(size, stray, turns(stray, size, anchored, HOP, WINDOW)))[0]


def none(frames: int) -> Tensor:
    return torch.zeros(1, frames, dtype=torch.bool)


def at(frames: int, *places: int) -> Tensor:
    mask = none(frames)
    mask[:, list(places)] = True
    return mask


def amplitude(sound: Tensor, hertz: float) -> float:
    """How much of a sound turns at a frequency: 0.5 for a cosine of that amplitude."""
    turned = 2 * math.pi * hertz / RATE * torch.arange(len(sound), dtype=torch.float64)
    return float(2 * (sound * torch.polar(torch.ones(len(sound)).double(), -turned)).mean().abs())


@given(st.floats(40, 7900))
@settings(max_examples=20, deadline=None)
def test_a_steady_tone_is_pure(hertz: float) -> None:
    sound = sound_of(*one_tone(hertz, 300), none(300))[1000:-1000]
    found = amplitude(sound, hertz)
    assert found == pytest.approx(0.5, rel=0.01)
    assert float(sound.square().mean()) == pytest.approx(found**2 / 2, rel=0.01)  # and nothing else sounds


def test_two_homes_can_hold_the_same_tone() -> None:
    hertz = 28.1 * BIN  # between the homes at 27 and 29
    for home in (13, 14):
        assert amplitude(sound_of(*one_tone(hertz, 200, home), none(200))[1000:-1000], hertz) > 0.49


def test_a_tone_that_glides_stays_one_tone() -> None:
    size, stray = one_tone(440.0, 300)
    stray[:, int(440 / BIN // 2)] = torch.linspace(-1, 1, 300)
    sound = sound_of(size, stray, none(300))[1000:-1000]
    loudness = sound.unfold(0, 800, 400).square().mean(1)
    assert float(loudness.max() / loudness.min()) < 1.1


def test_phases_are_the_same_at_every_anchor() -> None:
    stray, size = torch.rand(1, TONES, 200) - 0.5, torch.rand(1, TONES, 200)
    turned = turns(stray, size, at(200, 20, 90, 150), HOP, WINDOW)
    expected = GOLDEN * torch.arange(TONES) % 1
    for place in (20, 90, 150):
        off = turned[0, :, place] - expected
        assert (off - off.round()).abs().max() < 1e-5


def test_a_held_tone_is_out_of_tune_by_less_than_half_a_turn_between_anchors() -> None:
    size, stray = one_tone(441.3, 400)
    free = turns(stray, size, at(400, 50), HOP, WINDOW)
    held = turns(stray, size, at(400, 50, 150, 250), HOP, WINDOW)
    index = int(441.3 / BIN // 2)
    off = (held - free)[0, index, 50:251]
    off = off - off.round()
    steps = off.diff()
    steps = steps - steps.round()
    assert steps.abs().max() <= 0.5 / 100 + 1e-5
    assert steps.std() < 1e-5  # evenly: the tone stays steady


def test_a_new_tone_is_in_tune_from_its_first_frame() -> None:
    size, stray = one_tone(441.3, 300)
    size[:, :, :120] = 0
    free = turns(stray, size, at(300, 50), HOP, WINDOW)
    made_up = turns(stray, size, at(300, 50, 200), HOP, WINDOW)
    steps = (made_up - free)[0, int(441.3 / BIN // 2), 122:199].diff()
    assert (steps - steps.round()).abs().max() < 1e-3


def test_anchors_are_where_most_changes() -> None:
    mel = draw((2, 900, 64), 5, 0, "start") * 0.1
    mel[:, 300:] += 2
    mask = anchors(mel, 40)
    assert mask[:, 300].all()
    for row in mask:
        places = row.nonzero().flatten()
        assert places.diff().min() > 40
        assert places.diff().max() < 200


def test_anchors_do_not_depend_on_where_a_piece_begins() -> None:
    mel = draw((1, 600, 64), 5, 0, "start")
    mask, later = anchors(mel, 30), anchors(mel[:, 77:], 30)
    assert torch.equal(mask[:, 77 + 31 : -30], later[:, 31:-30])


def test_nothing_is_anchored_where_nothing_changes() -> None:
    assert not anchors(torch.full((1, 300, 64), -4.0), 20).any()
    assert not anchors(torch.full((1, 1, 64), -4.0), 20).any()


def test_size_and_stray_have_gradients() -> None:
    size, stray = torch.rand(1, TONES, 60).requires_grad_(), torch.rand(1, TONES, 60).requires_grad_()
    drawn(size, stray, turns(stray, size, at(60, 10, 40), HOP, WINDOW)).abs().square().sum().backward()
    for x in (size, stray):
        assert x.grad is not None
        assert x.grad.isfinite().all()
        assert x.grad.abs().sum() > 0
