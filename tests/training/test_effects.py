"""The level of a clip, its limiter, and the hall. Nothing here needs fluidsynth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from spotnb.sound.loudness import loudness
from tests.effort import effort
from training.compose import CLIP_SECONDS
from training.effects import PEAK, SAMPLE_RATE, hall, limit, master

SECONDS = 2


def clicks(seed: int, crest: float, seconds: float = SECONDS) -> NDArray[np.float64]:
    """Return noise with a burst in every half second that is `crest` times as strong."""
    rng = np.random.default_rng(seed)
    sound = rng.standard_normal(round(seconds * SAMPLE_RATE))
    sound[np.arange(len(sound)) % (SAMPLE_RATE // 2) < 400] *= crest
    return np.asarray(sound / np.sqrt(np.mean(sound**2)))


@effort(0.05)
@given(st.integers(0, 99), st.floats(1, 30), st.floats(-19.5, -14.5), st.floats(-5, 5), st.floats(0.01, 100))
def test_a_master_has_its_loudness_and_no_offset_and_never_clips(
    seed: int, crest: float, lufs: float, offset: float, gain: float
) -> None:
    mastered = master(gain * (clicks(seed, crest, CLIP_SECONDS) + offset), lufs)
    assert np.abs(mastered).max() <= PEAK + 1e-9
    assert 20 * np.log10(PEAK) < -1
    assert loudness(mastered.astype(np.float32), SAMPLE_RATE) == pytest.approx(lufs, abs=0.45)
    assert abs(mastered[SAMPLE_RATE:].mean()) < 1e-3


@effort(0.2)
@given(st.integers(0, 99), st.floats(1, 30), st.floats(0.01, 3))
def test_the_limiter_holds_every_peak_and_leaves_quiet_sound_alone(seed: int, crest: float, gain: float) -> None:
    sound = gain * clicks(seed, crest)
    limited = limit(sound)
    assert np.abs(limited).max() <= PEAK + 1e-9
    assert (np.abs(limited) <= np.abs(sound) + 1e-9).all()
    if np.abs(sound).max() <= PEAK:
        np.testing.assert_allclose(limited, sound, atol=1e-9)


def test_the_limiter_adds_less_distortion_than_clipping() -> None:
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    tone = 2 * PEAK * np.sin(2 * np.pi * 400 * time)
    noise = []
    for sound in (limit(tone), np.clip(tone, -PEAK, PEAK)):
        power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
        near = slice(398 * SECONDS, 402 * SECONDS)
        noise.append(1 - power[near].sum() / power.sum())
    assert noise[0] < 1e-6 < noise[1]


def test_a_hall_rings_for_a_second_and_leaves_the_attack_in_front() -> None:
    click = np.zeros(3 * SAMPLE_RATE, dtype=np.float32)
    click[100] = 1.0
    for seed in range(5):
        wet = hall(click, np.random.default_rng(seed))
        assert np.abs(wet).argmax() == 100
        tail = 10 * np.log10(np.mean(wet[SAMPLE_RATE : SAMPLE_RATE + 1600] ** 2) / np.mean(wet[800:2400] ** 2))
        assert -40 < tail < -10
