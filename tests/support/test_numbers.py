"""Numbers in messages differ from the limits that they exceed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotnb import PromptTimeline, loop_score, save_audio
from spotnb.errors import SpotnbError
from spotnb.support import system
from spotnb.support.checks import apart, exact
from spotnb.tiling.clock import check_duration
from tests.networks import neighbourly
from tests.runs import Known, Run

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS)
def test_a_number_is_written_exactly(value: float) -> None:
    assert float(exact(value)) == value


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5"), (30.0, "30"), (1.0000001, "1.0000001"), (0.1 + 0.2, repr(0.1 + 0.2))]
)
def test_exact(value: float, text: str) -> None:
    assert exact(value) == text


@given(NUMBERS, NUMBERS)
def test_two_numbers_look_different(one: float, other: float) -> None:
    texts = apart(one, other)
    assert (texts[0] == texts[1]) == (one == other)


def test_short_numbers_stay_short() -> None:
    assert apart(12.345, 3.0) == ("12.3", "3")


CALLS: dict[str, Callable[[], Any]] = {
    "loop": lambda: loop_score(np.zeros(7999, np.float32)),
    "loop at a high rate": lambda: loop_score(np.zeros(95_999, np.float32), 192_000),
    "peak": lambda: save_audio("x.wav", np.full(9, np.nextafter(np.float32(1), np.float32(2)))),
    "duration": lambda: check_duration(0.0399999),
    "crossfade": lambda: PromptTimeline([(0, 1, "a"), (1, 2, "b")], 1.00001),
    "timeline": lambda: PromptTimeline([(0, 1, "a")]).check_duration(1.00001),
    "longer timeline": lambda: PromptTimeline([(0, 1.00001, "a")]).check_duration(1),
    "entry": lambda: PromptTimeline([(1, 1 - 1e-9, "a")]),
    "keep": lambda: Run(16, 4, {"init_audio": Known(16), "keep": [(0, 0.7)]}).sampler(neighbourly),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_message_does_not_contradict_itself(call: Callable[[], Any]) -> None:
    """No number before the colon, which came, is the limit after it."""
    with pytest.raises(SpotnbError) as caught:
        call()
    came, _, expected = str(caught.value).partition(": ")
    numbers = [float(each) for each in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])", came)]
    limits = [float(each) for each in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])", expected)]
    assert numbers
    assert len(set(numbers)) == len(numbers) or not limits or numbers[0] not in limits


def test_memory_that_is_almost_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "available_memory", lambda: 1_234_400_000)
    with pytest.raises(SpotnbError, match=r"needs about 1\.2345 GB of memory and 1\.2344 GB are free"):
        system.require_memory(1_234_500_000, "it")
