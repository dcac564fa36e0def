"""Near misses: wrong answers that show how they arose, so that the feedback can say how near they are.

An exercise has a table of its own near misses: a wrong value (or, if a function is asked for, a function with the
mistake), and what is said about it. The kinds of near misses that any exercise can have are here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from spotnb.course.answers import Numbers
from spotnb.tiling.clock import AUDIOLDM

Expected = Sequence[Numbers]
"""The right numbers: one array for each case of a function, or a single one."""


class NearMiss(NamedTuple):
    """A wrong answer of one exercise, and what is said about it without giving the right one."""

    wrong: Any
    said: str


def frames_for_seconds(seconds: Sequence[float]) -> NearMiss:
    """Return the near miss of latent frames where seconds are asked for."""
    return NearMiss([AUDIOLDM.frames_per_second * each for each in seconds], "Those are latent frames: give seconds.")


def seconds_for_frames(frames: float) -> NearMiss:
    """Return the near miss of seconds where a number of latent frames is asked for."""
    return NearMiss(frames / AUDIOLDM.frames_per_second, "Those are seconds: give latent frames.")


@dataclass(frozen=True)
class Kind:
    """A kind of near miss of any exercise.

    Attributes:
        of: Returns the wrong numbers for the right ones.
        said: What is said about them.
        fits: Whether right numbers can be missed in this way.
    """

    of: Callable[[Numbers], Numbers]
    said: str
    fits: Callable[[Expected], bool]


def _flat(right: Expected) -> Numbers:
    return np.concatenate([np.ravel(each) for each in right]).astype(float)


def _is_share(right: Expected) -> bool:
    """Return whether all numbers are from 0 to 1, and not all of them 0 or 1."""
    return bool(np.all((_flat(right) >= 0) & (_flat(right) <= 1))) and not _is_whole(right)


def _is_whole(right: Expected) -> bool:
    return bool(np.all(_flat(right) == np.round(_flat(right))))


def _is_list(right: Expected) -> bool:
    return all(each.ndim == 1 for each in right)


def _is_pair(right: Expected) -> bool:
    return all(each.shape == (2,) for each in right)


def _has_digits(digits: int) -> Callable[[Expected], bool]:
    """Return whether numbers are large enough to be rounded to so many digits after the decimal point."""
    return lambda right: bool(np.all((np.abs(_flat(right)) >= 10.0**-digits) | (_flat(right) == 0)))


def _rounded(digits: int) -> Callable[[Numbers], Numbers]:
    return lambda right: np.asarray(np.round(right, digits))


def _is_any(right: Expected) -> bool:  # noqa: ARG001  it fits everything
    return True


_PERCENT = "That is in percent: a fraction between 0 and 1 is expected."
_ROUNDED = "That is near, but rounded too far: keep more digits."

KINDS = (
    Kind(lambda right: 100 * right, _PERCENT, _is_share),
    Kind(lambda right: np.round(100 * right), _PERCENT, _is_share),
    Kind(lambda right: 1 - right, "That is the rest: 1 minus it is the part in question.", _is_share),
    Kind(np.negative, "The size is right, but the sign is reversed.", _is_any),
    Kind(
        lambda right: right + 1,
        "That is off by one: is an end or a zero counted that should not be?",
        _is_whole,
    ),
    Kind(
        lambda right: right - 1,
        "That is off by one: is an end or a zero left out that should be counted?",
        _is_whole,
    ),
    Kind(lambda right: right[::-1], "The two are swapped.", _is_pair),
    Kind(lambda right: right[::-1], "The numbers are right, but their order is reversed.", _is_list),
    *(Kind(_rounded(digits), _ROUNDED, _has_digits(digits)) for digits in (3, 2, 1, 0)),
    Kind(
        np.floor, "The part after the decimal point is cut off: `/` divides, `//` drops the remainder.", _has_digits(0)
    ),
    Kind(np.square, "That is the square of it: a root is missing.", _is_share),
    Kind(np.sqrt, "That is the square root of it: there is one root too many.", _is_share),
)


def kinds_of(expected: Expected) -> Iterator[tuple[Kind, list[Numbers]]]:
    """Yield each kind that fits the right numbers and changes them, with the wrong numbers."""
    for kind in KINDS:
        if kind.fits(expected):
            with np.errstate(all="ignore"):
                wrong = [kind.of(right) for right in expected]
            if not all(np.array_equal(a, b) for a, b in zip(wrong, expected, strict=True)):
                yield kind, wrong


def common(answer: Any, expected: Expected, agree: Callable[[Any, Numbers], bool]) -> str:
    """Return what is said about a common near miss, or "" if the answer is none.

    Args:
        answer: One value for each entry of `expected`.
        expected: The right numbers.
        agree: Whether an answer is equal to given numbers.
    """
    for kind, wrong in kinds_of(expected):
        if all(agree(given, numbers) for given, numbers in zip(answer, wrong, strict=True)):
            return kind.said
    return ""


def constant(answer: Sequence[Numbers], expected: Expected, tolerance: float) -> str:
    """Return by which factor or amount all results of a function are off, or "" if there is no such constant."""
    if any(a.shape != b.shape for a, b in zip(answer, expected, strict=True)):
        return ""
    a, b = _flat(answer), _flat(expected)
    if len(np.unique(b)) < 2 or not np.isfinite(a).all():
        return ""
    factor = float(a @ b / (b @ b))
    if abs(factor) > tolerance and np.allclose(a, factor * b, rtol=tolerance, atol=tolerance):
        return f"Every result is {factor:.4g} times as large as it should be: a factor is wrong or missing."
    amount = float((a - b).mean())
    if np.allclose(a, b + amount, rtol=tolerance, atol=tolerance):
        return f"Every result is {abs(amount):.4g} too {'large' if amount > 0 else 'small'}."
    return ""


def partly(right: Sequence[bool], extra: int = 0, parts: Sequence[str] = ()) -> str:
    """Return how many numbers of a list are right, and of which kind the others are, or "" if none is right.

    Args:
        right: Whether each expected number is given.
        extra: How many other numbers are given where the lengths differ.
        parts: What each number stands for. It may be empty.
    """
    count, total = sum(right), len(right)
    if not count:
        return ""
    if count == total:
        return f"All {total} numbers are there, and {extra} that {_does(extra)} not belong."
    missing = dict.fromkeys(part for part, fine in zip(parts, right, strict=False) if not fine)
    kinds = f" Missing or wrong: {', and '.join(missing)}." if missing else ""
    others = f" {extra} of the others {_does(extra)} not belong." if extra else ""
    return f"{count} of the {total} numbers {'is' if count == 1 else 'are'} right.{kinds}{others}"


def _does(count: int) -> str:
    return "does" if count == 1 else "do"
