"""The classes of an exercise and of the feedback on an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spotnb.support.checks import show

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Feedback:
    """Feedback on an answer. It is true if the answer is right, and it is displayed as its text."""

    right: bool
    text: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.text

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002  IPython passes it
        printer.text(self.text)


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        judge: Returns what is wrong with an answer, as a sentence, or "" if it is right; see `spotnb.course.judges`.
        hint: Help for a student whose answer is wrong, without giving the answer away.
        why: Explanation of the right answer.
    """

    judge: Callable[[Any], str]
    hint: str
    why: str

    def check(self, answer: Any) -> Feedback:
        """Return feedback on an answer. A faulty answer never raises an error."""
        if answer is None or answer is ...:
            return Feedback(False, f"No answer yet: replace the dots with yours.\nHint: {self.hint}")
        try:
            off = self.judge(answer)
        except Exception as error:  # an answer may be any object and raise any error when it is examined
            log.debug("the judge failed", exc_info=True)
            off = f"{show(answer)} cannot be checked ({type(error).__name__}: {error})."
        if off:
            return Feedback(False, f"Not yet. {off}\nHint: {self.hint}")
        return Feedback(True, f"Right. {self.why}")
