"""The judges that exercises use."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from spotnb.course import judges
from spotnb.course.exercise import Exercise


def test_numbers_of_any_kind() -> None:
    judge = judges.number(1.5, 0.01, " s", slips=[(3, "Twice as much.")])
    for right in (1.5, 1.51, np.float32(1.5), torch.tensor(1.5), Fraction(3, 2)):
        assert judge(right) == ""
    assert judge(3) == "Twice as much."
    assert judge(2) == "2 s is too large."
    assert judge(-1) == "-1 s is too small."
    for wrong in (True, "1.5", [1.5], None, object()):
        assert "expected a number" in judge(wrong)
    assert "finite" in judge(math.nan)


def test_lists_of_numbers() -> None:
    ordered = judges.numbers([3, 1, 2], slips=[([1, 2, 3], "Sorted.")])
    for right in ([3, 1, 2], (3, 1, 2), np.array([3, 1, 2]), torch.tensor([3.0, 1, 2])):
        assert ordered(right) == ""
    assert ordered([1, 2, 3]) == "Sorted."
    assert ordered([1, 2]) == "You gave 2 numbers, but 3 were expected."
    assert "not right yet" in ordered([3, 1, 1])
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
    assert judge(lambda values, shift: values).endswith("expected [3.0, 1.0, 2.0].")
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
    assert "Hint: Think." in exercise.check(Bad()).text
    assert repr(exercise.check(1)) == "Right. So."
    assert exercise.check(1)
    assert "No answer yet" in exercise.check(...).text
