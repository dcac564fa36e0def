"""Checks of single values: numbers, intervals and names from a caller, or one line that says what is wrong."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import TypeGuard

from spotnb.errors import InputError


def show(value: object) -> str:
    """`repr(value)` on one line, short enough for an error message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _is_whole(value: object) -> TypeGuard[numbers.Integral]:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_int(name: str, value: object, low: int, high: int | None = None, *, hint: str) -> int:
    """`value` as an `int` in `low..high`, else an `InputError` that ends in `hint`. A bool or a float is none."""
    if _is_whole(value):
        number = int(value)
        if number >= low and (high is None or number <= high):
            return number
    limits = f"of at least {low}" if high is None else f"from {low} to {high}"
    raise InputError(f"{name} is {show(value)}: expected a whole number {limits}; {hint}")


def check_real(name: str, value: object, low: float = -math.inf, high: float = math.inf, *, hint: str) -> float:
    """`value` as a finite `float` in `low..high`, else an `InputError` that ends in `hint`. A bool is none."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an int beyond float's range
            number = math.inf
        if math.isfinite(number) and low <= number <= high:
            return number
    limits = "" if math.isinf(low) else f" from {low} to {high}"
    raise InputError(f"{name} is {show(value)}: expected a finite number{limits}; {hint}")


def check_interval(name: str, value: object, low: int, high: int, *, hint: str) -> tuple[int, int]:
    """`value` as two `int` in `low..high`, in order, else an `InputError` that ends in `hint`."""
    if isinstance(value, Sequence) and len(value) == 2 and all(_is_whole(each) for each in value):
        start, stop = int(value[0]), int(value[1])
        if low <= start <= stop <= high:
            return start, stop
    raise InputError(f"{name} is {show(value)}: expected two whole numbers from {low} to {high}, in order; {hint}")


def check_name(name: str, value: object, choices: Sequence[str]) -> str:
    """`value` as a `str` if it is one of `choices`, else an `InputError` that lists them."""
    if isinstance(value, str) and value in choices:
        return str(value)
    raise InputError(f"{name} is {show(value)}: expected one of {', '.join(choices)}; choose one of these")
