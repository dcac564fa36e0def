"""Loudness in pieces is that of the library in one; what it means is tested with `levels`, in test_measure."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from pyloudnorm import Meter

from spotnb.sound.loudness import BLOCK, HOP, RATE, loudness, resampled


def at_once(wave: np.ndarray, rate: int) -> float:
    there = resampled(wave, rate, RATE)
    whole = BLOCK + (len(there) - BLOCK) // HOP * HOP
    return float(Meter(RATE, filter_class="DeMan").integrated_loudness(there[:whole]))


@pytest.mark.parametrize("seconds", [59.9, 60.0, 60.2, 60.4, 61.0, 121.37, 180.0])
@pytest.mark.parametrize("rate", [16000, 11025])
def test_pieces_give_what_the_whole_gives(seconds: float, rate: int) -> None:
    """Noise whose level wanders, so that some blocks are gated."""
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
    assert peak < 120e6  # at once: 900 MB
