"""Synthesized sounds of nature."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from training.composers.free import NATURE_KINDS
from training.nature import SAMPLE_RATE, SOUNDS, synthesise

SAMPLES = 10 * SAMPLE_RATE


def test_every_kind_of_nature_has_a_sound() -> None:
    assert {*SOUNDS} == {*NATURE_KINDS}
    with pytest.raises(ValueError, match="kind is 'snow': expected one of birds, fire, "):
        synthesise("snow", np.random.default_rng(0), SAMPLES)


@pytest.mark.parametrize("kind", sorted(SOUNDS))
def test_a_sound_is_finite_never_silent_and_the_same_for_a_seed(kind: str) -> None:
    for seed in range(3):
        sound = synthesise(kind, np.random.default_rng(seed), SAMPLES)
        assert sound.shape == (SAMPLES,)
        assert np.isfinite(sound).all()
        levels = np.sqrt(np.mean(sound.reshape(10, -1) ** 2, axis=1))
        assert levels.max() < 300 * levels.min()
        again = synthesise(kind, np.random.default_rng(seed), SAMPLES)
        np.testing.assert_array_equal(sound, again)


def spectral_center(kind: str) -> float:
    sounds = [synthesise(kind, np.random.default_rng(seed), SAMPLES) for seed in range(4)]
    return float(np.mean([librosa.feature.spectral_centroid(y=sound, sr=SAMPLE_RATE).mean() for sound in sounds]))


def test_sounds_of_nature_lie_where_they_should() -> None:
    center = {kind: spectral_center(kind) for kind in ("birds", "rain", "wind", "thunder")}
    assert center["wind"] < 1500 < center["birds"]
    assert center["thunder"] < 2000 < center["rain"]


def test_waves_swell_and_fall_and_birds_chirp() -> None:
    def depth(kind: str, seconds: float) -> float:
        """Return the mean range of the level over frames of some seconds, in dB."""
        ranges = []
        for seed in range(4):
            sound = synthesise(kind, np.random.default_rng(seed), SAMPLES)
            levels = librosa.amplitude_to_db(np.sqrt(np.mean(sound.reshape(round(10 / seconds), -1) ** 2, axis=1)))
            ranges.append(np.percentile(levels, 90) - np.percentile(levels, 10))
        return float(np.mean(ranges))

    assert depth("ocean", 0.5) > 8
    assert depth("rain", 0.5) < 3
    assert depth("birds", 0.05) > 15
