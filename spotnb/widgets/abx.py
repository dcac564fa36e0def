"""The arithmetic of a blind test: how often would somebody who only guesses do as well?

In an ABX test (Munson and Gardner 1950, https://doi.org/10.1121/1.1906743) X is A or B, drawn anew for each trial, and
the listener says which. Who hears no difference is right half of the time.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

from spotnb.support.checks import check_int

LEVEL = 0.05


def abx_p_value(correct: int, trials: int) -> float:
    """The chance that guessing gives at least `correct` right answers in `trials`: one-sided, exact.

    >>> round(abx_p_value(10, 12), 4), abx_p_value(0, 0)
    (0.0193, 1.0)
    """
    trials = check_int("trials", trials, 0, hint="how many answers were given")
    correct = check_int("correct", correct, 0, trials, hint="no more answers can be right than were given")
    ways = sum(comb(trials, k) for k in range(correct, trials + 1))
    return float(Fraction(ways, 2**trials))  # whole numbers too large for a float on their own


def abx_needed(trials: int, level: float = LEVEL) -> int | None:
    """The fewest right answers whose p-value is below `level`, or None where even all of them are too few.

    >>> [abx_needed(trials) for trials in (4, 5, 8, 12, 16)]
    [None, 5, 7, 10, 12]
    """
    return next((right for right in range(trials + 1) if abx_p_value(right, trials) < level), None)
