"""Self-checking exercises of the course: `spotnb.course.check("02-1", answer)`.

Exercise "NN-K" is the K-th exercise of the notebook whose name begins with NN. `exercises_NN.py` defines its judge.
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
    """Check an answer to an exercise and return feedback.

    A faulty answer never raises an error.

    Args:
        exercise: Name of the exercise, such as "02-1".
        answer: A value or a function, as the exercise requires. `...` means that there is no answer yet.

    Returns:
        Feedback that is true if the answer is right. Its text says what is wrong and gives a hint.

    Raises:
        InputError: There is no such exercise.
    """
    known = exercises()
    if exercise not in known:
        raise InputError(f"exercise is {show(exercise)}: expected one of {', '.join(known)}; choose one of these")
    return known[exercise].check(answer)


@cache
def exercises() -> dict[str, Exercise]:
    """Return all exercises of the course by name, in order."""
    by_name: dict[str, Exercise] = {}
    for path in sorted(Path(__file__).parent.glob("exercises_*.py")):
        number = path.stem.removeprefix("exercises_")
        listed = import_module(f"spotnb.course.{path.stem}").EXERCISES
        by_name |= {f"{number}-{index}": exercise for index, exercise in enumerate(listed, 1)}
    return by_name
