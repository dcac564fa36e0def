"""An exercise: its judge, its hint, and the explanation of the right answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spotnb.course.answers import Unanswered, is_placeholder
from spotnb.course.feedback import Feedback
from spotnb.course.near import NearMiss
from spotnb.support.checks import show

log = logging.getLogger(__name__)


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

    @property
    def near_misses(self) -> tuple[NearMiss, ...]:
        """The exercise's own table of near misses."""
        return tuple(getattr(self.judge, "near_misses", ()))

    def check(self, answer: Any) -> Feedback:
        """Return feedback without a hint. A faulty answer never raises an error, but an interrupt stops the check."""
        try:
            if is_placeholder(answer):
                return Feedback("unanswered")
            off = self.judge(answer)
        except Unanswered:
            return Feedback("unanswered")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an answer may be any object and raise any error when it is examined
            log.debug("the judge failed", exc_info=True)
            off = f"{show(answer)} cannot be checked ({type(error).__name__}: {show(str(error))})."
        return Feedback("wrong", off) if off else Feedback("right", self.why)
