"""Wrong answers to the exercises of notebook 06, and what the feedback has to name."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np


def unpaired(one: Any, other: Any) -> Any:
    error = (np.var(one, ddof=1) / len(one) + np.var(other, ddof=1) / len(other)) ** 0.5
    return np.mean(one) - np.mean(other), error


def with_n(one: Any, other: Any) -> Any:
    difference = np.subtract(one, other)
    return difference.mean(), difference.std() / len(one) ** 0.5


def spread(one: Any, other: Any) -> Any:
    difference = np.subtract(one, other)
    return difference.mean(), difference.std(ddof=1)


def turned(one: Any, other: Any) -> Any:
    difference = np.subtract(other, one)
    return difference.mean(), difference.std(ddof=1) / len(one) ** 0.5


def more(correct: int, trials: int) -> float:
    return float(sum(comb(trials, k) for k in range(correct + 1, trials + 1)) / 2**trials)


def at_least(correct: int, trials: int) -> float:
    return more(correct - 1, trials)


WRONG: dict[str, list[tuple[Any, str]]] = {
    "06-1": [
        ([37, 32], "exceed the budget"),
        ([20, 20], "equal steps"),
        ([31, 36], "are swapped"),
        ([36, 36], "one more tile than tiles"),
        ([36, 30], "a grid that moves"),
        ([220 / 6, 220 / 7], "before rounding"),
        ([10, 12], "upside down"),
    ],
    "06-2": [
        (unpaired, "take the differences first"),
        (with_n, "divide by n - 1"),
        (spread, "sqrt(n) times as precise"),
        (turned, "The sign is reversed"),
    ],
    "06-3": [
        (lambda correct, trials: comb(trials, correct) / 2**trials, "exactly this many"),
        (more, "leaves out the result itself"),
        (lambda correct, trials: 1 - at_least(correct, trials), "fewer right answers"),
        (lambda correct, trials: min(1, 2 * at_least(correct, trials)), "both tails"),
        (lambda correct, trials: correct / trials, "share of right answers"),
        (lambda correct, trials: 0.5**correct, "certain trials"),
    ],
}
