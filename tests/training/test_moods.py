"""Happy music differs from sad music in more than a word: mode, pace, articulation, and register."""

from __future__ import annotations

import random
from functools import cache
from itertools import islice

import numpy as np
import pytest

from training.compose import CLASSES, RECIPES, Piece, compose
from training.theory import DRUM_CHANNEL

MOODY = [name for name in CLASSES if RECIPES[name].mood]
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


@cache
def pieces(class_name: str, mood: str) -> list[Piece]:
    drawn = (compose(class_name, random.Random(f"{class_name}/{index}")) for index in range(200))
    return list(islice((piece for piece in drawn if piece.attributes["mood"] == mood), 24))


def majorness(piece: Piece) -> float:
    """Return how much better a major key fits the notes than a minor one (Krumhansl & Kessler 1982)."""
    weights = np.zeros(12)
    for note in piece.notes:
        if note.channel != DRUM_CHANNEL:
            weights[note.pitch % 12] += note.duration * note.velocity
    fits = [max(np.corrcoef(np.roll(key, k), weights)[0, 1] for k in range(12)) for key in (MAJOR, MINOR)]
    return float(fits[0] - fits[1])


@pytest.mark.parametrize("class_name", MOODY)
def test_every_note_is_in_the_key(class_name: str) -> None:
    """So both pieces of a pair fit together, in every register."""
    for mood in ("major", "minor"):
        for piece in pieces(class_name, mood):
            scale = {(piece.settings.key + step) % 12 for step in piece.settings.scale}
            assert {note.pitch % 12 for note in piece.notes if note.channel != DRUM_CHANNEL} <= scale


@pytest.mark.parametrize("class_name", MOODY)
def test_the_mode_tells_happy_from_sad(class_name: str) -> None:
    happy, sad = ([majorness(piece) for piece in pieces(class_name, mood)] for mood in ("major", "minor"))
    right = sum(value > 0 for value in happy) + sum(value < 0 for value in sad)
    assert right >= 0.85 * len(happy + sad)


@pytest.mark.parametrize("class_name", MOODY)
def test_happy_music_is_quicker(class_name: str) -> None:
    happy, sad = (np.mean([piece.settings.bpm for piece in pieces(class_name, mood)]) for mood in ("major", "minor"))
    assert happy > 1.08 * sad


@pytest.mark.parametrize("class_name", ["organ", "brass", "choir", "mallets"])
def test_happy_notes_are_shorter_and_higher(class_name: str) -> None:
    def means(mood: str) -> tuple[float, float]:
        notes = [(piece, note) for piece in pieces(class_name, mood) for note in piece.notes]
        lengths = [note.duration / piece.settings.beat for piece, note in notes]
        pitches = [note.pitch - piece.settings.octave for piece, note in notes]
        return float(np.mean(lengths)), float(np.mean(pitches))

    (short, high), (long, low) = means("major"), means("minor")
    assert short < 0.85 * long
    assert high > low + 1


def test_every_tempo_is_left_to_both_moods() -> None:
    for class_name in MOODY:
        for mood in ("major", "minor"):
            told = {piece.attributes["tempo"] for piece in pieces(class_name, mood)}
            assert {"slow", "mid"} <= told
            assert ("fast" in told) == (RECIPES[class_name].fast is not None)
