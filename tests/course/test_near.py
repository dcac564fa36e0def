"""Near misses that any exercise can have."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spotnb.course import judges
from spotnb.course.near import KINDS, kinds_of


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (0.734, 73.4, "in percent"),
        (0.734, 73, "in percent"),
        (0.734, 0.266, "That is the rest"),
        (0.734, -0.734, "sign"),
        (0.734, 0.73, "rounded too far"),
        (0.734, 0.7, "rounded too far"),
        (0.734, 1, "too large"),
        (0.734, 0.734**2, "a root is missing"),
        (0.734, 0.734**0.5, "one root too many"),
        (12.6, 13, "rounded too far"),
        (12.6, 12, "cut off"),
        (17, 18, "off by one"),
        (17, 16, "off by one"),
        (17, 15, "too small"),
        (17, 1700, "too large"),
        (0, 1, "off by one"),
    ],
)
def test_a_number_that_is_near(right: float, wrong: float, said: str) -> None:
    judge = judges.number(right, tolerance=1e-4)
    assert said in judge(wrong)
    assert judge(right) == ""


def test_a_near_miss_of_the_exercise_comes_before_a_common_one() -> None:
    judge = judges.number(17, slips=[(18, "You counted the silence.")])
    assert judge(18) == "You counted the silence."
    assert "off by one" in judge(16)


def test_a_function_is_near_only_if_all_its_results_are() -> None:
    cases = [(2.0,), (3.0,), (-0.5,)]
    judge = judges.function(lambda value: value / 7, cases)
    assert "sign is reversed" in judge(lambda value: -value / 7)
    assert "rounded too far" not in judge(lambda value: round(value / 7, 2) if value < 3 else 5.0)
    assert "times as large" in judge(lambda value: value / 14)
    assert "expected" in judge(lambda value: abs(value) / 7)
    assert "2 of 3 results are right" in judge(lambda value: abs(value) / 7)


def test_each_kind_fits_something_and_changes_it() -> None:
    samples = [[np.array(value)] for value in (0.73456, 12.6, 17.0, [1.0, 2.0], [1.0, 2.0, 5.0])]
    kinds = [kind for sample in samples for kind, wrong in kinds_of(sample) if np.isfinite(wrong[0]).all()]
    assert all(kind in kinds for kind in KINDS)


def test_a_list_rounded_to_nothing_is_not_near() -> None:
    assert "rounded" not in judges.number(0.004)(0.0)
    assert math.isclose(judges.number(0.004).answer, 0.004)
