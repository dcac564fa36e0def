"""From a class name and a source of chance to a piece of music: MIDI events and what is true about them.

Nothing here makes sound (see `training.render`) or words (see `training.captions`). The same `random.Random`
state always gives the same piece.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from training import composers
from training.theory import Instrument, Note, Settings, Sketch

CLIP_SECONDS = 10.24
LATEST_START = 4.0
SAME_TIME = 0.03  # seconds within which two strikes of one pitch are one

CLASSES = (
    "rock",
    "electronic",
    "acoustic_guitar",
    "nature",
    "ambient",
    "jazz_piano",
    "experimental",
    "strings",
    "drums",
    "bass",
    "organ",
    "mallets",
    "brass",
    "choir",
)


class Event(NamedTuple):
    """One MIDI event; `kind` is "control", "program", "off" or "on", `a` and `b` are its data bytes."""

    time: float
    kind: str
    channel: int
    a: int
    b: int


@dataclass(frozen=True)
class Piece:
    """Music of `duration` seconds, of which the clip is the 10.24 s from `start`, the onset of a note, on."""

    notes: list[Note]
    instruments: dict[int, Instrument]
    attributes: dict[str, Any]
    start: float
    duration: float
    noise_seed: int

    def events(self) -> list[Event]:
        """All MIDI events in playing order: set-up first, then at equal times note-offs before note-ons."""
        setup = []
        for channel, instrument in sorted(self.instruments.items()):
            setup.append(Event(0.0, "program", channel, instrument.program, 0))
            setup.append(Event(0.0, "control", channel, 7, instrument.volume))
            setup.append(Event(0.0, "control", channel, 91, instrument.reverb))
        played = []
        for note in untangled(self.notes):
            played.append(Event(note.start, "on", note.channel, note.pitch, note.velocity))
            played.append(Event(note.start + note.duration, "off", note.channel, note.pitch, 0))
        return setup + sorted(played, key=lambda event: (event.time, event.kind))


def untangled(notes: list[Note]) -> list[Note]:
    """The same notes, where no two of one pitch overlap: MIDI would let the end of the first cut off the second.

    A pitch struck again while it sounds ends there and is held on by the second note; struck twice at once it is one.
    """
    result: list[Note] = []
    latest: dict[tuple[int, int], int] = {}
    for note in sorted(notes, key=lambda note: note.start):
        key = note.channel, note.pitch
        if key in latest:
            before = result[latest[key]]
            stop = max(note.start + note.duration, before.start + before.duration)
            gap = note.start - before.start
            if gap < SAME_TIME:
                velocity = max(before.velocity, note.velocity)
                result[latest[key]] = replace(before, duration=stop - before.start, velocity=velocity)
                continue
            if before.start + before.duration > note.start:
                result[latest[key]] = replace(before, duration=gap)
                note = replace(note, duration=stop - note.start)
        latest[key] = len(result)
        result.append(note)
    return result


@dataclass(frozen=True)
class Recipe:
    """Which attributes mean something for a class, and in which ranges they are drawn."""

    write: Callable[[Sketch], str | None]
    slow: tuple[float, float] | None = (60, 74)
    mid: tuple[float, float] | None = (94, 110)
    fast: tuple[float, float] | None = (138, 160)
    mood: bool = True
    register: bool = True


RECIPES = {
    "rock": Recipe(composers.rock, (74, 86), (106, 122), (148, 170), register=False),
    "electronic": Recipe(composers.electronic, (84, 96), (112, 124), (138, 152)),
    "acoustic_guitar": Recipe(composers.acoustic_guitar),
    "nature": Recipe(composers.nature, None, None, None, mood=False, register=False),
    "ambient": Recipe(composers.ambient, (46, 56), (80, 92), None),
    "jazz_piano": Recipe(composers.jazz_piano, (66, 80), (112, 130), (176, 205)),
    "experimental": Recipe(composers.experimental, mood=False),
    "strings": Recipe(composers.strings),
    "drums": Recipe(composers.drums, (62, 74), (96, 110), (140, 165), mood=False, register=False),
    "bass": Recipe(composers.bass, (62, 74), (94, 110), (132, 150), register=False),
    "organ": Recipe(composers.organ, (48, 60), (84, 100), (136, 156)),
    "mallets": Recipe(composers.mallets),
    "brass": Recipe(composers.brass, (64, 76), (98, 112), (142, 162)),
    "choir": Recipe(composers.choir, (40, 52), (76, 90), (126, 144)),
}


def compose(class_name: str, rng: random.Random) -> Piece:
    """Compose one piece; an attribute that means nothing for the class is None."""
    if class_name not in RECIPES:
        raise ValueError(f"class {class_name!r} is not one of {', '.join(CLASSES)}")
    recipe = RECIPES[class_name]
    settings = _draw(recipe, rng)
    start = rng.choice((0.0, rng.uniform(0.0, LATEST_START)))
    duration = start + CLIP_SECONDS + 0.1
    sketch = Sketch(settings, duration, rng)
    kind = recipe.write(sketch)
    paced = recipe.slow is not None
    attributes = {
        "class": class_name,
        "kind": kind,
        "tempo": settings.tempo if paced else None,
        "bpm": round(settings.bpm, 1) if paced else None,
        "mood": settings.mood if recipe.mood else None,
        "loudness": settings.loudness,
        "register": settings.register if recipe.register else None,
    }
    onset = max((note.start for note in sketch.notes if note.start <= start), default=0.0)
    return Piece(sketch.notes, sketch.instruments, attributes, onset, duration, rng.getrandbits(63))


def _draw(recipe: Recipe, rng: random.Random) -> Settings:
    """Draw the settings of a piece, each value equally likely among those the recipe allows."""
    ranges = {"slow": recipe.slow, "mid": recipe.mid, "fast": recipe.fast}
    tempo = rng.choice([name for name, span in ranges.items() if span is not None] or ["mid"])
    low, high = ranges[tempo] or (100.0, 100.0)
    return Settings(
        bpm=rng.uniform(low, high),
        tempo=tempo,
        mood=rng.choice(("major", "minor")),
        loudness=rng.choice(("soft", "mid", "loud")),
        register=rng.choice(("low", "mid", "high")) if recipe.register else "mid",
        key=rng.randrange(12),
    )
