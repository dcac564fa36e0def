"""Exercises of notebook 06: equal budgets, paired differences, and the significance of a blind test."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import function, numbers
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan

FRAMES, TILE, STEPS = 768, 128, 20
CONFIG = SpotDiffusionConfig(TILE, max_shift_ratio=0.5, shift_schedule="alternate")
Numbers = Sequence[float]


def _frames(method: str) -> int:
    """Return the network frames of one step, with a shifted grid if the method shifts it."""
    return plan(FRAMES, CONFIG, step=1, method=method).network_frames


BUDGET = STEPS * _frames("multidiffusion")
TILES, SPOT = _frames("tiles"), _frames("spot")


def _up(value: float) -> int:
    return -int(-value // 1)


def paired(one: Numbers, other: Numbers) -> list[float]:
    """Return the mean of the paired differences and its standard error."""
    difference = np.asarray(one, float) - np.asarray(other, float)
    return [float(difference.mean()), float(difference.std(ddof=1) / len(difference) ** 0.5)]


def _unpaired(one: Numbers, other: Numbers) -> list[float]:
    error = sum(np.var(each, ddof=1) / len(each) for each in (one, other)) ** 0.5
    return [float(np.mean(one) - np.mean(other)), float(error)]


def _population(one: Numbers, other: Numbers) -> list[float]:
    difference = np.asarray(one, float) - np.asarray(other, float)
    return [float(difference.mean()), float(difference.std() / len(difference) ** 0.5)]


def _spread(one: Numbers, other: Numbers) -> list[float]:
    return [paired(one, other)[0], paired(one, other)[1] * len(one) ** 0.5]


def _reversed(one: Numbers, other: Numbers) -> list[float]:
    return paired(other, one)


def _shares(correct: int, trials: int) -> list[float]:
    """Return the probability of each number of right answers from `correct` to `trials` when guessing."""
    return [comb(trials, count) / 2**trials for count in range(correct, trials + 1)]


def abx_p(correct: int, trials: int) -> float:
    """Return the chance of at least `correct` right answers when guessing."""
    return sum(_shares(correct, trials))


EXERCISES = (
    Exercise(
        numbers(
            [BUDGET // TILES, BUDGET // SPOT],
            slips=[
                ([_up(BUDGET / TILES), _up(BUDGET / SPOT)], "Rounded up, they would exceed the budget."),
                ([STEPS, STEPS], "Those are equal steps: a step of tiles is cheaper, so there can be more steps."),
                ([BUDGET // SPOT, BUDGET // TILES], "The two are swapped: a shifted grid has one more tile."),
                ([BUDGET // TILES] * 2, "The shifted grid of spot needs one more tile than tiles does: 7 of them."),
                (
                    [STEPS * TILES // _frames("multidiffusion"), STEPS * SPOT // _frames("multidiffusion")],
                    "The ratio is upside down: the cheaper step can be taken more often.",
                ),
                (
                    [BUDGET / TILES, BUDGET / SPOT],
                    "Those are right before rounding: a run takes whole steps within the budget.",
                ),
            ],
            parts=("a grid that stays in place", "a grid that moves"),
        ),
        "The network frames of one step are windows times 128. MultiDiffusion has one every 64 frames, the last ending "
        "at 768. Multiply by its 20 steps, then divide, and round down.",
        "At equal network frames, every method does the same work, so it is fair to ask which one uses it better.",
    ),
    Exercise(
        function(
            paired,
            [
                ([3.0, 2.0, 4.5, 3.5], [1.0, 0.5, 2.0, 2.0]),
                ([1.0, 1.4, 0.9], [1.1, 1.2, 1.0]),
                ([2.0, 5.0, 1.0, 4.0, 3.0], [1.5, 4.0, 1.5, 3.0, 3.5]),
            ],
            slips=[
                (
                    _unpaired,
                    "That is the error of two unrelated groups: take the differences first.",
                ),
                (_population, "The spread of a few numbers around their own mean is too small: divide by n - 1."),
                (
                    _spread,
                    "That is the spread of single differences: the mean of n of them is sqrt(n) times as precise.",
                ),
                (_reversed, "The sign is reversed: subtract the second from the first."),
            ],
        ),
        "First take the differences of the pairs. Then take their mean, and np.std(..., ddof=1) / sqrt(n).",
        "The effect that a seed has on both methods cancels in the difference, so a few seeds tell you more.",
    ),
    Exercise(
        function(
            abx_p,
            [(10, 12), (7, 8), (5, 5), (0, 4), (8, 16)],
            slips=[
                (
                    lambda correct, trials: _shares(correct, trials)[0],
                    "That is the chance of exactly this many: a guesser who does even better counts too.",
                ),
                (
                    lambda correct, trials: sum(_shares(correct, trials)[1:]),
                    "That leaves out the result itself: *at least* this many right answers, not more.",
                ),
                (
                    lambda correct, trials: 1 - sum(_shares(correct, trials)),
                    "That is the chance of fewer right answers: use the opposite.",
                ),
                (
                    lambda correct, trials: min(1.0, 2 * sum(_shares(correct, trials))),
                    "That counts both tails: here, only many right answers are evidence of a difference.",
                ),
                (
                    lambda correct, trials: correct / trials,
                    "That is the share of right answers: the question is how often a guesser reaches it.",
                ),
                (
                    lambda correct, trials: 0.5**correct,
                    "That is the chance that certain trials are right: there are comb(trials, k) ways to get k right.",
                ),
            ],
        ),
        "The chance of exactly k right answers is math.comb(trials, k) / 2**trials: sum it from k = correct to trials.",
        "For 10 of 12, it is 0.019. With four trials, no result is below 0.05, not even four of four.",
    ),
)
