"""Wrong answers to the exercises of notebook 07, and what the feedback has to name."""

from __future__ import annotations

from typing import Any


def late(seconds: float, border: float, crossfade: float) -> float:
    return min(max((seconds - border) / crossfade, 0), 1)


def early(seconds: float, border: float, crossfade: float) -> float:
    return min(max((seconds - border) / crossfade + 1, 0), 1)


def first(seconds: float, border: float, crossfade: float) -> float:
    return 1 - min(max((seconds - border) / crossfade + 0.5, 0), 1)


def endless(seconds: float, border: float, crossfade: float) -> float:
    return (seconds - border) / crossfade + 0.5


def hard(seconds: float, border: float, crossfade: float) -> int:
    return int(seconds >= border)


WRONG: dict[str, list[tuple[Any, str]]] = {
    "07-1": [
        (late, "begins at the border"),
        (early, "ends at the border"),
        (first, "share of the first prompt"),
        (endless, "continues beyond that"),
        (hard, "switches at once"),
    ],
    "07-2": [
        (360, "fixed grid"),
        (37, "one step: there are ten"),
        (740, "Guidance runs each window twice"),
        (420, "Six times 30 s"),
        (1000, "too large"),
    ],
    "07-3": [
        ([(8, 9.5)], "keeps the cough"),
        ([(0, 8)], "after the cough"),
        ([(9.5, 20)], "before the cough"),
        ([(0, 8), (8, 20)], "touch"),
        ([(9.5, 20), (0, 8)], "wrong order"),
        ([(0, 7), (9.5, 20)], "an end"),
        ([(0, 200), (237.5, 500)], "latent frames"),
    ],
    "07-4": [
        ("steps", "finer detail"),
        ("prompt", "words of a verse"),
        ("seed", "just as local"),
        ("solver", "every frame by the same rule"),
    ],
}
