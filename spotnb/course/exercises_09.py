"""Exercises of notebook 09: the bug hunt."""

from __future__ import annotations

from typing import Any

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, function

UPWARDS = "With that bug, nothing would sound right, and the timesteps of the records would increase: look at them."
UNDONE = "With that bug, the clean estimate moves sideways at every step, as in patient A: this one stays in place."
MIRROR = "That bug has a small effect, only at the two ends in the first steps: the effect here is much larger."
PER_TILE = "With that bug, the sound repeats one tile later: compare it with itself, moved by 128 frames."
DROPOUT = "With that bug, the prompt has no effect, but the sound is intact: this one is damaged somewhere."
SEAMS = "With that bug, the seams are at the same places in all steps and audible: look at the seams of the records."
TAIL = "With that bug, the end of the sound remains noise: compare the level of the last frames with the rest."
CROPPED = "With that bug, the start is mirrored again and again and moves right: here, the estimate stays in place."
HEALTHY = "Each of B, C and D has a bug: measure where the symptom could be."

_WRONG = {
    "schedule run upwards": UPWARDS,
    "shift never undone": UNDONE,
    "noisy mirror": MIRROR,
    "per-tile noise": PER_TILE,
    "prompt dropout": DROPOUT,
    "seams fixed": SEAMS,
    "uncovered tail": TAIL,
    "cropped without unshift": CROPPED,
    "healthy": HEALTHY,
}


def _others(name: str, **instead: str) -> dict[str, str]:
    """Return the feedback on every bug except `name`; `instead` replaces some (with _ for spaces in names)."""
    feedback = _WRONG | {key.replace("_", " "): text for key, text in instead.items()}
    return {key: text for key, text in feedback.items() if key != name}


def _lag(before: Any, after: Any) -> int:
    """Return by how many frames `after` `[T, F]` is moved to the right of `before`, around the ends."""
    frames = len(before)
    fits = [float((np.roll(before, lag, axis=0) * after).sum()) for lag in range(frames)]
    best = int(np.argmax(fits))
    return best if 2 * best <= frames else best - frames


def _unsigned(before: Any, after: Any) -> int:
    return _lag(before, after) % len(before)


def _first_difference(before: Any, after: Any) -> int:
    return int(np.argmax(np.abs(np.asarray(before) - np.asarray(after)).sum(axis=1)))


_drawn = np.random.default_rng(9)
_pictures = [_drawn.normal(size=(frames, 4)) for frames in (40, 41, 24)]
_CASES = [
    (_pictures[0], np.roll(_pictures[0], 5, axis=0)),
    (_pictures[0], _pictures[0].copy()),
    (_pictures[1], np.roll(_pictures[1], -3, axis=0)),
    (_pictures[2], np.roll(_pictures[2], 11, axis=0) + 0.3 * _drawn.normal(size=(24, 4))),
]

EXERCISES = (
    Exercise(
        choice("uncovered tail", _others("uncovered tail")),
        "Look at the clean estimate in the inspector, step by step: which part of it never becomes sound?",
        "The network never saw the last part of a tile, so no noise was removed from it.",
    ),
    Exercise(
        choice("seams fixed", _others("seams fixed", uncovered_tail="The end is as loud as the rest: look elsewhere.")),
        "Open TileShiftDebugger(run.trace): where are the seams at each step? Then measure the seam score there.",
        "The grid is shifted, but by the same shift in every step, so no step ever sees across the seams.",
    ),
    Exercise(
        choice(
            "per-tile noise",
            _others(
                "per-tile noise",
                uncovered_tail="The end is as loud as the rest: look elsewhere.",
                seams_fixed="Its seams do move from step to step: the debugger shows this.",
            ),
        ),
        "Listen from 0 s, then from 5.12 s, then from 10.24 s. Then compare the latent with itself, one tile later.",
        "All tiles start from the same noise, and with the same prompt they become the same music.",
    ),
    Exercise(
        function(
            _lag,
            _CASES,
            [
                (lambda before, after: -_lag(before, after), "The sign is reversed: to the right is positive."),
                (
                    _unsigned,
                    "Three to the left came out as a long way to the right: past half the length, subtract the length.",
                ),
                (lambda before, after: abs(_lag(before, after)), "The direction is lost: to the left is negative."),
                (_first_difference, "That is where the pictures differ most, not how far one has moved."),
            ],
        ),
        "For every lag, roll the first picture by it, multiply by the second, and sum: the largest sum fits best.",
        "This is a cross-correlation, and a test with it would have caught patient A before anyone had to listen.",
    ),
)
