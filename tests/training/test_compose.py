"""The composers and the caption grammar. Nothing here needs fluidsynth."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from spotnb.models.load import EMBEDDED
from training import nature
from training.captions import JOINT, TRAITS, caption, phrases, unseen_is_unseen, vocabulary, words
from training.compose import CLASSES, CLIP_SECONDS, Piece, compose, compose_pair
from training.phrases import ADJECTIVES, ENDINGS, PLAYED, TRAINING, UNSEEN
from training.render import SHARD, compose_clips, plan_shards
from training.tempo import tempo_word

EXACT = {
    "90s rock song with electric guitar and heavy drums": "rock",
    "electronic music": "electronic",
    "acoustic guitar": "acoustic_guitar",
    "nature sounds": "nature",
    "birds": "nature",
    "sea": "nature",
    "rain": "nature",
    "wind": "nature",
    "ocean waves": "nature",
    "ambient electronic music": "ambient",
    "jazz piano solo": "jazz_piano",
    "experimental electronic music": "experimental",
    "string orchestra": "strings",
    "strings": "strings",
    "drums": "drums",
    "bass": "bass",
    "organ": "organ",
    "church organ": "organ",
    "mallets": "mallets",
    "marimba": "mallets",
    "brass": "brass",
    "choir": "choir",
}


def pieces(class_name: str, count: int = 30) -> list[Piece]:
    return [compose(class_name, random.Random(f"{class_name}{index}")) for index in range(count)]


@pytest.mark.parametrize("class_name", CLASSES)
def test_events_are_valid(class_name: str) -> None:
    for piece in pieces(class_name):
        assert piece.attributes["class"] == class_name
        assert piece.start + CLIP_SECONDS <= piece.duration
        assert piece.notes or piece.attributes["kind"] in nature.SOUNDS
        for note in piece.notes:
            assert 16 <= note.pitch <= 115
            assert 1 <= note.velocity <= 127
            assert note.channel in piece.instruments
            assert 0 <= note.start < note.start + note.duration <= piece.duration + 1e-9
        sounding: Counter[tuple[int, int]] = Counter()
        times = [event.time for event in piece.events()]
        assert times == sorted(times)
        for event in piece.events():
            assert 0 <= event.a <= 127
            assert 0 <= event.b <= 127
            if event.kind in ("on", "off"):
                sounding[event.channel, event.a] += 1 if event.kind == "on" else -1
                assert sounding[event.channel, event.a] in (0, 1)
        assert not any(sounding.values())


@pytest.mark.parametrize("class_name", CLASSES)
def test_music_starts_right_away(class_name: str) -> None:
    for piece in pieces(class_name):
        if piece.notes:
            assert any(abs(note.start - piece.start) < 0.03 for note in piece.notes)


def test_same_seed_same_piece() -> None:
    for class_name in CLASSES:
        assert compose(class_name, random.Random(5)) == compose(class_name, random.Random(5))
        assert compose(class_name, random.Random(5)) != compose(class_name, random.Random(6))


def test_unknown_class_is_named() -> None:
    with pytest.raises(ValueError, match="class_name is 'polka': expected one of rock, "):
        compose("polka", random.Random(0))


def test_splits_are_balanced_and_differ() -> None:
    counts = plan_shards(5000)
    assert sum(counts) == 5012
    assert all(count % len(CLASSES) == 0 for count in counts)
    train, unseen = compose_clips("train", 0, 0, SHARD), compose_clips("unseen", 0, 0, SHARD)
    assert set(Counter(piece.attributes["class"] for piece in train).values()) == {SHARD // len(CLASSES)}
    assert all(one != other for one, other in zip(train, unseen, strict=True))


@pytest.mark.parametrize("class_name", [name for name in CLASSES if name not in ("nature", "drums", "rock", "bass")])
def test_register_moves_the_pitch(class_name: str) -> None:
    mean: dict[str, list[float]] = {"low": [], "mid": [], "high": []}
    for piece in pieces(class_name, 60):
        pitches = [note.pitch for note in piece.notes if note.channel != 9]
        mean[piece.attributes["register"]].append(sum(pitches) / len(pitches))
    low, mid, high = (sum(values) / len(values) for values in mean.values())
    assert low + 1.5 < mid < high - 1.5


@pytest.mark.parametrize("class_name", [name for name in CLASSES if name not in ("nature", "ambient")])
def test_fast_has_more_onsets_than_slow(class_name: str) -> None:
    onsets: dict[str | None, list[int]] = {"slow": [], "mid": [], "fast": [], None: []}
    for piece in pieces(class_name, 90):
        inside = {round(note.start, 1) for note in piece.notes if piece.start <= note.start < piece.start + 10}
        onsets[piece.attributes["tempo"]].append(len(inside))
    slow, fast = (sum(onsets[tempo]) / len(onsets[tempo]) for tempo in ("slow", "fast"))
    assert fast > 1.2 * slow


@pytest.mark.parametrize("class_name", ["drums", "mallets", "acoustic_guitar", "jazz_piano", "electronic", "bass"])
def test_busy_has_more_notes_than_sparse(class_name: str) -> None:
    notes: dict[str, list[float]] = {"sparse": [], "mid": [], "busy": []}
    for piece in pieces(class_name, 120):
        notes[piece.attributes["density"]].append(len(piece.notes) / piece.duration / piece.settings.bpm)
    sparse, mid, busy = (sum(values) / len(values) for values in notes.values())
    assert sparse < 0.8 * mid
    assert mid <= 1.05 * busy


def test_a_dry_room_has_no_reverb() -> None:
    for piece in pieces("strings", 40):
        reverb = [instrument.reverb for instrument in piece.instruments.values()]
        assert (max(reverb) == 0) == (piece.attributes["room"] == "dry")


def test_some_tempi_have_no_name() -> None:
    named = [piece.attributes["tempo"] for piece in pieces("drums", 200)]
    assert 0.05 < named.count(None) / len(named) < 0.3
    for piece in pieces("drums", 200):
        tempo, bpm = piece.attributes["tempo"], piece.attributes["bpm"]
        assert (tempo == "slow") == (bpm <= 74)
        assert (tempo == "fast") == (bpm >= 140)


def test_pairs_share_tempo_key_and_start() -> None:
    for index in range(20):
        piece = compose_pair("organ", "drums", random.Random(index))
        assert piece.under is not None
        assert piece.attributes["with"] == piece.under.attributes
        assert piece.attributes["with"]["class"] == "drums"
        assert piece.start == piece.under.start
        assert (piece.settings.bpm, piece.settings.key) == (piece.under.settings.bpm, piece.under.settings.key)
        assert piece.attributes["era"] == piece.under.attributes["era"]


def test_a_pair_is_told_whole() -> None:
    rng = random.Random(0)
    for piece in compose_clips("train", 0, 5 * len(CLASSES), len(CLASSES)):
        assert piece.under is not None
        subjects = [set(phrases(part, TRAINING)) for part in (piece.attributes, piece.attributes["with"])]
        for _ in range(40):
            text = caption(piece.attributes, rng)
            assert all(any(subject in text for subject in some) for some in subjects), text


def test_what_is_out_of_the_ordinary_is_told() -> None:
    rng, old = random.Random(0), ("vintage", "old", "lo", "radio")
    for class_name in CLASSES:
        for piece in pieces(class_name, 60):
            for _ in range(10):
                mentioned = {*old} & {*words(caption(piece.attributes, rng))}
                assert bool(mentioned) == (piece.attributes["era"] == "vintage")


def test_a_tempo_is_told_by_the_nearest_whole_number() -> None:
    rng = random.Random(0)
    for piece in pieces("drums", 20):
        figures = {word for _ in range(100) for word in words(caption(piece.attributes, rng)) if word.isdigit()}
        assert figures == {tempo_word(piece.attributes["bpm"])}


def test_exact_prompts_are_training_phrases() -> None:
    for prompt, class_name in EXACT.items():
        assert prompt in {phrase[0] for phrase in TRAINING[class_name]}


def test_phrase_book() -> None:
    kinds = {name: {piece.attributes["kind"] for piece in pieces(name, 60)} for name in CLASSES}
    owner: dict[str, str] = {}
    assert set(TRAINING) == set(UNSEEN) == set(PLAYED) == set(CLASSES)
    for class_name in CLASSES:
        assert len({phrase[0] for phrase in TRAINING[class_name]}) >= 12
        assert len(UNSEEN[class_name]) >= 5
        for text, *limits in TRAINING[class_name] + UNSEEN[class_name]:
            assert set(limits) <= kinds[class_name]
            assert owner.setdefault(text, class_name) == class_name
        for piece in pieces(class_name, 10):
            assert len(phrases(piece.attributes, UNSEEN)) >= 2


def test_unseen_is_unseen() -> None:
    unseen_is_unseen()
    rng = random.Random(0)
    unseen = {text for book in UNSEEN.values() for text, *_ in book}
    for class_name in CLASSES:
        for piece in pieces(class_name, 15):
            assert not unseen & {caption(piece.attributes, rng) for _ in range(50)}


def test_every_caption_word_is_in_the_vocabulary() -> None:
    known, rng = set(vocabulary()), random.Random(0)
    assert vocabulary() == sorted(known)
    for class_name in CLASSES:
        for piece in pieces(class_name, 15):
            for _ in range(50):
                assert set(words(caption(piece.attributes, rng))) <= known


def test_the_vocabulary_is_that_of_the_embedded_model() -> None:
    """Its text encoder can then be trained on. A new word needs a new tokenizer: `python -m training --earlier`."""
    table = json.loads((EMBEDDED / "tokenizer" / "tokenizer.json").read_text())["model"]["vocab"]
    specials = [word for word in table if word.startswith("<")]
    assert sorted(table.keys() - {*specials}) == vocabulary()


def test_every_word_for_a_trait_is_documented() -> None:
    page = (Path(__file__).parents[2] / "training" / "vocabulary.md").read_text()
    documented = {text.strip() for row in page.splitlines() if row.startswith("|") for text in re.split("[|,]", row)}
    for table in (ADJECTIVES, ENDINGS):
        for values in table.values():
            for texts in values.values():
                assert {*texts} <= documented, {*texts} - documented
    assert {*JOINT} <= documented


def test_most_unseen_words_are_known() -> None:
    known = set(vocabulary())
    used = [word for book in UNSEEN.values() for text, *_ in book for word in words(text)]
    assert sum(word in known for word in used) > 0.9 * len(used)


def test_captions_vary() -> None:
    rng = random.Random(0)
    for class_name in CLASSES:
        piece = compose(class_name, rng)
        assert len({caption(piece.attributes, rng) for _ in range(300)}) > 60


def _lies(attributes: dict[str, Any], text: str) -> list[str]:
    """Return the unambiguous words of a caption that contradict the attributes."""
    subjects = {word for subject in phrases(attributes, TRAINING) for word in words(subject)}
    unusual = set(words(text)) - subjects
    lies = []
    for trait in TRAITS:
        for value, adjectives in ADJECTIVES[trait].items():
            lies += [word for word in adjectives if word in unusual and attributes[trait] != value]
        for value, endings in ENDINGS[trait].items():
            lies += [ending for ending in endings if text.endswith(ending) and attributes[trait] != value]
    for word, needed in JOINT.items():
        lies += [word for trait, values in needed.items() if word in unusual and attributes[trait] not in values]
    return lies


@pytest.mark.parametrize("split", ["train", "unseen"])
def test_adjectives_are_true(split: str) -> None:
    rng = random.Random(0)
    endings = [text for values in ENDINGS.values() for texts in values.values() for text in texts]
    for class_name in CLASSES:
        for piece in pieces(class_name, 15):
            for _ in range(40):
                text = caption(piece.attributes, rng, split)
                ending = next((ending for ending in endings if text.endswith(ending)), "")
                rest = text.removesuffix(ending)
                assert not _lies(piece.attributes, rest) + _lies({**piece.attributes}, ending), text


def test_unknown_split_is_named() -> None:
    with pytest.raises(ValueError, match="split is 'test': expected train or unseen"):
        caption(compose("rock", random.Random(0)).attributes, random.Random(0), "test")
