"""The statistics of a blind test: how often would somebody who only guesses do as well?

In an ABX test (Munson and Gardner 1950, https://doi.org/10.1121/1.1906743) X is either A or B, drawn again for each
trial, and the listener says which. A listener who hears no difference is right half of the time.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

from spotnb.support.checks import check_int

LEVEL = 0.05  # the usual level of significance


def abx_p_value(correct: int, trials: int) -> float:
    """Return the exact one-sided probability that guessing gives at least `correct` right answers in `trials`.

    Raises:
        InputError: A count is not a whole number, is negative, or `correct` exceeds `trials`.

    >>> round(abx_p_value(10, 12), 4), abx_p_value(0, 0)
    (0.0193, 1.0)
    """
    trials = check_int("trials", trials, 0, hint="how many answers were given")
    correct = check_int("correct", correct, 0, trials, hint="no more answers can be right than were given")
    ways = sum(comb(trials, k) for k in range(correct, trials + 1))
    return float(Fraction(ways, 2**trials))  # each number alone may be too large for a float


def abx_needed(trials: int, level: float = LEVEL) -> int | None:
    """Return the smallest number of right answers with a p-value below `level`, or None if there are too few trials.

    >>> [abx_needed(trials) for trials in (4, 5, 8, 12, 16)]
    [None, 5, 7, 10, 12]
    """
    return next((right for right in range(trials + 1) if abx_p_value(right, trials) < level), None)
