"""Sounds of nature from filtered noise and short tones, clearer than those of General MIDI."""

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


def _chirp(duration: float, low: float, high: float, harmonics: tuple[float, ...] = (1.0,)) -> NDArray[np.float64]:
    """A tone that glides from one frequency to another and swells in between."""
    time = np.arange(int(duration * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * (low * time + (high - low) * time**2 / (2 * duration))
    tone = sum(level * np.sin((index + 1) * phase) for index, level in enumerate(harmonics))
    return np.asarray(tone * np.sin(np.pi * time / duration) ** 2)


def _birds(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """Two or three birds. Each repeats a song of a few chirps."""
    sound = 0.004 * _noise(rng, samples, [300, 3000], "bandpass")
    for _ in range(int(rng.integers(2, 4))):
        center, near = rng.uniform(2200, 4500), rng.uniform(0.3, 1.0)
        song = [
            (rng.uniform(0.05, 0.16), center * rng.uniform(0.8, 1.25), center * rng.uniform(0.8, 1.25))
            for _ in range(int(rng.integers(2, 5)))
        ]
        song = [chirp for chirp in song for _ in range(int(rng.integers(1, 4)))]
        pause, at = rng.uniform(0.8, 2.2), rng.uniform(0.0, 1.0)
        while at * SAMPLE_RATE < samples:
            for duration, low, high in song:
                _add(sound, at, near * _chirp(duration, low, high))
                at += duration + 0.03
            at += pause * rng.uniform(0.8, 1.2)
    return sound


def _ocean(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """Waves that swell as a low rumble, break as a bright hiss, and run out."""
    sound = 0.05 * _noise(rng, samples, [100, 800], "bandpass")
    period, at = rng.uniform(4.5, 7.0), -rng.uniform(0.0, 3.0)
    while at * SAMPLE_RATE < samples:
        rise, length = period * 0.45, period * 1.1
        time = np.arange(int(length * SAMPLE_RATE)) / SAMPLE_RATE
        swell = np.where(time < rise, np.sin(np.pi / 2 * time / rise) ** 3, np.exp(-(time - rise) / (0.22 * period)))
        foam = np.where(time < rise, (time / rise) ** 8, np.exp(-(time - rise) / (0.16 * period)))
        wave = swell * _noise(rng, len(time), [90, 700], "bandpass")
        wave += 0.9 * foam * _noise(rng, len(time), [700, 5000], "bandpass")
        _add(sound, at, rng.uniform(0.7, 1.0) * wave * np.minimum(1.0, (length - time) / 0.3))
        at += period * rng.uniform(0.9, 1.1)
    return sound


def _ocean_birds(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """The sea, with the falling cries of gulls."""
    sea = _ocean(rng, samples)
    sound, at = 0.5 * sea / sea.std(), rng.uniform(0.2, 1.0)
    while at * SAMPLE_RATE < samples:
        pitch = rng.uniform(1100, 1500)
        for _ in range(int(rng.integers(2, 5))):
            _add(sound, at, _chirp(rng.uniform(0.28, 0.36), 1.25 * pitch, 0.85 * pitch, (1.0, 0.6, 0.3)))
            at += 0.42
        at += rng.uniform(1.0, 2.2)
    return sound


def _add(sound: NDArray[np.float64], at: float, part: NDArray[np.float64]) -> None:
    """Add a part to a sound from a time in seconds on; what lies outside of the sound is lost."""
    first = round(at * SAMPLE_RATE)
    begin, end = max(0, first), min(len(sound), first + len(part))
    if begin < end:
        sound[begin:end] += part[begin - first : end - first]


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
    for middle, gain in ((250, 1.0), (500, 0.7), (900, 0.4)):
        center = middle * rng.uniform(0.85, 1.2)
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
        fade = np.minimum(1.0, (time[-1] - time) / 1.5)
        sound[at : at + length] += fade * (4 * rumble + rng.uniform(0.2, 1.0) * clap)
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


SOUNDS = {
    "birds": _birds,
    "ocean": _ocean,
    "ocean_birds": _ocean_birds,
    "rain": _rain,
    "wind": _wind,
    "thunder": _thunder,
    "fire": _fire,
    "stream": _stream,
    "storm": _storm,
}
