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


def noise(level: float = 1.0) -> listening.Sound:
    return (level * np.random.default_rng(0).standard_normal(len(TIME))).astype(np.float32)


def in_noise(decibels: float) -> listening.Sound:
    """Return a tone whose power is so many decibels above that of the white noise beside it."""
    return 0.1 * (2**0.5 * tone(437) / 0.3 + noise(10 ** (-decibels / 20))).astype(np.float32)


@pytest.mark.parametrize("decibels", [5, 10, 20])
def test_a_known_ratio_of_tone_to_noise(decibels: float) -> None:
    """Median filtering gives the noise beside the tone to the tone, and the ends of a tone to the noise."""
    noisy = in_noise(decibels)
    assert decibels - 1 < listening.harmonic_to_noise(noisy) < decibels + 6.5
    assert listening.harmonic_to_noise(in_noise(decibels + 5)) - listening.harmonic_to_noise(noisy) > 2.5
    assert abs(listening.harmonic_to_noise(noise())) < 1


def test_contrast_is_that_of_peaks_above_valleys() -> None:
    flat, mixed, clear = (listening.spectral_contrast(sound) for sound in (noise(), in_noise(10), in_noise(30)))
    assert flat + 2 < mixed < clear
    assert listening.spectral_contrast(0.01 * in_noise(10)) == pytest.approx(mixed, abs=0.1)  # whatever the level


@pytest.mark.parametrize("bpm", [70, 128])
def test_onsets_are_clear_as_far_as_they_stand_out(bpm: int) -> None:
    clear, mixed, drowned = (listening.onset_clarity(clicks(bpm) + noise(level)) for level in (1e-4, 0.01, 0.3))
    assert clear > mixed + 3 > drowned + 5
    assert listening.onset_clarity(noise()) < 0.6
    assert listening.onset_clarity(tone(440)) < 0.2


def test_jitter_grows_with_the_depth_of_vibrato() -> None:
    def vibrato(cents: float, hertz: float = 5) -> listening.Sound:
        pitch = 440 * 2 ** (cents * np.sin(2 * np.pi * hertz * TIME) / 1200)
        return (0.3 * np.sin(2 * np.pi * np.cumsum(pitch) / RATE)).astype(np.float32)

    # 64 ms apart, a sine of depth d differs by 4 d sin(0.064 pi f) / pi on the mean. A window of 128 ms smooths that.
    expected = 4 * 20 * np.sin(0.064 * np.pi * 5) / np.pi
    assert 0.6 * expected < listening.pitch_jitter(vibrato(20)) < expected
    assert listening.pitch_jitter(vibrato(20)) == pytest.approx(2 * listening.pitch_jitter(vibrato(10)), rel=0.1)
    assert listening.pitch_jitter(tone(440) + tone(554)) < 0.1
    assert listening.pitch_jitter(noise()) > 4
    assert np.isnan(listening.pitch_jitter(np.zeros(RATE, np.float32)))


def test_level_in_lufs() -> None:
    assert listening.lufs(tone(997) / 0.3) == pytest.approx(-3.01, abs=0.05)  # the standard's full-scale sine
    assert listening.lufs(tone(997)) == pytest.approx(-3.01 + 20 * np.log10(0.3), abs=0.05)
    assert listening.lufs(0 * tone(440)) == -70


def test_share_of_samples_out_of_range() -> None:
    sound = np.zeros(1000, np.float32)
    sound[:3] = 1.0, -1.001, 2.0
    assert listening.outside(sound) == 0.002


def test_faults_are_found() -> None:
    assert listening.faults(tone(440)) == {"silent": False, "clipped": False, "offset": False}
    assert listening.faults(0 * tone(440))["silent"]
    assert listening.faults(np.clip(9 * tone(440), -1, 1))["clipped"]
    assert listening.faults(tone(440) + 0.1)["offset"]
