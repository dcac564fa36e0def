"""A tempo as text and as numbers that are near for tempi that are near.

A network that is given tempi as words must learn each of a hundred by itself. As points on circles of one, two and four
octaves of tempo, 119 lies beside 120, and a tempo near its double: what is learned of one serves the others.
"""

from __future__ import annotations

import re

import numpy as np
import torch
from numpy.typing import NDArray

from spotnb.models.ruler import TempoRuler

LEAST_BPM, MOST_BPM = 40, 205  # what the composers play
OCTAVES = (1, 2, 4)
FEATURES = 2 * len(OCTAVES)
FRAMES_A_MINUTE = 1500  # of a latent


def tempo_word(bpm: float) -> str:
    """The whole number of beats a minute that a tempo is told by."""
    return str(min(MOST_BPM, max(LEAST_BPM, round(bpm))))


def told_tempo(text: str) -> int | None:
    """The first whole number among the words of a text.

    >>> told_tempo("Techno from the 90s, at 128 bpm")
    128
    """
    found = re.search(r"\b[0-9]+\b", text)
    return int(found.group()) if found else None


def tempo_features(bpm: float) -> NDArray[np.float32]:
    """Cosines and sines `[FEATURES]` of the places of a tempo on its circles; their squares add up to half of them."""
    angles = 2 * np.pi * np.log2(bpm / LEAST_BPM) / np.array(OCTAVES)
    return np.concatenate([np.cos(angles), np.sin(angles)]).astype(np.float32)


def tempo_ruler(scale: float) -> TempoRuler:
    """The ruler of every tempo that can be told, of embeddings whose first channels are `scale` times the features."""
    tempi = range(LEAST_BPM, MOST_BPM + 1)
    features = torch.from_numpy(np.stack([tempo_features(bpm) for bpm in tempi]))
    return TempoRuler(scale * features, FRAMES_A_MINUTE / torch.tensor(tempi))
