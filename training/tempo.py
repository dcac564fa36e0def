"""Tempo as text, and as features in which similar tempos are close to each other.

A network that reads tempos as words must learn each of a hundred words separately. As points on circles of one, two,
and four octaves of tempo, 119 is close to 120 and each tempo close to its double, so learning one helps the others.
"""

from __future__ import annotations

import re

import numpy as np
import torch
from numpy.typing import NDArray

from spotnb.models.ruler import TempoRuler

LEAST_BPM, MOST_BPM = 40, 205  # the composers' range
OCTAVES = (1, 2, 4)
FEATURES = 2 * len(OCTAVES)
FRAMES_A_MINUTE = 1500  # latent frames


def tempo_word(bpm: float) -> str:
    """Return a tempo as a word: a whole number of beats per minute within the composers' range."""
    return str(min(MOST_BPM, max(LEAST_BPM, round(bpm))))


def told_tempo(text: str) -> int | None:
    """Return the first whole number among the words of a text, or None.

    >>> told_tempo("Techno from the 90s, at 128 bpm")
    128
    """
    match = re.search(r"\b[0-9]+\b", text)
    return int(match.group()) if match else None


def tempo_features(bpm: float) -> NDArray[np.float32]:
    """Return the cosines and sines `[FEATURES]` of a tempo's positions on its circles.

    The sum of their squares is `FEATURES / 2`.
    """
    angles = 2 * np.pi * np.log2(bpm / LEAST_BPM) / np.array(OCTAVES)
    return np.concatenate([np.cos(angles), np.sin(angles)]).astype(np.float32)


def tempo_ruler(scale: float) -> TempoRuler:
    """Build the ruler for all tempos in the range, given embeddings whose first channels are `scale` x features."""
    tempi = range(LEAST_BPM, MOST_BPM + 1)
    features = torch.from_numpy(np.stack([tempo_features(bpm) for bpm in tempi]))
    return TempoRuler(scale * features, FRAMES_A_MINUTE / torch.tensor(tempi))
