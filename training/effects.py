"""Audio effects on played sound: a large hall and an old recording."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

SAMPLE_RATE = 16000


def hall(clip: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float64]:
    """Add a long reverberation: noise that decays by 60 dB in two to four seconds, high frequencies first."""
    seconds = rng.uniform(2.0, 4.0)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tail = np.zeros(len(time))
    for band, share in (((80.0, 1500.0), 1.0), ((1500.0, 6000.0), 0.6)):
        tail += _noise(rng, len(time), band) * 10 ** (-3 * time / (seconds * share))
    tail *= rng.uniform(0.7, 1.2) / np.sqrt(np.sum(np.square(tail)))
    delay = np.zeros(int(rng.uniform(0.01, 0.04) * SAMPLE_RATE))
    wet = fftconvolve(clip, np.concatenate([delay, tail]))[: len(clip)]
    return np.asarray(0.6 * clip + wet)


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
