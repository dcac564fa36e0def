"""Self-checking exercises of the course: `spotnb.course.check("02-1", answer)`.

Exercise "NN-K" is the K-th exercise of the notebook whose name begins with NN. `exercises_NN.py` defines its judge.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from spotnb.course.exercise import Exercise
from spotnb.course.feedback import Feedback
from spotnb.errors import InputError
from spotnb.support.checks import check_flag, show

__all__ = ["Exercise", "Feedback", "check", "exercises"]


HINT_AFTER = 2
"""The number of wrong answers to an exercise after which the hint is shown."""

_wrong: Counter[str] = Counter()
"""How many wrong answers each exercise has had in this session."""


def check(exercise: str, answer: Any, hint: bool = False) -> Feedback:
    """Check an answer to an exercise and return feedback.

    The hint comes with the second wrong answer of a session. A faulty answer never raises an error.

    Args:
        exercise: Name of the exercise, such as "02-1".
        answer: A value or a function, as the exercise requires. `...`, `None`, an empty list and a function that does
            nothing mean that there is no answer yet.
        hint: Show the hint now, unless the answer is right.

    Returns:
        Feedback that is true if the answer is right. Its text says what is wrong, and how near the answer is.

    Raises:
        InputError: There is no such exercise, or `hint` is not a bool.
    """
    hint = check_flag("hint", hint)
    known = exercises()
    if not isinstance(exercise, str) or exercise not in known:
        raise InputError(f"exercise is {show(exercise)}: expected one of {', '.join(known)}; choose one of these")
    feedback = known[exercise].check(answer)
    _wrong[exercise] += feedback.state == "wrong"
    if hint or _wrong[exercise] >= HINT_AFTER:
        return _with_hint(feedback, known[exercise], asked=hint)
    return feedback


def _with_hint(feedback: Feedback, exercise: Exercise, asked: bool) -> Feedback:
    """Add the hint to feedback on a wrong answer, or, if it is asked for, where there is no answer yet."""
    due = feedback.state == "wrong" or (asked and not feedback.right)
    return replace(feedback, hint=exercise.hint) if due else feedback


@cache
def exercises() -> dict[str, Exercise]:
    """Return all exercises of the course by name, in order."""
    by_name: dict[str, Exercise] = {}
    for path in sorted(Path(__file__).parent.glob("exercises_*.py")):
        number = path.stem.removeprefix("exercises_")
        listed = import_module(f"spotnb.course.{path.stem}").EXERCISES
        by_name |= {f"{number}-{index}": exercise for index, exercise in enumerate(listed, 1)}
    return by_name
