"""The measures on sounds whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from training import listening

RATE = 16000
TIME = np.arange(6 * RATE) / RATE


def tone(hertz: float) -> listening.Sound:
    return (0.3 * np.sin(2 * np.pi * hertz * TIME)).astype(np.float32)


def clicks(bpm: float) -> listening.Sound:
    sound = np.zeros(len(TIME), np.float32)
    burst = np.random.default_rng(0).standard_normal(400) * np.exp(-np.arange(400) / 80)
    for start in np.arange(0, len(TIME) - 400, 60 / bpm * RATE).astype(int):
        sound[start : start + 400] += burst
    return 0.3 * sound


def test_a_steady_tone_keeps_its_pitch_and_a_trembling_one_does_not() -> None:
    trembling = np.sin(2 * np.pi * 330 * TIME + 4 * np.sin(2 * np.pi * 9 * TIME)).astype(np.float32)
    assert listening.pitch_deviation(tone(330)[: 2 * RATE]) <= 5
    assert listening.pitch_deviation(trembling[: 2 * RATE]) > 15
    assert np.isnan(listening.pitch_deviation(np.zeros(RATE, np.float32)))


@pytest.mark.parametrize("bpm", [70, 96, 128, 165])
def test_tempo_of_clicks(bpm: int) -> None:
    assert listening.tempo_fits(listening.tempo(clicks(bpm)), bpm, 0.03)
    assert listening.onset_rate(clicks(bpm)) == pytest.approx(bpm / 60, rel=0.2)


def test_what_fits_a_tempo() -> None:
    assert listening.tempo_fits(61, 120)
    assert listening.tempo_fits(125, 120)
    assert not listening.tempo_fits(80, 120)
    assert not listening.tempo_fits(131, 120)


def test_level_brightness_and_lows() -> None:
    assert listening.level(tone(440)) == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.01)
    assert listening.centroid(tone(880)) - listening.centroid(tone(440)) == pytest.approx(1, abs=0.15)
    assert listening.share_of_lows(tone(1000)) < -30
    assert listening.share_of_lows(tone(100)) > -1


def test_reverberation_fills_the_gaps() -> None:
    dry = clicks(90)
    tail = np.exp(-np.arange(RATE) / 3000) * np.random.default_rng(1).standard_normal(RATE) * 0.05
    assert listening.depth(np.convolve(dry, tail)[: len(dry)].astype(np.float32)) < listening.depth(dry)


def test_major_and_minor_chords() -> None:
    major = sum(tone(261.63 * 2 ** (step / 12)) for step in (0, 4, 7))
    minor = sum(tone(261.63 * 2 ** (step / 12)) for step in (0, 3, 7))
    assert listening.majorness(np.asarray(major)) > listening.majorness(np.asarray(minor))


def test_a_tone_is_more_harmonic_than_noise() -> None:
    noise = np.random.default_rng(0).standard_normal(len(TIME)).astype(np.float32)
    assert listening.harmonic_to_noise(tone(440)) > listening.harmonic_to_noise(noise) + 10


def test_faults_are_found() -> None:
    assert listening.faults(tone(440)) == {"silent": False, "clipped": False, "offset": False}
    assert listening.faults(0 * tone(440))["silent"]
    assert listening.faults(np.clip(9 * tone(440), -1, 1))["clipped"]
    assert listening.faults(tone(440) + 0.1)["offset"]
