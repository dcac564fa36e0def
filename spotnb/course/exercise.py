"""What an exercise is, and what is said of an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spotnb.support.checks import show

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Feedback:
    """What is said of an answer. True if it is right; shown as its text."""

    right: bool
    text: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.text

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text)


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        judge: what is off with an answer, in a sentence, or "" if it is right; see `spotnb.course.judges`.
        hint: what helps whoever has it wrong, without giving it away.
        why: what a right answer means.
    """

    judge: Callable[[Any], str]
    hint: str
    why: str

    def check(self, answer: Any) -> Feedback:
        if answer is None or answer is ...:
            return Feedback(False, f"No answer yet: put yours in the place of the dots.\nHint: {self.hint}")
        try:
            off = self.judge(answer)
        except Exception as error:  # an answer may be anything, and do anything when it is looked at
            log.debug("the judge failed", exc_info=True)
            off = f"{show(answer)} cannot be looked at ({type(error).__name__}: {error})."
        if off:
            return Feedback(False, f"Not yet. {off}\nHint: {self.hint}")
        return Feedback(True, f"Right. {self.why}")
