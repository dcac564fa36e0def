"""Judges of answers: what is off, in a sentence, or "" if the answer is right.

Each takes `slips`, wrong answers that are easily given, with what is said of them: so feedback can name the
misconception. A slip is found as an answer is: a number within the tolerance, a function by what it returns.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from spotnb.support.checks import show

Judge = Callable[[Any], str]
Slips = Sequence[tuple[Any, str]]


def number(expected: float, tolerance: float = 1e-6, unit: str = "", slips: Slips = ()) -> Judge:
    """A number, right within `tolerance` times its size (or `tolerance` itself, where 0 is expected)."""

    def judge(answer: Any) -> str:
        if off := _no_number(answer):
            return off
        value = float(answer)
        for slip, told in slips:
            if _near(value, slip, tolerance) and not _near(value, expected, tolerance):
                return told
        if _near(value, expected, tolerance):
            return ""
        return f"{value:g}{unit} is too {'large' if value > expected else 'small'}."

    return judge


def numbers(expected: Sequence[float], ordered: bool = True, tolerance: float = 1e-6, slips: Slips = ()) -> Judge:
    """Several numbers: a list, tuple, set (where order does not count), array or tensor."""

    def judge(answer: Any) -> str:
        values = sorted(answer) if isinstance(answer, (set, frozenset)) and not ordered else answer
        try:
            array = _array(values)
        except (TypeError, ValueError):
            array = None
        if (
            array is None
            or array.ndim != 1
            or array.dtype.kind not in "iuf"
            or isinstance(answer, (set, frozenset)) > (not ordered)
        ):
            return f"{show(answer)} is a {type(answer).__name__}: expected a list of numbers."
        if not np.isfinite(array).all():
            return f"{show(answer)} holds NaN or infinity: expected a list of finite numbers."
        for slip, told in slips:
            if _same_list(array, slip, ordered, tolerance):
                return told
        if _same_list(array, expected, ordered, tolerance):
            return ""
        if len(array) != len(expected):
            return f"{len(array)} numbers came, {len(expected)} were expected."
        return f"{show(array.tolist())} is not right yet."

    return judge


def choice(expected: str, among: Mapping[str, str]) -> Judge:
    """One of several words; `among` maps each wrong one to what is said of it."""

    def judge(answer: Any) -> str:
        names = sorted([expected, *among])
        if not isinstance(answer, str) or (word := answer.strip().lower()) not in names:
            return f"{show(answer)} is none of the choices: expected one of {', '.join(map(repr, names))}."
        return "" if word == expected else among[word]

    return judge


def function(
    reference: Callable[..., Any],
    cases: Sequence[tuple[Any, ...]],
    slips: Sequence[tuple[Callable[..., Any], str]] = (),
    tolerance: float = 1e-5,
) -> Judge:
    """A function that returns what `reference` does, for all cases: tuples of arguments, which it may not change.

    Results are numbers, or lists, arrays or tensors of numbers.
    """

    def judge(answer: Any) -> str:
        if not callable(answer):
            return f"{show(answer)} is a {type(answer).__name__}: expected a function; pass it without brackets."
        given = []
        for case in cases:
            arguments = copy.deepcopy(case)
            try:
                given.append(answer(*arguments))
            except Exception as error:
                return f"{_call(case)} raises {type(error).__name__}: {' '.join(str(error).split())[:200]}."
            if not all(_same(before, after, 0) for before, after in zip(case, arguments, strict=True)):
                return f"{_call(case)} changes its argument in place: work on a copy."
        expected = [reference(*copy.deepcopy(case)) for case in cases]
        wrong = [k for k in range(len(cases)) if not _same(given[k], expected[k], tolerance)]
        if not wrong:
            return ""
        for slip, told in slips:
            if all(_same(given[k], slip(*copy.deepcopy(cases[k])), tolerance) for k in range(len(cases))):
                return told
        k = wrong[0]
        return f"{_call(cases[k])} gives {_short(given[k])}: expected {_short(expected[k])}."

    return judge


def _no_number(answer: Any) -> str:
    """Why an answer is not a finite number, or ""."""
    if isinstance(answer, (bool, np.bool_, str, bytes)) or np.ndim(answer) != 0:
        return f"{show(answer)} is a {type(answer).__name__}: expected a number."
    try:
        value = float(answer)
    except (TypeError, ValueError):
        return f"{show(answer)} is a {type(answer).__name__}: expected a number."
    return "" if np.isfinite(value) else f"{value} is not a finite number."


def _near(value: float, expected: float, tolerance: float) -> bool:
    return abs(value - expected) <= tolerance * (abs(expected) or 1.0)


def _array(value: Any) -> np.ndarray[Any, Any]:
    detach = getattr(value, "detach", None)
    array = np.asarray(value if detach is None else detach().cpu())
    if array.dtype.kind not in "biufc":
        raise TypeError(f"no numbers: {array.dtype}")
    return array


def _same_list(array: np.ndarray[Any, Any], expected: Sequence[float], ordered: bool, tolerance: float) -> bool:
    wanted = np.asarray(expected, float)
    if not ordered:
        array, wanted = np.sort(array), np.sort(wanted)
    return array.shape == wanted.shape and all(
        _near(float(a), float(b), tolerance) for a, b in zip(array, wanted, strict=True)
    )


def _same(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two results are numbers of one shape, and equal to a tolerance; anything else by `==`."""
    try:
        a, b = _array(one), _array(other)
    except (TypeError, ValueError, RuntimeError):
        try:
            return bool(one == other)
        except Exception:
            return one is other
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _call(case: tuple[Any, ...]) -> str:
    return f"Your function, called with ({', '.join(map(_short, case))}),"


def _short(value: Any) -> str:
    """A value in a few characters: arrays and tensors by their shape, unless they are small."""
    shape = getattr(value, "shape", None)
    if shape is not None and len(shape) and np.prod(shape) > 16:
        return f"{type(value).__name__} {list(shape)}"
    return show(value.tolist() if shape is not None and hasattr(value, "tolist") else value)
