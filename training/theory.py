"""Scales, chords, voice leading, and the sketch on which every composer writes its notes.

Times are in seconds, pitches are MIDI note numbers, and scale degrees count from 0. Composers can ignore an
instrument's range, because `Sketch.play` moves each pitch by octaves into the range of its channel.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
DRUM_CHANNEL = 9
REVERB = {"dry": 0.0, "mid": 0.35, "hall": 1.0}  # factor on every instrument's reverb


@dataclass(frozen=True)
class Note:
    """One sounding note."""

    channel: int
    pitch: int
    start: float
    duration: float
    velocity: int


@dataclass(frozen=True)
class Instrument:
    """The settings of a MIDI channel before the first note, and the range of its pitches."""

    program: int
    volume: int = 100
    reverb: int = 40
    low: int = 20
    high: int = 108


@dataclass(frozen=True)
class Settings:
    """The properties of a piece that composers make audible and captions can mention."""

    bpm: float = 100.0
    tempo: str = "mid"
    mood: str = "major"
    loudness: str = "mid"
    register: str = "mid"
    key: int = 0
    density: str = "mid"
    room: str = "mid"

    @property
    def beat(self) -> float:
        """Seconds per beat."""
        return 60.0 / self.bpm

    @property
    def minor(self) -> bool:
        """Whether the piece is in a minor key."""
        return self.mood == "minor"

    @property
    def scale(self) -> tuple[int, ...]:
        """The scale of the key, in semitones above its root."""
        return MINOR if self.minor else MAJOR

    @property
    def octave(self) -> int:
        """The register as semitones by which melodic classes are transposed."""
        return {"low": -12, "mid": 0, "high": 12}[self.register]

    @property
    def velocity(self) -> int:
        """The loudness as a MIDI velocity."""
        return {"soft": 64, "mid": 88, "loud": 110}[self.loudness]

    @property
    def touch(self) -> float:
        """The share of its length that a note sounds: detached in major, legato in minor."""
        return 0.92 if self.minor else 0.6

    @property
    def tint(self) -> int:
        """Semitones by which the mood moves melodies: up in major, down in minor."""
        return -3 if self.minor else 3

    def root(self, low: int) -> int:
        """Return the root of the key in the octave from `low` up."""
        return low + (self.key - low) % 12


class Sketch:
    """The instruments and notes of a piece in progress.

    Args:
        settings: The properties that the composer should make audible.
        duration: Length of the piece in seconds.
        rng: The source of randomness for the composer.
    """

    def __init__(self, settings: Settings, duration: float, rng: random.Random) -> None:
        self.settings = settings
        self.duration = duration
        self.rng = rng
        self.instruments: dict[int, Instrument] = {}
        self.notes: list[Note] = []
        self._omitted: dict[tuple[int, int, int], bool] = {}

    def instrument(self, channel: int, program: int, **options: int) -> None:
        """Assign a General MIDI program (on the drum channel, a kit) to a channel. A dry room has no reverb."""
        instrument = Instrument(program, **options)
        self.instruments[channel] = replace(instrument, reverb=round(instrument.reverb * REVERB[self.settings.room]))

    def play(self, channel: int, pitch: int, start: float, duration: float, velocity: float) -> None:
        """Write one note with slightly randomized timing and velocity, unless it would start after the end.

        Sparse pieces omit most positions off the beat, the same ones in every bar, and busy ones strike their long
        notes more than once.
        """
        beat = self.settings.beat
        if self.settings.density == "sparse" and self._omits(channel, pitch, start / beat):
            return
        if self.settings.density == "busy" and duration > 0.8 * beat:
            times = min(4, max(2, round(2 * duration / beat)))
            for index in range(times):
                self._note(channel, pitch, start + index * duration / times, 0.95 * duration / times, velocity)
            return
        self._note(channel, pitch, start, duration, velocity)

    def _omits(self, channel: int, pitch: int, position: float) -> bool:
        """Return whether a sparse piece omits a position, in beats. Each drum has its own answer."""
        if abs((position + 0.5) % 1 - 0.5) <= 0.1:
            return False
        key = channel, pitch if channel == DRUM_CHANNEL else 0, round(position % 4 * 12)
        if key not in self._omitted:
            self._omitted[key] = self.rng.random() < 0.8
        return self._omitted[key]

    def _note(self, channel: int, pitch: int, start: float, duration: float, velocity: float) -> None:
        timing, force = (0.0015, 2.5) if channel == DRUM_CHANNEL else (0.004, 3.5)
        start = max(0.0, start + self.rng.gauss(0, timing))
        level = int(min(127, max(10, velocity + self.rng.gauss(0, force))))
        if start >= self.duration - 0.05:
            return
        instrument = self.instruments[channel]
        if channel != DRUM_CHANNEL:
            pitch = fold(pitch, instrument.low, instrument.high)
        stop = min(self.duration, start + max(0.05, duration))
        self.notes.append(Note(channel, pitch, start, stop - start, level))

    def chord(self, channel: int, pitches: Sequence[int], start: float, duration: float, velocity: float) -> None:
        """Write several simultaneous notes."""
        for pitch in pitches:
            self.play(channel, pitch, start, duration, velocity)

    def spans(self, length: float) -> list[tuple[int, float]]:
        """Return (index, start) of the consecutive spans of `length` seconds that fill the piece."""
        count = int(self.duration / length) + 1
        return [(index, index * length) for index in range(count) if index * length < self.duration - 0.05]


def fold(pitch: int, low: int, high: int) -> int:
    """Transpose a pitch by octaves into [low, high]."""
    while pitch < low:
        pitch += 12
    while pitch > high:
        pitch -= 12
    return pitch


def degree(root: int, scale: Sequence[int], step: int) -> int:
    """Return the pitch of a scale degree. Degrees beyond the scale continue into the next octave.

    >>> degree(60, MAJOR, 7)
    72
    """
    octave, index = divmod(step, len(scale))
    return root + scale[index] + 12 * octave


def stack(root: int, scale: Sequence[int], step: int, size: int = 3) -> list[int]:
    """Return a chord of stacked thirds on a scale degree."""
    return [degree(root, scale, step + 2 * index) for index in range(size)]


def lead(chord: Sequence[int], centre: float, previous: Sequence[int] | None = None) -> list[int]:
    """Return the close-position inversion of a chord that suits the previous voicing best.

    Args:
        chord: The pitches of the chord, in any octave.
        centre: The pitch that the mean of the voicing should be near.
        previous: The voicing from which the voices should move as little as possible.
    """
    classes = sorted({pitch % 12 for pitch in chord})
    best: list[int] = []
    best_cost = float("inf")
    for first in range(len(classes)):
        order = classes[first:] + [pitch + 12 for pitch in classes[:first]]
        for octave in range(0, 108, 12):
            voicing = [pitch + octave for pitch in order]
            cost = 0.35 * abs(sum(voicing) / len(voicing) - centre)
            if previous is not None:
                cost += sum(min(abs(pitch - old) for old in previous) for pitch in voicing) / len(voicing)
            if cost < best_cost:
                best, best_cost = voicing, cost
    return best
