"""Exercises of notebook 02: seams and the seam score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, function, numbers
from spotnb.course.near import frames_for_seconds
from spotnb.sound.mel import BINS, LATENT_MELS, LATENT_SECONDS
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan

Mel = NDArray[np.float64]


def score(mel: Mel, seams: Sequence[int], first: int = -1, scale: int = LATENT_MELS) -> float:
    """Return the mean flux at the frame steps `scale * seam + first`, divided by the mean flux at all others."""
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
    """Return the p-value of the flux at the seams among random draws."""
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
        "That is one step too late: row k of the differences is the step from mel frame k to k + 1.",
    ),
    (
        lambda mel, seams: score(mel, seams, scale=1),
        "Seams are in latent frames, but the mel has four frames for each of them.",
    ),
    (
        lambda mel, seams: score(mel, seams, first=0, scale=1),
        "Seams are in latent frames, but the mel has four frames for each of them.",
    ),
    (_over_all, "The mean in the denominator still includes the seams: take only the other steps."),
    (_signed, "Without the absolute value, a rise in one band cancels a fall in another."),
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
        "With a margin around the seams and, for a waveform, an average over a few steps, this is the library's score.",
    ),
    Exercise(
        numbers(
            SECONDS,
            tolerance=1e-4,
            slips=[
                (
                    [seam / 25.6 for seam in _GRID],
                    "25.6 frames per second is only AudioLDM's rule for sizing latents: a frame lasts 40 ms.",
                ),
                frames_for_seconds(SECONDS),
                ([0.0, *SECONDS, 30.72], "The two ends are not seams: nothing meets there."),
                ([*SECONDS, 30.72], "The end is not a seam: nothing meets there."),
                ([0.0, *SECONDS], "The start is not a seam: nothing meets there."),
                ([7.5, 15.0, 22.5, 30.0], "30 s are not cut into equal parts: a tile is 192 frames of 40 ms."),
                ([1000 * second for second in SECONDS], "Those are milliseconds: give seconds."),
            ],
            parts=["a border between two tiles"] * len(SECONDS),
        ),
        "First find the frames, which are the multiples of 192 inside 768. Then convert: 25 frames are one second.",
        "Four tiles have three seams. Listeners who know where they are hear nothing else, so blind tests hide them.",
    ),
    Exercise(
        function(
            p_value,
            [(2.0, [1.0, 1.5, 0.5, 1.2]), (1.2, [1.0, 1.5, 0.5, 1.2, 1.3]), (0.1, [1.0, 1.5])],
            slips=[
                (
                    lambda at_seams, drawn: sum(each >= at_seams for each in drawn) / len(drawn),
                    "A p-value of 0 claims too much: count the seams themselves as one more draw, above and below.",
                ),
                (
                    lambda at_seams, drawn: sum(each >= at_seams for each in drawn) / (1 + len(drawn)),
                    "The seams count below the line, but not above it: they reach their own value.",
                ),
                (
                    lambda at_seams, drawn: (1 + sum(each > at_seams for each in drawn)) / (1 + len(drawn)),
                    "A draw that is exactly as large has reached it too.",
                ),
                (
                    lambda at_seams, drawn: (1 + sum(each < at_seams for each in drawn)) / (1 + len(drawn)),
                    "That counts the draws that stay below: a seam that stands out would get a large p-value.",
                ),
            ],
        ),
        "Count the draws that are as large or larger; add one above and below the line.",
        "So the number of draws determines the smallest possible p-value, however bad the seam is.",
    ),
    Exercise(
        choice(
            "beat",
            {
                "gain": "A gain adds the same amount to every value of a log-mel, and differences do not change.",
                "noise": "That raises the flux elsewhere as well: the score goes toward 1, and noise may hide a seam.",
                "length": "More of the same does not change the mean flux elsewhere. It is a mean, not a sum.",
            },
        ),
        "Which of them changes the flux at the grid, but not the flux elsewhere?",
        "The score treats every large change at these places as a seam; only a comparison with another run at the same "
        "places can tell the two apart.",
    ),
)
