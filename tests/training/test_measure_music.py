"""The figures of composed clips, on sounds whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spotnb.sound.mel import SAMPLE_RATE
from training.measure_music import contrast, figures, left_out_accuracy, onset_clarity, recurrence

SECONDS = 8


def hits(seconds: float, floor: float) -> NDArray[np.float32]:
    """Return a decaying noise every `seconds`, over steady noise."""
    rng = np.random.default_rng(0)
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    sound = (np.exp(-40 * (time % seconds)) + floor) * rng.standard_normal(len(time))
    return np.asarray(0.1 * sound, dtype=np.float32)


def test_onsets_are_clearer_the_lower_the_floor_beneath_them() -> None:
    clear, hazy, none = (onset_clarity(hits(0.5, floor)) for floor in (0.001, 0.2, 100))
    assert clear > 1.5 * hazy > 3 * none


def test_a_beat_recurs_at_its_own_lag_only() -> None:
    sound = hits(0.5, 0.01)
    assert recurrence(sound, 0.5) > 0.8
    assert recurrence(sound, 1.0) > 0.8
    assert recurrence(sound, 0.7) < 0.3


def test_a_chord_has_more_spectral_contrast_than_noise() -> None:
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220, 275, 330, 440, 880, 1760, 3520))
    assert contrast((0.05 * chord).astype(np.float32)) > 5 + contrast(hits(0.5, 100))


def test_figures_of_a_tone() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 997 * np.arange(12 * SAMPLE_RATE) / SAMPLE_RATE) + 0.01
    found = figures(tone.astype(np.float32), None)
    assert found["lufs"] == pytest.approx(-9.03, abs=0.1)
    assert found["peak_db"] == pytest.approx(20 * np.log10(0.51), abs=0.01)
    assert found["offset"] == pytest.approx(0.01, abs=1e-4)
    assert found["harmonic_to_noise"] > 10
    assert np.isnan(found["beat"])


def test_two_groups_are_told_apart_only_if_they_differ() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(60) % 2 == 0
    same = rng.standard_normal((60, 3))
    assert left_out_accuracy(same, labels) < 0.7
    assert left_out_accuracy(same + 4 * labels[:, None], labels) > 0.95
