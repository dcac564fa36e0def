"""Rain and wind, which General MIDI does not have: filtered noise, drops and gusts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

SAMPLE_RATE = 16000
_SETTLE = 8000  # samples thrown away while the filters settle


def synthesise(kind: str, rng: np.random.Generator, samples: int) -> NDArray[np.float32]:
    """Make `samples` of "rain" or "wind" at 16 kHz; the level is set later, like every clip's."""
    makers = {"rain": _rain, "wind": _wind}
    if kind not in makers:
        raise ValueError(f"nature sound {kind!r} is not one of {sorted(makers)}")
    return makers[kind](rng, samples).astype(np.float32)


def _noise(rng: np.random.Generator, samples: int, band: float | list[float], shape: str) -> NDArray[np.float64]:
    """White noise through a second-order filter."""
    filter_ = butter(2, band, shape, fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfilt(filter_, rng.standard_normal(samples + _SETTLE))[_SETTLE:])


def _rain(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """A steady hiss and many short ringing drops."""
    sound = 0.12 * _noise(rng, samples, rng.uniform(900, 2200), "high")
    time = np.arange(400) / SAMPLE_RATE
    for start in rng.integers(0, samples - 400, int(rng.uniform(120, 450))):
        pitch, decay = rng.uniform(1500, 5500), rng.uniform(150, 450)
        drop = np.exp(-time * decay) * np.sin(2 * np.pi * pitch * time)
        sound[start : start + 400] += rng.uniform(0.1, 0.7) * drop
    return sound


def _wind(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """Three bands of low noise that swell and fade, each in its own time."""
    time = np.arange(samples) / SAMPLE_RATE
    sound = np.zeros(samples)
    for centre, gain in ((250, 1.0), (500, 0.7), (900, 0.4)):
        centre = centre * rng.uniform(0.85, 1.2)
        gusts = 0.58 + 0.42 * np.sin(2 * np.pi * rng.uniform(0.1, 0.35) * time + rng.uniform(0, 2 * np.pi))
        sound += gain * gusts * _noise(rng, samples, [centre * 0.7, centre * 1.4], "bandpass")
    return sound
