"""Exercises of the course that check themselves: `spotnb.course.check("02-1", answer)`.

Exercise "NN-K" is the K-th of the notebook that begins with NN; its judge stands in `exercises_NN.py`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from spotnb.course.exercise import Exercise, Feedback
from spotnb.errors import InputError
from spotnb.support.checks import show

__all__ = ["Exercise", "Feedback", "check", "exercises"]


def check(exercise: str, answer: Any) -> Feedback:
    """Whether an answer is right; if not, what is off, and a hint. What is wrong with an answer is never an exception.

    `answer` may be a value or a function, as the exercise asks; `...` is no answer yet. The result is true if it is
    right, and reads as text. Raises `InputError` for an exercise that there is not.
    """
    known = exercises()
    if exercise not in known:
        raise InputError(f"exercise is {show(exercise)}: expected one of {', '.join(known)}")
    return known[exercise].check(answer)


@cache
def exercises() -> dict[str, Exercise]:
    """All exercises of the course, in order."""
    found: dict[str, Exercise] = {}
    for path in sorted(Path(__file__).parent.glob("exercises_*.py")):
        number = path.stem.removeprefix("exercises_")
        listed = import_module(f"spotnb.course.{path.stem}").EXERCISES
        found |= {f"{number}-{index}": exercise for index, exercise in enumerate(listed, 1)}
    return found
