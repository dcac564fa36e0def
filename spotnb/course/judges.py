"""Judges of answers. A judge returns a sentence that says what is wrong, or "" if the answer is right.

Judges accept `slips`, the near misses of an exercise: common wrong answers, each with the feedback on it, so that the
feedback can name the misconception. A slip is recognized like the right answer: a number within the tolerance, a
function by its results. The near misses that every exercise can have are in `spotnb.course.near`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spotnb.course import near
from spotnb.course.answers import Numbers, Unanswered, agrees, as_numbers, brief, same
from spotnb.course.near import NearMiss
from spotnb.support.checks import show

Slips = Sequence[tuple[Any, str]]

MOST_NUMBERS = 1000
"""The longest list that is compared number by number."""


@dataclass(frozen=True)
class Judge:
    """A judge, with a right answer and the table of near misses that it knows."""

    say: Callable[[Any], str]
    answer: Any
    near_misses: tuple[NearMiss, ...]

    def __call__(self, answer: Any) -> str:
        """Return what is wrong with an answer, or "" if it is right."""
        return self.say(answer)


def _judge(say: Callable[[Any], str], answer: Any, slips: Slips) -> Judge:
    return Judge(say, answer, tuple(NearMiss(*slip) for slip in slips))


def number(expected: float, tolerance: float = 1e-6, unit: str = "", slips: Slips = ()) -> Judge:
    """Return a judge of a number. `tolerance` is relative to `expected`, or absolute if that is 0."""

    def say(answer: Any) -> str:
        if off := _no_number(answer):
            return off
        value = float(answer)
        if agrees(value, expected, tolerance):
            return ""
        for wrong, said in slips:
            if agrees(value, wrong, tolerance):
                return said
        if said := near.common([value], [np.asarray(expected)], lambda a, b: agrees(a, b, tolerance)):
            return said
        little = "a little " if abs(value - expected) <= 0.05 * abs(expected) else ""
        return f"{brief(value)}{unit} is {little}too {'large' if value > expected else 'small'}."

    return _judge(say, expected, slips)


def numbers(
    expected: Sequence[float],
    ordered: bool = True,
    tolerance: float = 1e-6,
    slips: Slips = (),
    parts: Sequence[str] = (),
    read: Callable[[Any], Any] = lambda answer: answer,
) -> Judge:
    """Return a judge of several numbers: a list, tuple, array, tensor, or, if the order does not matter, a set.

    Args:
        expected: The right numbers.
        ordered: Whether their order matters.
        tolerance: Relative to each expected number.
        slips: Near misses.
        parts: What each number stands for, so that the feedback can say of which kind a wrong one is.
        read: Turns an answer of another form into a list of numbers.
    """

    def say(answer: Any) -> str:
        array = _list_of_numbers(read(answer), ordered)
        if array is None:
            return f"{show(answer)} is a {type(answer).__name__}: expected a list of numbers."
        if len(array) > MOST_NUMBERS:  # comparing each with each would take minutes
            return _counted(array, expected)
        if not np.isfinite(array).all():
            return f"{show(answer)} holds NaN or infinity: expected a list of finite numbers."

        def alike(given: Any, wanted: Any) -> bool:
            a, b = (
                np.asarray(each, float) if ordered else np.sort(np.asarray(each, float)) for each in (given, wanted)
            )
            return agrees(a, b, tolerance)

        if alike(array, expected):
            return ""
        for wrong, said in slips:
            if alike(array, read(wrong)):
                return said
        said = near.common([array], [np.asarray(expected, float)], alike)
        return said or _listed(array, expected, ordered, tolerance, parts)

    return _judge(say, expected, slips)


def choice(expected: str, among: Mapping[str, str]) -> Judge:
    """Return a judge of one word out of several. `among` maps each wrong word to the feedback on it."""

    def say(answer: Any) -> str:
        names = sorted([expected, *among])
        if not isinstance(answer, str) or (word := answer.strip().lower()) not in names:
            return f"{show(answer)} is not one of the choices: expected one of {', '.join(map(repr, names))}."
        return "" if word == expected else among[word]

    return _judge(say, expected, tuple(among.items()))


def function(
    reference: Callable[..., Any],
    cases: Sequence[tuple[Any, ...]],
    slips: Sequence[tuple[Callable[..., Any], str]] = (),
    tolerance: float = 1e-5,
) -> Judge:
    """Return a judge of a function, which has to return the same as `reference` for all cases.

    A case is a tuple of arguments, which the function may not change. Results are numbers, or lists, arrays or tensors.
    """

    def results_of(function: Callable[..., Any]) -> list[Any]:
        return [function(*copy.deepcopy(case)) for case in cases]

    def say(answer: Any) -> str:
        if not callable(answer):
            return f"{show(answer)} is a {type(answer).__name__}: expected a function; pass it without parentheses."
        results: list[Any] = []
        for case in cases:
            if off := _called(answer, case, results):
                return off
        expected = results_of(reference)
        if all(same(a, b, tolerance) for a, b in zip(results, expected, strict=True)):
            return ""
        for wrong, said in slips:
            if all(same(a, b, tolerance) for a, b in zip(results, results_of(wrong), strict=True)):
                return said
        return _compared(cases, results, expected, tolerance)

    return _judge(say, reference, slips)


def _called(function: Callable[..., Any], case: tuple[Any, ...], results: list[Any]) -> str:
    """Append the result of a call to `results`, and return what is wrong with the call, or "".

    Raises:
        Unanswered: The function is unfinished.
    """
    arguments = copy.deepcopy(case)
    try:
        result = function(*arguments)
    except NotImplementedError as error:
        raise Unanswered from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # such as that of sys.exit
        return f"{_call(case)} raises {type(error).__name__}: {' '.join(str(error).split())[:200]}."
    if result is ... or (result is None and not hasattr(function, "__code__")):
        raise Unanswered
    if result is None:
        return f"{_call(case)} returns None: is there a `return` at the end?"
    if not all(same(before, after, 0) for before, after in zip(case, arguments, strict=True)):
        return f"{_call(case)} changes its argument in place: work on a copy."
    results.append(result)
    return ""


def _compared(cases: Sequence[tuple[Any, ...]], results: list[Any], expected: list[Any], tolerance: float) -> str:
    """Return how near the results of a function are to the expected ones."""
    try:
        given, right = [as_numbers(each) for each in results], [as_numbers(each) for each in expected]
        said = near.common(given, right, lambda a, b: same(a, b, tolerance)) or near.constant(given, right, tolerance)
    except (TypeError, ValueError, RuntimeError):
        said = ""
    if said:
        return said
    wrong = [k for k in range(len(cases)) if not same(results[k], expected[k], tolerance)]
    fine, k = len(cases) - len(wrong), wrong[0]
    start = f"{fine} of {len(cases)} results {'is' if fine == 1 else 'are'} right. " if fine else ""
    return f"{start}{_call(cases[k])} returns {brief(results[k])}: expected {brief(expected[k])}."


def _list_of_numbers(answer: Any, ordered: bool) -> Numbers | None:
    """Return an answer as an array `[N]`, or None if it is something else."""
    if isinstance(answer, (set, frozenset)):
        if ordered:
            return None
        answer = list(answer)
    try:
        array = as_numbers(answer)
    except (TypeError, ValueError):
        return None
    return array if array.ndim == 1 and array.dtype.kind in "iuf" else None


def _counted(array: Numbers, expected: Sequence[float]) -> str:
    return f"The numbers that you gave: {len(array)}. Expected: {len(expected)} numbers."


def _listed(array: Numbers, expected: Sequence[float], ordered: bool, tolerance: float, parts: Sequence[str]) -> str:
    """Return how near a list of numbers is to the expected ones."""
    if ordered and len(array) == len(expected):
        found = [agrees(a, b, tolerance) for a, b in zip(array, expected, strict=True)]
    else:
        found = [any(agrees(a, wanted, tolerance) for a in array) for wanted in expected]
    extra = len(array) - sum(found) if len(array) != len(expected) else 0
    if said := near.partly(found, extra, parts):
        return said
    if len(array) != len(expected):
        return _counted(array, expected)
    return f"{brief(array.tolist())} is not right yet."


def _no_number(answer: Any) -> str:
    """Return why an answer is not a finite number, or "" if it is one."""
    if isinstance(answer, (bool, np.bool_, str, bytes)) or np.ndim(answer) != 0:
        return f"{show(answer)} is a {type(answer).__name__}: expected a number."
    try:
        value = float(answer)
    except (TypeError, ValueError):
        return f"{show(answer)} is a {type(answer).__name__}: expected a number."
    return "" if np.isfinite(value) else f"{value} is not a finite number."


def _call(case: tuple[Any, ...]) -> str:
    return f"Your function, called with ({', '.join(map(brief, case))}),"
