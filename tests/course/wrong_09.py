"""Wrong answers to the exercises of notebook 09, and what the feedback has to name."""

from __future__ import annotations

from typing import Any

import numpy as np


def backwards(before: Any, after: Any) -> int:
    return -moved(before, after)


def unsigned(before: Any, after: Any) -> int:
    return int(np.argmax([(np.roll(before, lag, axis=0) * after).sum() for lag in range(len(before))]))


def moved(before: Any, after: Any) -> int:
    lag = unsigned(before, after)
    return lag if lag <= len(before) / 2 else lag - len(before)


def without_direction(before: Any, after: Any) -> int:
    return abs(moved(before, after))


def most_different(before: Any, after: Any) -> int:
    return int(np.abs(before - after).sum(axis=1).argmax())


WRONG: dict[str, list[tuple[Any, str]]] = {
    "09-1": [
        ("seams fixed", "the same places in all steps"),
        ("per-tile noise", "repeats one tile later"),
        ("prompt dropout", "the prompt has no effect"),
        ("healthy", "has a bug"),
    ],
    "09-2": [
        ("uncovered tail", "as loud as the rest"),
        ("shift never undone", "as in patient A"),
        ("schedule run upwards", "timesteps of the records would increase"),
        ("noisy mirror", "only at the two ends"),
    ],
    "09-3": [
        ("seams fixed", "seams do move"),
        ("cropped without unshift", "start is mirrored"),
        ("uncovered tail", "as loud as the rest"),
    ],
    "09-4": [
        (backwards, "to the right is positive"),
        (unsigned, "past half the length"),
        (without_direction, "direction is lost"),
        (most_different, "differ most"),
    ],
}
