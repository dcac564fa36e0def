"""Exercises of notebook 02: seams and their score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, function, numbers
from spotnb.sound.mel import BINS, LATENT_MELS, LATENT_SECONDS
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan

Mel = NDArray[np.float64]


def score(mel: Mel, seams: Sequence[int], first: int = -1, scale: int = LATENT_MELS) -> float:
    """The flux at the steps `scale * seam + first`, over the flux at all others."""
    flux = np.abs(np.diff(np.asarray(mel), axis=0)).mean(axis=1)
    at = np.zeros(len(flux), bool)
    at[scale * np.asarray(seams) + first] = True
    return float(flux[at].mean() / flux[~at].mean())


def _over_all(mel: Mel, seams: Sequence[int]) -> float:
    flux = np.abs(np.diff(mel, axis=0)).mean(axis=1)
    return float(flux[LATENT_MELS * np.asarray(seams) - 1].mean() / flux.mean())


def _signed(mel: Mel, seams: Sequence[int]) -> float:
    flux = np.diff(mel, axis=0).mean(axis=1)
    at = np.zeros(len(flux), bool)
    at[LATENT_MELS * np.asarray(seams) - 1] = True
    return float(flux[at].mean() / flux[~at].mean())


def p_value(at_seams: float, drawn: Sequence[float]) -> float:
    return (1 + sum(each >= at_seams for each in drawn)) / (1 + len(drawn))


def _mels() -> list[tuple[Any, ...]]:
    draws = np.random.default_rng(2)
    cases: list[tuple[Any, ...]] = []
    for seams in ([5], [3, 8]):
        mel = draws.normal(size=(48, BINS))
        for seam in seams:
            mel[LATENT_MELS * seam :] += 2
        cases.append((mel, seams))
    return cases


_GRID = plan(768, SpotDiffusionConfig(tile_size_time=192), 0, method="tiles").seams
SECONDS = [LATENT_SECONDS * seam for seam in _GRID]

SLIPS: list[tuple[Callable[..., float], str]] = [
    (
        lambda mel, seams: score(mel, seams, first=0),
        "That is one step too late: row k of the differences is the step from k to k + 1, so the seam is row 4 s - 1.",
    ),
    (
        lambda mel, seams: score(mel, seams, scale=1),
        "Seams are in latent frames, the mel has four frames to each of them.",
    ),
    (
        lambda mel, seams: score(mel, seams, first=0, scale=1),
        "Seams are in latent frames, the mel has four frames to each of them.",
    ),
    (_over_all, "The mean below the line still holds the seams: take the other steps only."),
    (_signed, "Without the absolute value, what rises in one band cancels what falls in another."),
    (
        lambda mel, seams: 1 / score(mel, seams),
        "That is upside down: a jump at the seams has to make the score larger than 1.",
    ),
]

EXERCISES = (
    Exercise(
        function(score, _mels(), SLIPS),
        "Row k of np.diff(mel, axis=0) is the step from mel frame k to k + 1; the seam at latent frame s is the step "
        "from mel frame 4 s - 1 to 4 s.",
        "With a margin around the seams, and in a waveform an average over some steps, that is the library's score.",
    ),
    Exercise(
        numbers(
            SECONDS,
            tolerance=1e-4,
            slips=[
                (
                    [seam / 25.6 for seam in _GRID],
                    "25.6 frames a second is only the rule by which AudioLDM sizes latents: a frame lasts 40 ms.",
                ),
                (list(_GRID), "These are frames: wanted are seconds."),
                ([0.0, *SECONDS, 30.72], "The two ends are no seams: nothing meets there."),
                ([*SECONDS, 30.72], "The end is no seam: nothing meets there."),
                ([0.0, *SECONDS], "The start is no seam: nothing meets there."),
                ([7.5, 15.0, 22.5, 30.0], "30 s are not cut into equal parts: the tiles are 192 frames of 40 ms."),
            ],
        ),
        "Frames first: the multiples of 192 inside 768. Then seconds: 25 frames are one.",
        "Four tiles, three places: whoever knows them will hear nothing else, so blind tests hide them.",
    ),
    Exercise(
        function(
            p_value,
            [(2.0, [1.0, 1.5, 0.5, 1.2]), (1.2, [1.0, 1.5, 0.5, 1.2, 1.3]), (0.1, [1.0, 1.5])],
            slips=[
                (
                    lambda at_seams, drawn: sum(each >= at_seams for each in drawn) / len(drawn),
                    "A p-value of 0 claims too much: count the seams themselves as one drawing more, above and below.",
                ),
                (
                    lambda at_seams, drawn: sum(each >= at_seams for each in drawn) / (1 + len(drawn)),
                    "The seams count below the line, but not above it: they reach themselves.",
                ),
                (
                    lambda at_seams, drawn: (1 + sum(each > at_seams for each in drawn)) / (1 + len(drawn)),
                    "A drawing that is just as large has reached it too.",
                ),
                (
                    lambda at_seams, drawn: (1 + sum(each < at_seams for each in drawn)) / (1 + len(drawn)),
                    "That counts the drawings that stay below: a seam that stands out would get a large p-value.",
                ),
            ],
        ),
        "Count the drawings that are as large or larger; add one above and below the line.",
        "So the number of drawings sets the least p-value that there can be, however bad the seam is.",
    ),
    Exercise(
        choice(
            "beat",
            {
                "gain": "A gain adds the same to every value of a log-mel, and differences do not see it.",
                "noise": "That raises the flux elsewhere as well: the score goes towards 1, and a seam may hide in it.",
                "length": "More of the same leaves the mean elsewhere where it is. It is a mean, not a sum.",
            },
        ),
        "Which of them changes the flux at the grid, and not the flux elsewhere?",
        "The score takes every large change at these places for a seam; only comparing with another run at the same "
        "places tells them apart.",
    ),
)
