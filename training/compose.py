"""Composition: from a class name and a random generator to a piece of music, as MIDI events and their attributes.

Nothing here produces sound (see `training.render`) or words (see `training.captions`). The same `random.Random`
state always gives the same piece.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from training import composers
from training.theory import Instrument, Note, Settings, Sketch

CLIP_SECONDS = 15.36
LATEST_START = 4.0
BETWEEN = 0.3  # share of pieces whose tempo is drawn from the full range, not from the slow, medium or fast one
MOOD_PACE = 1.8  # how much likelier each faster range is in major, and each slower one in minor
VINTAGE = 0.06  # share of clips that sound like an old recording
DENSITIES = ("sparse", "mid", "mid", "mid", "mid", "busy")
ROOMS = ("dry", "dry", "mid", "mid", "mid", "hall")
SAME_TIME = 0.03  # seconds within which two strikes of one pitch count as one note

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
    """One MIDI event. `kind` is "control", "program", "off", or "on"; `a` and `b` are its data bytes."""

    time: float
    kind: str
    channel: int
    a: int
    b: int


@dataclass(frozen=True)
class Piece:
    """Music from which one clip of 15.36 s is cut.

    Attributes:
        notes: The notes of the whole piece.
        instruments: The instrument on each MIDI channel.
        attributes: What captions may say about the piece.
        start: Where the clip begins, in seconds: at the onset of a note.
        duration: Length of the whole piece in seconds.
        noise_seed: Seed for the random parts of rendering.
        settings: The settings that the piece was composed with.
        under: A second piece that sounds at the same time, in the same tempo and key.
        under_db: How much louder `under` is than this piece, in dB.
    """

    notes: list[Note]
    instruments: dict[int, Instrument]
    attributes: dict[str, Any]
    start: float
    duration: float
    noise_seed: int
    settings: Settings
    under: Piece | None = None
    under_db: float = 0.0

    def events(self) -> list[Event]:
        """Return all MIDI events in playing order: the setup first; at equal times, note-offs before note-ons."""
        setup = []
        for channel, instrument in sorted(self.instruments.items()):
            setup.append(Event(0.0, "program", channel, instrument.program, 0))
            setup.append(Event(0.0, "control", channel, 7, instrument.volume))
            setup.append(Event(0.0, "control", channel, 91, instrument.reverb))
        played = []
        for note in untangled(self.notes):
            # Round to microseconds, or an end with a rounding error could come after the next note's start.
            start, stop = round(note.start, 6), round(note.start + note.duration, 6)
            played.append(Event(start, "on", note.channel, note.pitch, note.velocity))
            played.append(Event(stop, "off", note.channel, note.pitch, 0))
        return setup + sorted(played, key=lambda event: (event.time, event.kind))


def untangled(notes: list[Note]) -> list[Note]:
    """Return the same notes without overlaps of one pitch: in MIDI, the end of the first note would stop the second.

    If a pitch is struck again while it sounds, the first note ends there and the second one sustains it. Two strikes at
    the same time become one note.
    """
    result: list[Note] = []
    latest: dict[tuple[int, int], int] = {}
    for struck in sorted(notes, key=lambda note: note.start):
        note = struck
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
    """The composer of a class, its tempo ranges in beats per minute, and the attributes that apply to it."""

    write: Callable[[Sketch], str | None]
    slow: tuple[float, float] | None = (60, 74)
    mid: tuple[float, float] | None = (94, 110)
    fast: tuple[float, float] | None = (138, 160)
    mood: bool = True
    register: bool = True
    density: bool = True


RECIPES = {
    "rock": Recipe(composers.rock, (74, 86), (106, 122), (148, 170), register=False),
    "electronic": Recipe(composers.electronic, (84, 96), (112, 124), (138, 152)),
    "acoustic_guitar": Recipe(composers.acoustic_guitar),
    "nature": Recipe(composers.nature, None, None, None, mood=False, register=False, density=False),
    "ambient": Recipe(composers.ambient, (46, 56), (80, 92), None, density=False),
    "jazz_piano": Recipe(composers.jazz_piano, (66, 80), (112, 130), (176, 205)),
    "experimental": Recipe(composers.experimental, mood=False, density=False),
    "strings": Recipe(composers.strings),
    "drums": Recipe(composers.drums, (62, 74), (96, 110), (140, 165), mood=False, register=False),
    "bass": Recipe(composers.bass, (62, 74), (94, 110), (132, 150), register=False),
    "organ": Recipe(composers.organ, (48, 60), (84, 100), (136, 156)),
    "mallets": Recipe(composers.mallets),
    "brass": Recipe(composers.brass, (64, 76), (98, 112), (142, 162)),
    "choir": Recipe(composers.choir, (40, 52), (76, 90), (126, 144), density=False),
}


def compose(class_name: str, rng: random.Random, like: Settings | None = None, start: float | None = None) -> Piece:
    """Compose one piece. Attributes that do not apply to its class are None.

    Args:
        class_name: One of `CLASSES`.
        rng: The source of randomness.
        like: Settings that give the piece their tempo, key, mood, and room, so that the two can sound together.
        start: Where the clip begins, in seconds; drawn by default.

    Raises:
        ValueError: There is no such class.
    """
    if class_name not in RECIPES:
        raise ValueError(f"class_name is {class_name!r}: expected one of {', '.join(CLASSES)}")
    recipe = RECIPES[class_name]
    settings, named = _draw(recipe, rng)
    if like is not None:
        settings = replace(settings, bpm=like.bpm, tempo=like.tempo, key=like.key, mood=like.mood, room=like.room)
    if start is None:
        start = rng.choice((0.0, rng.uniform(0.0, LATEST_START)))
    duration = start + CLIP_SECONDS + 0.1
    sketch = Sketch(settings, duration, rng)
    kind = recipe.write(sketch)
    paced = recipe.slow is not None
    attributes = {
        "class": class_name,
        "kind": kind,
        "tempo": settings.tempo if paced and named else None,
        "bpm": round(settings.bpm, 1) if paced else None,
        "mood": settings.mood if recipe.mood else None,
        "loudness": settings.loudness,
        "register": settings.register if recipe.register else None,
        "density": settings.density if recipe.density else None,
        "room": settings.room if class_name != "nature" else None,
        "era": "vintage" if rng.random() < VINTAGE else "modern",
    }
    if like is None:
        start = max((note.start for note in sketch.notes if note.start <= start), default=0.0)
    attributes["start"] = round(start, 4)  # seconds from the first beat of a bar
    return Piece(sketch.notes, sketch.instruments, attributes, start, duration, rng.getrandbits(63), settings)


def compose_pair(first: str, second: str, rng: random.Random) -> Piece:
    """Compose a piece of the first class over one of the second class, in the same tempo and key."""
    piece = compose(first, rng)
    other = compose(second, rng, piece.settings, piece.start)
    shared = {"tempo": piece.attributes["tempo"], "era": piece.attributes["era"]}
    other = replace(other, attributes=other.attributes | shared)
    attributes = piece.attributes | {"with": other.attributes}
    return replace(piece, attributes=attributes, under=other, under_db=rng.uniform(-5, 3))


def _draw(recipe: Recipe, rng: random.Random) -> tuple[Settings, bool]:
    """Draw the settings of a piece, and return whether a word describes its tempo.

    Music in major is more often fast than slow, and music in minor more often slow: besides the mode, tempo is what
    listeners judge happiness by (Juslin & Laukka 2004, table 3).
    """
    mood = rng.choice(("major", "minor"))
    quicker = (MOOD_PACE if mood == "major" else 1 / MOOD_PACE) if recipe.mood else 1.0
    spans = {"slow": recipe.slow, "mid": recipe.mid, "fast": recipe.fast}
    ranges = {name: span for name, span in spans.items() if span is not None}
    names = [*ranges] or ["mid"]
    tempo = rng.choices(names, [quicker**index for index in range(len(names))])[0]
    low, high = ranges.get(tempo, (100.0, 100.0))
    bpm, named = rng.uniform(low, high), True
    if ranges and rng.random() < BETWEEN:
        lowest, highest = min(low for low, _ in ranges.values()), max(high for _, high in ranges.values())
        bpm = lowest * (highest / lowest) ** (rng.random() ** (1 / quicker))
        tempo = min(ranges, key=lambda name: abs(math.log(bpm / math.sqrt(ranges[name][0] * ranges[name][1]))))
        named = ranges[tempo][0] <= bpm <= ranges[tempo][1]
    settings = Settings(
        bpm=bpm,
        tempo=tempo,
        mood=mood,
        loudness=rng.choice(("soft", "mid", "loud")),
        register=rng.choice(("low", "mid", "high")) if recipe.register else "mid",
        key=rng.randrange(12),
        density=rng.choice(DENSITIES) if recipe.density else "mid",
        room=rng.choice(ROOMS),
    )
    return settings, named
