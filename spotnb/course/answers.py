"""Answers of students: whether there is one, the numbers in it, and a short text for it."""

from __future__ import annotations

import dis
import math
from collections.abc import Callable
from itertools import islice
from numbers import Integral, Real
from types import CodeType, EllipsisType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spotnb.support.checks import show

Numbers: TypeAlias = NDArray[Any]

_IDLE = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "POP_TOP", "CACHE", "COPY_FREE_VARS"}
_ITEMS, _LONGEST = 6, 100
_FIRST = 100
"""The items of a collection that are searched for a placeholder. A student's template has fewer."""


class Unanswered(Exception):
    """A judge found that the answer is only a placeholder."""


def is_placeholder(answer: Any, depth: int = 3) -> bool:
    """Return whether an answer is `...`, `None`, a blank text, empty, a collection with such items, or a stub."""
    if answer is None or isinstance(answer, EllipsisType):
        return True
    if isinstance(answer, str):
        return not answer.strip(" .…\t\n")
    if isinstance(answer, (list, tuple, set, frozenset, dict)):
        return not answer or (depth > 0 and any(is_placeholder(item, depth - 1) for item in islice(answer, _FIRST)))
    if callable(answer):
        return is_stub(answer)
    shape = getattr(answer, "shape", ())
    return isinstance(shape, tuple) and 0 in shape


def is_stub(function: Callable[..., Any]) -> bool:
    """Return whether a Python function does nothing but return `None` or `...`, without calling it."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return False
    steps = list(dis.get_instructions(code))
    constants = (step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST"))
    return all(step.opname in _IDLE for step in steps) and all(value is None or value is ... for value in constants)


def as_numbers(value: Any) -> Numbers:
    """Return a number, list, array or tensor as an array.

    Raises:
        TypeError: It does not hold numbers.
    """
    detach = getattr(value, "detach", None)
    array = np.asarray(value if detach is None else detach().cpu())
    if array.dtype.kind not in "biufc":
        raise TypeError(f"not numbers: {array.dtype}")
    return array


def same(one: Any, other: Any, tolerance: float) -> bool:
    """Return whether two results are equal within a tolerance, or by `==` if they are not numbers."""
    try:
        a, b = as_numbers(one), as_numbers(other)
    except (TypeError, ValueError, RuntimeError):
        try:
            return bool(one == other)
        except Exception:
            return one is other
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def agrees(value: Any, expected: Any, tolerance: float) -> bool:
    """Return whether numbers agree. `tolerance` is relative to each expected one, or absolute where that is 0."""
    a, b = np.asarray(value, float), np.asarray(expected, float)
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= tolerance * np.where(b == 0, 1, np.abs(b))))


def brief(value: Any) -> str:
    """Return a short text for a value: numbers of four digits, long lists cut, large arrays by their shape."""
    try:
        shape = getattr(value, "shape", None)
        if shape is not None and math.prod(shape) > 16:
            return f"{type(value).__name__} {list(shape)}"
        return _cut(_brief(value.tolist() if shape is not None else value, depth=3))
    except Exception:
        return show(value)


def _brief(value: Any, depth: int) -> str:
    if isinstance(value, (list, tuple)) and depth:
        items = [_brief(item, depth - 1) for item in value[:_ITEMS]] + ["..."] * (len(value) > _ITEMS)
        return f"[{', '.join(items)}]" if isinstance(value, list) else f"({', '.join(items)})"
    if isinstance(value, Real) and not isinstance(value, (Integral, bool)) and math.isfinite(value):
        number = float(value)
        return f"{number:.1f}".removesuffix(".0") if 1000 <= abs(number) < 1e9 else f"{number:.4g}"
    return show(value)


def _cut(text: str) -> str:
    """Cut a long text between words."""
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0].removesuffix(" ...") + " ..."
