"""The form of eight bars, and its melodies."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import effort
from training.compose import CLASSES, RECIPES, compose
from training.composers import drumming
from training.form import BARS, LIFTS, accent, bars, melody
from training.theory import DRUM_CHANNEL, Settings, Sketch

MUSIC = [name for name in CLASSES if name != "nature"]
MOODS = st.sampled_from(("major", "minor"))
SEEDS = st.integers(0, 10**6)


def sketch_of(class_name: str, seed: int, duration: float = 33.0, **options: object) -> Sketch:
    """Let the composer of a class write a piece of 22 bars of 1.5 s."""
    settings = {"bpm": 160.0, "tempo": "fast"} | options
    sketch = Sketch(Settings(**settings), duration, random.Random(seed))  # type: ignore[arg-type]
    RECIPES[class_name].write(sketch)
    return sketch


@given(MOODS, st.floats(40, 205), SEEDS)
def test_a_form_has_eight_bars_that_close_on_the_tonic(mood: str, bpm: float, seed: int) -> None:
    sketch = Sketch(Settings(bpm=bpm, mood=mood), 60.0, random.Random(seed))
    form = bars(sketch)
    assert [bar.place for bar in form] == [index % BARS for index in range(len(form))]
    assert all(bar.step == form[index % BARS].step for index, bar in enumerate(form))
    assert form[BARS - 1].step == 0
    assert form[-1].start < 60.0 <= form[-1].start + 240 / bpm + 0.05
    assert all(-3 <= bar.low_step <= 3 and (bar.low_step - bar.step) % 7 == 0 for bar in form)


@given(MOODS, SEEDS)
def test_a_melody_returns_to_its_first_bar_and_ends_on_the_chord(mood: str, seed: int) -> None:
    tune = melody(Settings(mood=mood), random.Random(seed))
    assert len(tune) == BARS
    assert tune[0] == tune[1] == tune[4] == tune[5]
    assert tune[2] == tune[6]
    assert tune[7][-1].step == 0
    for bar in tune:
        assert sum(tone.length for tone in bar) == 4
        ends = [tone.position + tone.length for tone in bar]
        assert [tone.position for tone in bar] == [0, *ends[:-1]]


def test_melodies_are_lively_and_rise_in_major_and_are_calm_and_fall_in_minor() -> None:
    counts, rises = {}, {}
    for mood in ("major", "minor"):
        tunes = [melody(Settings(mood=mood), random.Random(seed)) for seed in range(60)]
        counts[mood] = sum(len(bar) for tune in tunes for bar in tune)
        rises[mood] = sum(tune[0][-1].step - tune[0][0].step for tune in tunes) / 60
    assert counts["major"] > 1.15 * counts["minor"]
    assert rises["major"] > 1 > -1 > rises["minor"]


def test_the_second_phrase_is_the_stronger_one_and_the_first_beat_the_strongest() -> None:
    assert sum(LIFTS[4:]) > sum(LIFTS[:4]) + 0.2
    strengths = [accent(position) for position in (0, 2, 1, 0.5)]
    assert strengths == sorted(strengths, reverse=True)
    assert len(set(strengths)) == 4


@pytest.mark.parametrize("class_name", MUSIC)
@effort(0.15)
@given(SEEDS, MOODS, st.sampled_from(("sparse", "mid", "busy")))
def test_every_class_comes_back_after_eight_bars(class_name: str, seed: int, mood: str, density: str) -> None:
    """Each bar has the same pitch classes as the bar eight bars before it; inversions may differ."""
    sketch = sketch_of(class_name, seed, mood=mood, density=density)
    played: list[Counter[tuple[int, int]]] = [Counter() for _ in range(23)]
    for note in sketch.notes:
        pitch = note.pitch if note.channel == DRUM_CHANNEL else note.pitch % 12
        played[int((note.start + 0.05) / 1.5)][note.channel, pitch] += 1
    assert played[0] <= played[BARS]  # the last bar before it may still be struck
    for bar in range(1, BARS):
        assert played[bar] == played[bar + BARS]
    assert sum(played[bar].total() for bar in range(BARS)) > 8


@pytest.mark.parametrize("class_name", MUSIC)
@effort(0.15)
@given(SEEDS, MOODS)
def test_every_bar_begins_with_a_note(class_name: str, seed: int, mood: str) -> None:
    sketch = sketch_of(class_name, seed, mood=mood)
    starts = [note.start for note in sketch.notes]
    for bar in range(BARS):
        if class_name != "experimental" or bar % 2 == 0:
            assert min(abs(start - bar * 1.5) for start in starts) < 0.02


def onsets(sketch: Sketch, *pitches: int) -> set[int]:
    """Return the sixteenths, counted from the start of the piece, at which one of some drums is hit."""
    notes = [note for note in sketch.notes if note.channel == DRUM_CHANNEL and note.pitch in pitches]
    slots = {round(note.start / sketch.settings.beat * 4) for note in notes}
    assert all(abs(note.start / sketch.settings.beat * 4 % 1 - 0.5) > 0.4 for note in notes)  # close to the grid
    return slots


@effort(0.3)
@given(SEEDS, st.sampled_from(("sparse", "mid", "busy")))
def test_rock_has_its_kick_on_one_and_its_snare_on_two_and_four(seed: int, density: str) -> None:
    sketch = sketch_of("rock", seed, density=density)
    kicks, snares = onsets(sketch, drumming.KICK), onsets(sketch, drumming.SNARE)
    for bar in range(20):
        assert 16 * bar in kicks
        assert 16 * bar + 4 in snares
        assert (16 * bar + 12 in snares) == (bar % 4 != 3)
    fills = onsets(sketch, *drumming.TOMS)
    assert fills
    assert {slot // 16 % BARS for slot in fills} == {3, 7}


@effort(0.3)
@given(SEEDS, MOODS)
def test_guitars_and_bass_leave_room_for_the_snare(seed: int, mood: str) -> None:
    sketch = sketch_of("rock", seed, mood=mood)
    beat = sketch.settings.beat
    lead = {note.channel for note in sketch.notes if note.channel == 2 and note.start < 4 * beat}  # a melody may go on
    for note in sketch.notes:
        if note.channel not in {DRUM_CHANNEL, *lead}:
            begin, end = note.start / beat % 2, (note.start + note.duration) / beat % 2
            assert not begin < 1 < end
            assert not abs(begin - 1) < 0.05


@effort(0.3)
@given(SEEDS)
def test_the_riff_of_a_rock_piece_comes_back_in_every_bar(seed: int) -> None:
    sketch = sketch_of("rock", seed)
    riffs = [
        {round(note.start / sketch.settings.beat * 4) - 16 * bar for note in sketch.notes if note.channel == 1}
        & {*range(16)}
        for bar in range(16)
    ]
    for bar, riff in enumerate(riffs):
        assert len(riff) == 4 if bar % 4 == 3 else riff == riffs[0]


@effort(0.3)
@given(SEEDS, MOODS)
def test_dance_music_has_a_kick_on_every_beat_and_its_bass_between(seed: int, mood: str) -> None:
    sketch = sketch_of("electronic", seed, mood=mood)
    assert {*range(0, 16 * 20, 4)} <= onsets(sketch, drumming.KICK)
    bass = {round(note.start / sketch.settings.beat * 4) for note in sketch.notes if note.channel == 1}
    assert bass
    assert all(slot % 4 for slot in bass)


@pytest.mark.parametrize("class_name", MUSIC)
def test_louder_bars_are_struck_harder(class_name: str) -> None:
    notes = [note for seed in range(10) for note in sketch_of(class_name, seed).notes]
    first, second = ([n.velocity for n in notes if (n.start // 6.0) % 2 == half] for half in (0, 1))
    assert sum(second) / len(second) > sum(first) / len(first)


def test_pieces_of_a_class_differ() -> None:
    for class_name in MUSIC:
        patterns = {
            tuple((note.channel, note.pitch) for note in compose(class_name, random.Random(seed)).notes[:40])
            for seed in range(12)
        }
        assert len(patterns) >= 8
