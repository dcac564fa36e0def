"""The phrase book of `training.captions`: names for each class, and words for the traits of a clip.

Phrases start without an article and do not mention tempo, mood, loudness, or register, so any true adjective can
precede them. The names are in one module for each family of composers.
"""

from __future__ import annotations

from training.phrases import ensembles, free, rhythm, soloists
from training.phrases.frames import PAIRS, PLAYED, PLAYERS, PREFIXES, SUFFIXES
from training.phrases.kinds import Phrase
from training.phrases.traits import ADJECTIVES, BPM_ENDINGS, ENDINGS
from training.phrases.unseen import UNSEEN

TRAINING: dict[str, list[Phrase]] = rhythm.NAMES | soloists.NAMES | ensembles.NAMES | free.NAMES

__all__ = [
    "ADJECTIVES",
    "BPM_ENDINGS",
    "ENDINGS",
    "PAIRS",
    "PLAYED",
    "PLAYERS",
    "PREFIXES",
    "SUFFIXES",
    "TRAINING",
    "UNSEEN",
    "Phrase",
]
