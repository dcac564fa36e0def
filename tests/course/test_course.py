"""Wrong answers to every exercise. The solution notebooks check the right ones (see tests/notebooks)."""

from __future__ import annotations

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import torch

from spotnb.course import check, exercises
from spotnb.errors import InputError

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parents[1] / "notebooks"
WRONG: dict[str, list[tuple[Any, str]]] = {}
"""For each exercise, wrong answers and the part of the feedback that names the misconception, from `wrong_NN.py`."""
for _path in sorted(HERE.glob("wrong_*.py")):
    WRONG |= import_module(f"tests.course.{_path.stem}").WRONG


def raises(*_: Any) -> None:
    raise ValueError("no <b>idea</b>")


JUNK = [
    *(None, ..., math.nan, -math.inf, "words", b"\0", [], {}, set(), (), object(), object, True, 1e400, -1, 10**400),
    *([None], [math.nan], [["a"]], {"a": 1}, {1: 2}, np.array([]), np.array(math.nan), np.zeros((2, 3, 4))),
    *(torch.full((3,), math.nan), torch.zeros(1, 1, 8, 1), raises, lambda: 1, lambda *_: None, lambda *_: "words"),
]


@pytest.mark.parametrize("exercise", exercises())
def test_at_least_three_misconceptions_are_named(exercise: str) -> None:
    assert len(WRONG[exercise]) >= 3
    for answer, named in WRONG[exercise]:
        feedback = check(exercise, answer)
        assert not feedback, (exercise, answer)
        assert named in feedback.text, (exercise, answer, feedback.text)
        assert "\nHint: " in feedback.text
    assert len({named for _, named in WRONG[exercise]}) >= 3, "each for a different reason"


@pytest.mark.parametrize("exercise", exercises())
def test_junk_gets_a_hint(exercise: str) -> None:
    for answer in JUNK:
        feedback = check(exercise, answer)
        assert not feedback.right, answer
        assert "\nHint: " in feedback.text
        assert "Traceback" not in feedback.text
        assert len(feedback.text) < 1000


@pytest.mark.parametrize("exercise", exercises())
def test_hint_and_reason_are_sentences(exercise: str) -> None:
    for text in (exercises()[exercise].hint, exercises()[exercise].why):
        assert text[0].isupper()
        assert text.rstrip()[-1] in ".?"


def test_each_notebook_asks_for_its_exercises_and_each_solution_answers_them() -> None:
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        asked = [name for name in exercises() if name.startswith(path.name[:2])]
        assert 2 <= len(asked) <= 4, path
        for each in (path, NOTEBOOKS / "solutions" / path.name):
            code = "\n".join(cell.source for cell in nbformat.read(each, as_version=4).cells)
            assert [name for name in asked if f'check("{name}", ' in code] == asked, each


def test_an_exercise_that_there_is_not() -> None:
    with pytest.raises(InputError, match=r"exercise is '99-1': expected one of "):
        check("99-1", 3)
