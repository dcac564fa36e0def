"""Captions for clips. A new one is drawn each time a clip is seen, and all are true to the composer's records.

A caption is a phrase for the clip's class, with adjectives or endings for some of its traits (tempo, as a word or in
beats per minute, loudness, register, density, room), and occasionally inside a frame such as "a recording of".
Unusual properties are always mentioned: an old recording, and both classes of a pair. The unseen split uses phrases
that the training grammar cannot produce. The words themselves are in `training.phrases`, and `training/vocabulary.md`
says what each of them does to the music. The vocabulary is fixed: it is the tokenizer of the embedded model.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from training.phrases import (
    ADJECTIVES,
    BPM_ENDINGS,
    ENDINGS,
    PAIRS,
    PLAYED,
    PLAYERS,
    PREFIXES,
    SUFFIXES,
    TRAINING,
    UNSEEN,
    Phrase,
)
from training.tempo import LEAST_BPM, MOST_BPM, tempo_word

TRAITS = ("tempo", "loudness", "register", "density", "room", "era")
FELT = ("rock", "electronic", "acoustic_guitar", "jazz_piano", "drums", "bass", "mallets", "organ", "brass")
BPM_SHARE, SHUFFLED = 0.55, 0.08
NATURE_LOUD = ("loud", "strong")
# Adjectives that require several traits at once.
JOINT: dict[str, dict[str, tuple[str, ...]]] = {
    "calm": {"tempo": ("slow",), "loudness": ("soft", "mid")},
    "peaceful": {"tempo": ("slow",), "loudness": ("soft",)},
    "energetic": {"tempo": ("fast",), "loudness": ("mid", "loud")},
}


def words(text: str) -> list[str]:
    """Return the lower-case words of a text, without punctuation.

    >>> words("Calm strings, in a large hall!")
    ['calm', 'strings', 'in', 'a', 'large', 'hall']
    """
    return re.findall(r"[a-z0-9]+", text.lower())


def caption(attributes: Mapping[str, Any], rng: random.Random, split: str = "train") -> str:
    """Draw a true caption.

    Args:
        attributes: The composer's record of the clip.
        rng: The source of randomness.
        split: "train" for the training grammar, or "unseen" for phrases outside of it.

    Raises:
        ValueError: `split` is not one of the two names.
    """
    if split not in ("train", "unseen"):
        raise ValueError(f"split is {split!r}: expected train or unseen")
    if split == "unseen":
        text = rng.choice(phrases(attributes, UNSEEN))
        if "with" in attributes:
            return rng.choice(PAIRS).format(*rng.sample((text, rng.choice(phrases(attributes["with"], UNSEEN))), 2))
        return " ".join([*_adjectives(attributes, rng, _traits(attributes, rng), rng.choice((0, 0, 1))), text])
    if "with" in attributes:
        return _pair(attributes, rng)
    played = PLAYED[attributes["class"]]
    if played and rng.random() < 0.12:
        subject = rng.choice(PLAYERS).format(rng.choice(played))
        framed = True
    else:
        subject = rng.choice(phrases(attributes, TRAINING))
        framed = False
    text = _dress(subject, attributes, rng, framed)
    if rng.random() < SHUFFLED:  # the encoder should not depend on word order
        ordered = words(text)
        text = " ".join(rng.sample(ordered, len(ordered)))
    return text


def _pair(attributes: Mapping[str, Any], rng: random.Random) -> str:
    """Join two subjects in either order. Each may have an adjective, and a shared trait may end the caption."""
    parts = []
    for one in (attributes, attributes["with"]):
        traits = [trait for trait in rng.sample(TRAITS, len(TRAITS)) if trait != "era"]
        adjectives = _adjectives(one, rng, traits, rng.choice((0, 0, 0, 1)))
        parts.append(" ".join([*adjectives, rng.choice(phrases(one, TRAINING))]))
    text = rng.choice(PAIRS).format(*rng.sample(parts, 2))
    shared = "era" if attributes["era"] == "vintage" else "tempo"
    if shared == "era" or rng.random() < 0.2:
        text = f"{text} {_ending(attributes, rng, [shared])}".strip()
    return f"{rng.choice(PREFIXES)} {text}" if rng.random() < 0.15 else text


def phrases(attributes: Mapping[str, Any], book: Mapping[str, Sequence[Phrase]]) -> list[str]:
    """Return the phrases of a book that are true for a clip with these attributes."""
    return [text for text, *kinds in book[attributes["class"]] if not kinds or attributes["kind"] in kinds]


def _traits(attributes: Mapping[str, Any], rng: random.Random) -> list[str]:
    """Return the traits in the order in which they may be mentioned: the era first if it must be mentioned."""
    traits = rng.sample(TRAITS, len(TRAITS))
    return sorted(traits, key=lambda trait: trait != "era") if attributes["era"] == "vintage" else traits


def _dress(subject: str, attributes: Mapping[str, Any], rng: random.Random, framed: bool) -> str:
    """Add true adjectives and an ending to a subject, and sometimes a frame."""
    traits = _traits(attributes, rng)
    vintage = attributes["era"] == "vintage"
    count = rng.choice((1, 1, 2) if vintage else (0, 0, 0, 1, 1, 2))
    before = [trait for trait in traits if ADJECTIVES[trait].get(attributes[trait])][:count]
    rest = [trait for trait in traits if trait not in before]  # no trait is mentioned twice in words
    adjectives = _adjectives(attributes, rng, before, count)
    if attributes["class"] in FELT and rng.random() < BPM_SHARE:
        ending = rng.choice(BPM_ENDINGS).format(tempo_word(attributes["bpm"]))
    else:
        ending = _ending(attributes, rng, rest) if rng.random() < 0.4 else ""
    if adjectives and (framed or rng.random() < 0.3):
        text = f"{subject}, {rng.choice((' and ', ' ', ', ')).join(adjectives)}"
        text = f"{text}, {ending}" if ending else text
    else:
        text = " ".join([rng.choice((" ", " and ")).join(adjectives), subject, ending]).strip()
        if rng.random() < 0.1 and not ending:
            text = f"{text} {rng.choice(SUFFIXES)}"
    if not framed and rng.random() < 0.2:
        text = f"{rng.choice(PREFIXES)} {text}"
    return text


def _adjectives(attributes: Mapping[str, Any], rng: random.Random, traits: Sequence[str], count: int) -> list[str]:
    """Draw up to `count` true adjectives, each for a different trait."""
    options = {trait: list(ADJECTIVES[trait].get(attributes[trait], ())) for trait in traits}
    if attributes["class"] == "nature" and attributes["loudness"] == "loud" and "loudness" in traits:
        options["loudness"] = list(NATURE_LOUD)
    joint = [
        adjective
        for adjective, needed in JOINT.items()
        if all(attributes[trait] in values for trait, values in needed.items())
    ]
    drawn = [rng.choice(choices) for choices in options.values() if choices][:count]
    if drawn and joint and {"tempo", "loudness"} & {*traits} and rng.random() < 0.3:
        drawn[-1] = rng.choice(joint)
    return drawn


def _ending(attributes: Mapping[str, Any], rng: random.Random, traits: Sequence[str]) -> str:
    """Draw a true ending for one of the traits, or "". Nature is not "played", so its clips have no endings."""
    if attributes["class"] == "nature":
        return ""
    options = [ending for trait in traits for ending in ENDINGS[trait].get(attributes[trait], [])]
    return rng.choice(options) if options else ""


def vocabulary() -> list[str]:
    """Return every word that a training caption can contain, sorted."""
    return sorted({word for text in _pieces() for word in words(text)})


def _pieces() -> Iterator[str]:
    """Yield every text fragment of the training grammar."""
    for book in TRAINING.values():
        yield from (phrase[0] for phrase in book)
    for names in PLAYED.values():
        yield from names
    for table in (ADJECTIVES, ENDINGS):
        for values in table.values():
            for choices in values.values():
                yield from choices
    yield from (*NATURE_LOUD, *JOINT, *PREFIXES, *SUFFIXES, *PLAYERS, *PAIRS, *BPM_ENDINGS, "and")
    yield from map(str, range(LEAST_BPM, MOST_BPM + 1))


def core(text: str) -> tuple[str, ...]:
    """Return the words of a text without frames, adjectives, endings, and articles.

    Two texts with the same core say the same thing.
    """
    adjectives = {word for values in ADJECTIVES.values() for choices in values.values() for word in choices} | {*JOINT}
    text = " ".join(words(text))
    for prefix in (*PREFIXES, *(player.format("").strip() for player in PLAYERS)):
        text = text.removeprefix(prefix + " ")
    endings = [ending for values in ENDINGS.values() for choices in values.values() for ending in choices]
    for suffix in (*SUFFIXES, *endings):
        text = text.removesuffix(" " + suffix)
    rest = [word for word in text.split() if word not in ("a", "an", "the")]
    while len(rest) > 1 and rest[0] in {*adjectives, "and"}:
        rest.pop(0)
    return tuple(rest)


def unseen_is_unseen() -> None:
    """Check that no unseen phrase has the same core as a training phrase of any class.

    Raises:
        AssertionError: An unseen phrase is in the training grammar.
    """
    trained = {core(phrase[0]) for book in TRAINING.values() for phrase in book}
    trained |= {core(name) for names in PLAYED.values() for name in names}
    for class_name, book in UNSEEN.items():
        for text, *_ in book:
            if core(text) in trained:
                raise AssertionError(f"unseen phrase {text!r} of class {class_name} is in the training grammar")
