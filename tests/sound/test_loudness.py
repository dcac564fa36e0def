"""Loudness in pieces equals that of the library in one pass. test_measure tests its values with `levels`."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from pyloudnorm import Meter

from spotnb.sound.loudness import BLOCK, HOP, RATE, _at_standard_rate, loudness


def at_once(wave: np.ndarray, rate: int) -> float:
    there = _at_standard_rate(wave, rate)
    whole = BLOCK + (len(there) - BLOCK) // HOP * HOP
    return float(Meter(RATE, filter_class="DeMan").integrated_loudness(there[:whole]))


@pytest.mark.parametrize("seconds", [59.9, 60.0, 60.2, 60.4, 61.0, 121.37, 180.0])
@pytest.mark.parametrize("rate", [16000, 11025])
def test_pieces_give_what_the_whole_gives(seconds: float, rate: int) -> None:
    """Return noise whose level varies, so that some blocks are gated."""
    count = round(seconds * rate)
    level = 10 ** (-1 - 2 * np.sin(np.arange(count) / rate / 7) ** 2)
    wave = (level * np.random.default_rng(0).standard_normal(count)).astype(np.float32)
    assert loudness(wave, rate) == pytest.approx(at_once(wave, rate), abs=1e-4)


def test_memory_does_not_grow_with_the_length() -> None:
    wave = 0.1 * np.random.default_rng(0).standard_normal(16000 * 600, np.float32)
    tracemalloc.start()
    loudness(wave, 16000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120e6  # in one pass: 900 MB


def tone(hz: float, rate: int) -> np.ndarray:
    return (0.1 * np.sin(2 * np.pi * hz * np.arange(2 * rate) / rate + 0.3)).astype(np.float32)


@pytest.mark.parametrize("rate", [1000, 8000, 11025, 16000, 22050, 32000, 44100, 44101, 96000, 192000, 768000])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.95, 0.975, 0.9875])
def test_a_tone_is_as_loud_at_every_rate(rate: int, share: float) -> None:
    """At 16 kHz, the last frequency is 7.9 kHz. The standard gives the values at 48 kHz."""
    hz = max(40, share * min(rate, RATE) / 2)
    assert loudness(tone(hz, rate), rate) == pytest.approx(loudness(tone(hz, RATE), RATE), abs=0.01)


def test_what_48_khz_cannot_hold_does_not_count() -> None:
    both = tone(1000, 96000) + tone(30000, 96000)
    assert loudness(both, 96000) == pytest.approx(loudness(tone(1000, 96000), 96000), abs=0.01)


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("channels", [2, 5])
def test_channels_are_those_of_the_library(rate: int, channels: int) -> None:
    """pyloudnorm weights left, right, center and two surround channels as the standard does."""
    levels = np.linspace(0.02, 0.2, channels, dtype=np.float32)[:, None]
    wave = levels * np.random.default_rng(0).standard_normal((channels, 25 * rate), np.float32)
    assert loudness(wave, rate) == pytest.approx(at_once(wave.T, rate), abs=1e-4)


def test_more_channels_have_no_place_in_the_standard() -> None:
    assert np.isnan(loudness(np.ones((6, 48000), np.float32), 48000))


def test_one_channel_in_a_row_of_its_own_is_mono() -> None:
    assert loudness(tone(440, 44100)[None], 44100) == pytest.approx(loudness(tone(440, 44100), 44100), abs=1e-9)
