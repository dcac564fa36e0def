"""The judges that exercises use."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from spotnb.course import judges
from spotnb.course.answers import is_placeholder
from spotnb.course.exercise import Exercise


def test_numbers_of_any_kind() -> None:
    judge = judges.number(1.5, 0.01, " s", slips=[(3, "Twice as much.")])
    for right in (1.5, 1.51, np.float32(1.5), torch.tensor(1.5), Fraction(3, 2)):
        assert judge(right) == ""
    assert judge(3) == "Twice as much."
    assert judge(2.5) == "2.5 s is too large."
    assert judge(-1) == "-1 s is too small."
    assert judge(1.52) == "1.52 s is a little too large."
    assert judge(1234567.891) == "1234567.9 s is too large."
    for wrong in (True, "1.5", [1.5], None, object()):
        assert "expected a number" in judge(wrong)
    assert "finite" in judge(math.nan)


def test_lists_of_numbers() -> None:
    ordered = judges.numbers([3, 1, 2], slips=[([1, 2, 3], "Sorted.")])
    for right in ([3, 1, 2], (3, 1, 2), np.array([3, 1, 2]), torch.tensor([3.0, 1, 2])):
        assert ordered(right) == ""
    assert ordered([1, 2, 3]) == "Sorted."
    assert ordered([5, 6]) == "The numbers that you gave: 2. Expected: 3 numbers."
    assert ordered([7, 8, 9]) == "[7, 8, 9] is not right yet."
    assert ordered([3, 1, 1]) == "2 of the 3 numbers are right."
    assert ordered([1, 2]) == "2 of the 3 numbers are right."
    assert ordered([1, 9]) == "1 of the 3 numbers is right. 1 of the others does not belong."
    assert ordered([3, 1, 2, 9]) == "All 3 numbers are there, and 1 that does not belong."
    assert ordered([2, 1, 3]) == "The numbers are right, but their order is reversed."
    pair = judges.numbers([4, 6], parts=("a start", "an end"))
    assert pair([6, 4]) == "The two are swapped."
    assert pair([4, 9]) == "1 of the 2 numbers is right. Missing or wrong: an end."
    assert pair([5, 7]) == "That is off by one: is an end or a zero counted that should not be?"
    for wrong in ({1, 2, 3}, 5, "312", [[3, 1, 2]], ["a"]):
        assert "expected a list of numbers" in ordered(wrong)
    assert "NaN" in ordered([math.nan, 1, 2])
    assert judges.numbers([3, 1, 2], ordered=False)({1, 2, 3}) == ""


def test_words() -> None:
    judge = judges.choice("spot", {"tiles": "They do not move."})
    assert judge(" Spot ") == ""
    assert judge("tiles") == "They do not move."
    assert "expected one of 'spot', 'tiles'" in judge("full")
    assert "expected one of" in judge(3)


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_functions(kind: Any) -> None:
    cases = [(kind([1.0, 2.0, 3.0]), 1), (kind([4.0, 5.0]), 0)]

    def right(values: Any, shift: int) -> Any:
        return np.roll(np.asarray(values), shift)

    judge = judges.function(right, cases, [(lambda values, shift: np.roll(np.asarray(values), -shift), "Backwards.")])
    assert judge(right) == ""
    assert judge(lambda values, shift: list(right(values, shift))) == ""
    assert judge(lambda values, shift: np.roll(np.asarray(values), -shift)) == "Backwards."
    assert judge(lambda values, shift: values).endswith("expected [3, 1, 2].")
    assert judge(lambda values, shift: values).startswith("1 of 2 results is right. Your function, called with ([1, 2")
    assert judge(lambda values, shift: 3 * right(values, shift)).startswith("Every result is 3 times as large")
    assert judge(lambda values, shift: right(values, shift) - 2.5) == "Every result is 2.5 too small."
    assert judge(lambda values, shift: -right(values, shift)) == "The size is right, but the sign is reversed."
    assert judge(lambda values, shift: right(values, shift) + 1).startswith("That is off by one")
    assert judge(lambda values, shift: str(shift)[:0] or None).endswith("returns None: is there a `return` at the end?")
    assert "raises TypeError" in judge(lambda values: values)
    assert "expected a function; pass it without parentheses" in judge([1])

    def inplace(values: Any, shift: int) -> Any:
        values[0] = 9.0
        return values

    assert "in place" in judge(inplace)


def test_whatever_an_answer_does_is_no_exception() -> None:
    class Bad:
        def __float__(self) -> float:
            raise RuntimeError("<script>")

    exercise = Exercise(judges.number(1), "Think.", "So.")
    assert exercise.check(Bad()).text.startswith("Not yet. ")
    assert repr(exercise.check(1)) == "Right. So."
    assert exercise.check(1)
    assert exercise.check(...).text == "Not answered yet."


class Stopped(BaseException):
    """An error that is no `Exception`."""


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), Stopped("here")], ids=repr)
def test_an_answer_that_ends_the_program_is_only_wrong(error: BaseException) -> None:
    def ending(*_: Any) -> float:
        raise error

    class Ending:
        __float__ = ending

    called = Exercise(judges.function(lambda x: x, [(1.0,)]), "Think.", "So.").check(ending)
    examined = Exercise(judges.number(1), "Think.", "So.").check(Ending())
    assert f"raises {type(error).__name__}" in called.text
    assert f"cannot be checked ({type(error).__name__}" in examined.text


def test_an_interrupt_is_the_students_own() -> None:
    def interrupted(_: float) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Exercise(judges.function(lambda x: x, [(1.0,)]), "Think.", "So.").check(interrupted)


def test_a_long_list_is_counted_and_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing each number with each took a minute for a million of them."""
    many = list(range(10**5))
    compared: list[Any] = []
    monkeypatch.setattr(judges, "agrees", lambda *numbers: bool(compared.append(numbers)))
    flat = judges.numbers([3, 1, 2], read=lambda answer: [time for region in answer for time in region])
    for judge, answer in ((judges.numbers([3, 1, 2]), many), (flat, [(time, time) for time in many[: 5 * 10**4]])):
        assert judge(answer) == "The numbers that you gave: 100000. Expected: 3 numbers."
    assert compared == []


def test_a_placeholder_is_searched_for_at_the_start() -> None:
    assert is_placeholder([0, ..., 2])
    assert not is_placeholder([0] * 10**7)


def test_a_judge_may_be_any_function() -> None:
    exercise = Exercise(lambda answer: "" if answer == 2 else "Think of a pair.", "Think.", "So.")
    assert exercise.check(2)
    assert exercise.check(1).text == "Not yet. Think of a pair."
    assert exercise.near_misses == ()
