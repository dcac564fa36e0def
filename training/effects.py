"""Audio effects on played sound: a large hall, an old recording, and a master's level and limiter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pyloudnorm import Meter
from scipy.ndimage import minimum_filter1d
from scipy.signal import butter, fftconvolve, sosfilt

SAMPLE_RATE = 16000
PEAK = 0.885  # -1.06 dB
LOOK_AHEAD = 640  # samples (40 ms): the width of the limiter's gain changes
LOWEST = 25.0  # Hz
CORRECTIONS, CLOSE = 6, 0.15  # dB


def hall(clip: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float64]:
    """Add a long reverberation: noise that decays by 60 dB in two to three seconds, high frequencies first."""
    seconds = rng.uniform(2.0, 3.0)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tail = np.zeros(len(time))
    for band, share in (((120.0, 1500.0), 1.0), ((1500.0, 6000.0), 0.6)):
        tail += _noise(rng, len(time), band) * 10 ** (-3 * time / (seconds * share))
    tail *= rng.uniform(0.5, 0.8) / np.sqrt(np.sum(np.square(tail)))
    delay = np.zeros(int(rng.uniform(0.01, 0.04) * SAMPLE_RATE))
    wet = fftconvolve(clip, np.concatenate([delay, tail]))[: len(clip)]
    return np.asarray(clip + wet)


def master(clip: NDArray[np.float64], lufs: float) -> NDArray[np.float64]:
    """Remove the offset, and bring a clip to an integrated loudness with no peak above `PEAK`.

    The limiter takes some of the loudness, so the gain is corrected until the loudness is right.
    """
    clip = sosfilt(butter(2, LOWEST, "high", fs=SAMPLE_RATE, output="sos"), clip)
    gain, slope = lufs - _lufs(clip), 1.0
    mastered = limit(clip * 10 ** (gain / 20))
    level = _lufs(mastered)
    for _ in range(CORRECTIONS):
        if abs(lufs - level) < CLOSE:
            break
        change, before = (lufs - level) / slope, level
        gain += change
        mastered = limit(clip * 10 ** (gain / 20))
        level = _lufs(mastered)
        slope = min(1.0, max(0.2, (level - before) / change))  # the secant method
    return mastered


def limit(clip: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep every sample within `PEAK` by a smooth gain that falls before each peak and rises after it."""
    needed = np.minimum(1.0, PEAK / np.maximum(np.abs(clip), 1e-9))
    lowest = minimum_filter1d(needed, LOOK_AHEAD + 1, mode="nearest")
    window = np.hanning(LOOK_AHEAD + 1)
    padded = np.pad(lowest, LOOK_AHEAD // 2, mode="edge")
    gain = fftconvolve(padded, window / window.sum(), mode="valid")
    return np.asarray(clip * gain)


def _lufs(clip: NDArray[np.float64]) -> float:
    """Return the integrated loudness, at most 0.2 dB off `spotnb.sound.loudness`, but much faster: all at 16 kHz."""
    return float(Meter(SAMPLE_RATE, filter_class="DeMan").integrated_loudness(clip))


def vintage(clip: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Make a clip (RMS of about one) sound like a gramophone: band-limited and overdriven, with hiss and crackle."""
    narrow = _through(clip, (rng.uniform(250, 400), rng.uniform(2400, 3200)))
    driven = np.tanh(1.2 * narrow / (np.sqrt(np.mean(np.square(narrow))) + 1e-9))
    clicks = rng.standard_normal(len(clip)) * (rng.random(len(clip)) < rng.uniform(8, 30) / SAMPLE_RATE)
    crackle = _through(clicks, (800, 5000))
    return np.asarray(driven + 6 * crackle + rng.uniform(0.01, 0.03) * rng.standard_normal(len(clip)))


def _noise(rng: np.random.Generator, samples: int, band: tuple[float, float]) -> NDArray[np.float64]:
    return _through(rng.standard_normal(samples), band)


def _through(sound: NDArray[np.float64], band: tuple[float, float]) -> NDArray[np.float64]:
    return np.asarray(sosfilt(butter(2, band, "band", fs=SAMPLE_RATE, output="sos"), sound))
