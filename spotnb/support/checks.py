"""Checks of single arguments: each returns the checked value, or raises `InputError` with a one-line message."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import TypeGuard

from spotnb.errors import InputError


def show(value: object) -> str:
    """Return `repr(value)` on one line, shortened to 60 characters for use in an error message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _is_whole(value: object) -> TypeGuard[numbers.Integral]:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_int(name: str, value: object, low: int, high: int | None = None, *, hint: str) -> int:
    """Return `value` as an `int` from `low` to `high`, both inclusive.

    Raises:
        InputError: `value` is out of range, a bool or a float. The message starts with `name` and ends with `hint`.
    """
    if _is_whole(value):
        number = int(value)
        if number >= low and (high is None or number <= high):
            return number
    limits = f"of at least {low}" if high is None else f"from {low} to {high}"
    raise InputError(f"{name} is {show(value)}: expected a whole number {limits}; {hint}")


def check_real(name: str, value: object, low: float = -math.inf, high: float = math.inf, *, hint: str) -> float:
    """Return `value` as a finite `float` from `low` to `high`, both inclusive.

    Raises:
        InputError: `value` is out of range, not finite or a bool. The message starts with `name` and ends with `hint`.
    """
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an int beyond the range of float
            number = math.inf
        if math.isfinite(number) and low <= number <= high:
            return number
    limits = "" if math.isinf(low) else f" from {low} to {high}"
    raise InputError(f"{name} is {show(value)}: expected a finite number{limits}; {hint}")


def check_interval(name: str, value: object, low: int, high: int, *, hint: str) -> tuple[int, int]:
    """Return `value` as two ascending `int` from `low` to `high`, both inclusive.

    Raises:
        InputError: `value` is not such a pair. The message starts with `name` and ends with `hint`.
    """
    if isinstance(value, Sequence) and len(value) == 2 and all(_is_whole(each) for each in value):
        start, stop = int(value[0]), int(value[1])
        if low <= start <= stop <= high:
            return start, stop
    raise InputError(
        f"{name} is {show(value)}: expected two whole numbers from {low} to {high} in ascending order; {hint}"
    )


def check_name(name: str, value: object, choices: Sequence[str]) -> str:
    """Return `value` as a `str` that is one of `choices`.

    Raises:
        InputError: `value` is something else. The message lists the choices.
    """
    if isinstance(value, str) and value in choices:
        return str(value)
    raise InputError(f"{name} is {show(value)}: expected one of {', '.join(choices)}; choose one of these")
