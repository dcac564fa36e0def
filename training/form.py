"""Musical form: eight bars of chords with a rise and a close, and melodies that repeat their first bar.

All pieces are in four-four time. Eight bars are a period of two phrases: the first ends openly in bar 4, the second
closes in bar 8, and then the period starts again. Positions inside a bar are in beats. Chords and melodies are in
degrees of the scale.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from training.theory import Settings, Sketch, degree

BARS = 8
# Mostly the chords that sound the mode: major ones in major, minor ones in minor.
MAJOR_FORMS = (
    (0, 3, 0, 4, 0, 3, 4, 0),
    (0, 4, 3, 4, 0, 5, 4, 0),
    (0, 0, 3, 4, 0, 3, 4, 0),
    (0, 3, 4, 4, 0, 3, 4, 0),
)
MINOR_FORMS = (
    (0, 3, 0, 4, 0, 3, 4, 0),
    (0, 4, 0, 3, 0, 5, 4, 0),
    (0, 0, 3, 4, 0, 3, 4, 0),
    (0, 3, 5, 4, 0, 3, 4, 0),
)
# How strong each bar is: both phrases grow, and the second one is stronger.
LIFTS = (0.9, 0.93, 0.97, 0.92, 0.96, 1.0, 1.04, 0.98)
# (position, length) of a melody's notes: lively in major, calm in minor.
LIVELY = (
    ((0, 1), (1, 0.5), (1.5, 0.5), (2, 1), (3, 1)),
    ((0, 1), (1, 1), (2, 0.5), (2.5, 0.5), (3, 1)),
    ((0, 1.5), (1.5, 0.5), (2, 1), (3, 1)),
    ((0, 0.5), (0.5, 0.5), (1, 1), (2, 0.5), (2.5, 0.5), (3, 1)),
)
CALM = (
    ((0, 2), (2, 1), (3, 1)),
    ((0, 1), (1, 1), (2, 2)),
    ((0, 1.5), (1.5, 0.5), (2, 2)),
    ((0, 1), (1, 1), (2, 1), (3, 1)),
)
RISING, FALLING = ((0, 2, 4), (0, 4, 7), (2, 4, 7), (0, 2, 7)), ((4, 2, 0), (7, 4, 2), (7, 4, 0), (4, 2, 2))


@dataclass(frozen=True)
class Bar:
    """One bar of a piece.

    Attributes:
        place: Its place in the form, from 0 to 7.
        start: When it begins, in seconds.
        step: The degree of its chord.
        lift: A factor on the strength of its notes.
    """

    place: int
    start: float
    step: int
    lift: float

    @property
    def turns(self) -> bool:
        """Whether the bar ends a phrase."""
        return self.place in (3, 7)

    @property
    def second(self) -> bool:
        """Whether the bar is in the second, stronger phrase."""
        return self.place >= BARS // 2

    @property
    def low_step(self) -> int:
        """The degree of the chord in the octave around the root of the key, from -3 to 3."""
        return self.step - 7 if self.step > 3 else self.step


@dataclass(frozen=True)
class Tone:
    """One note of a melody: position and length in beats, and its degree above the chord."""

    position: float
    length: float
    step: int


def bars(sketch: Sketch, forms: tuple[tuple[int, ...], ...] | None = None) -> list[Bar]:
    """Return the bars of a piece, with chords drawn from `forms` (default: forms that suit the mood)."""
    forms = forms or (MINOR_FORMS if sketch.settings.minor else MAJOR_FORMS)
    chords = sketch.rng.choice(forms)
    return [
        Bar(index % BARS, start, chords[index % BARS], LIFTS[index % BARS])
        for index, start in sketch.spans(4 * sketch.settings.beat)
    ]


def melody(settings: Settings, rng: random.Random) -> list[list[Tone]]:
    """Return a melody of eight bars, as "a a b open, a a b closed".

    Chord tones fall on the beats. In major, bars are lively and rise; in minor, they are calm and fall.
    """
    first, second = (_bar(settings, rng) for _ in range(2))
    last = second[0].step
    opened = [Tone(0, 2, last), Tone(2, 2, 4 if settings.minor else 2)]
    closed = [Tone(0, 1, 2), Tone(1, 1, 1), Tone(2, 2, 0)]
    return [first, first, second, opened, first, first, second, closed]


def _bar(settings: Settings, rng: random.Random) -> list[Tone]:
    rhythm = rng.choice(CALM if settings.minor else LIVELY)
    shape = rng.choice(FALLING if settings.minor else RISING)
    tones: list[Tone] = []
    for position, length in rhythm:
        if position % 1 and tones:
            step = tones[-1].step + (-1 if settings.minor else 1)  # passes to the next chord tone
        else:
            step = shape[min(len(shape) - 1, int(position * len(shape) / 4))]
        tones.append(Tone(position, length, step))
    return tones


def accent(position: float) -> float:
    """Return the strength of a position in a bar: strongest on the first beat, weakest between beats."""
    if position % 4 == 0:
        return 1.0
    if position % 2 == 0:
        return 0.93
    return 0.88 if position % 1 == 0 else 0.8


def sing(sketch: Sketch, channel: int, bar: Bar, tones: list[Tone], root: int, velocity: float) -> None:
    """Write one bar of a melody over the bar's chord, moved and articulated as the mood asks."""
    now = sketch.settings
    for tone in tones:
        pitch = degree(root, now.scale, bar.low_step + tone.step)
        force = velocity * bar.lift * accent(tone.position)
        sketch.play(channel, pitch, bar.start + tone.position * now.beat, tone.length * now.beat * now.touch, force)
