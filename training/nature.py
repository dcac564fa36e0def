"""Sounds that General MIDI lacks (rain, wind, thunder, fire, and a stream) from filtered noise and short tones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

SAMPLE_RATE = 16000
_SETTLE = 8000  # samples discarded while the filters settle


def synthesise(kind: str, rng: np.random.Generator, samples: int) -> NDArray[np.float32]:
    """Synthesize one of `SOUNDS` at 16 kHz. Its level is arbitrary, because rendering sets the level of every clip.

    Raises:
        ValueError: There is no such sound.
    """
    if kind not in SOUNDS:
        raise ValueError(f"kind is {kind!r}: expected one of {', '.join(sorted(SOUNDS))}")
    return SOUNDS[kind](rng, samples).astype(np.float32)


def _noise(rng: np.random.Generator, samples: int, band: float | list[float], shape: str) -> NDArray[np.float64]:
    """Filter white noise with a second-order Butterworth filter."""
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
    """Three bands of low noise that swell and fade independently."""
    time = np.arange(samples) / SAMPLE_RATE
    sound = np.zeros(samples)
    for center, gain in ((250, 1.0), (500, 0.7), (900, 0.4)):
        center = center * rng.uniform(0.85, 1.2)
        gusts = 0.58 + 0.42 * np.sin(2 * np.pi * rng.uniform(0.1, 0.35) * time + rng.uniform(0, 2 * np.pi))
        sound += gain * gusts * _noise(rng, samples, [center * 0.7, center * 1.4], "bandpass")
    return sound


def _thunder(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """A clap and a long rumble every few seconds, over distant rain."""
    sound = 0.02 * _noise(rng, samples, [600, 3000], "bandpass")
    at = int(rng.uniform(0, 2) * SAMPLE_RATE)
    while at < samples:
        length = min(samples - at, int(rng.uniform(3, 6) * SAMPLE_RATE))
        time = np.arange(length) / SAMPLE_RATE
        rolls = 1 + 0.7 * np.interp(time, np.arange(0, 6.3, 0.15), rng.uniform(-1, 1, 42))
        rumble = _noise(rng, length, rng.uniform(90, 160), "low") * rolls * np.exp(-time / rng.uniform(1.0, 2.0))
        clap = _noise(rng, length, [150, 2500], "bandpass") * np.exp(-time / rng.uniform(0.1, 0.3))
        sound[at : at + length] += 4 * rumble + rng.uniform(0.2, 1.0) * clap
        at += int(rng.uniform(3, 7) * SAMPLE_RATE)
    return sound


def _fire(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """A low flicker and crackling: short bursts of noise, many soft and a few loud."""
    time = np.arange(samples) / SAMPLE_RATE
    knots = np.arange(0, time[-1] + 0.2, 0.1)
    flicker = np.interp(time, knots, rng.uniform(0.4, 1.0, len(knots)))
    sound = 0.5 * flicker * _noise(rng, samples, [60, 400], "bandpass")
    for start in rng.integers(0, samples - 800, int(rng.uniform(12, 30) * time[-1])):
        length = int(rng.uniform(40, 700))
        burst = rng.standard_normal(length) * np.exp(-np.arange(length) / (length / 5))
        sound[start : start + length] += rng.exponential(0.25) * burst
    return sound


def _stream(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """A brook: a soft rush under bubbles, which are decaying tones of rising pitch."""
    sound = 0.1 * _noise(rng, samples, [400, 2500], "bandpass")
    time = np.arange(1600) / SAMPLE_RATE
    for start in rng.integers(0, samples - 1600, int(rng.uniform(35, 70) * samples / SAMPLE_RATE)):
        pitch, rise, decay = rng.uniform(350, 1800), rng.uniform(0, 6), rng.uniform(25, 90)
        bubble = np.exp(-time * decay) * np.sin(2 * np.pi * pitch * (time + rise * time**2))
        sound[start : start + 1600] += rng.uniform(0.03, 0.35) * bubble
    return sound


def _storm(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """Rain with thunder."""
    rain, thunder = _rain(rng, samples), _thunder(rng, samples)
    return rain / rain.std() + rng.uniform(0.8, 1.6) * thunder / thunder.std()


SOUNDS = {"rain": _rain, "wind": _wind, "thunder": _thunder, "fire": _fire, "stream": _stream, "storm": _storm}
