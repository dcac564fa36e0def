"""After Ctrl-C or the notebook's stop button, at any line, a run continues from its last finished step."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor

import spotnb
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from tests.effort import effort
from tests.networks import neighbourly
from tests.runs import Run, runs

SOURCE = str(Path(spotnb.__file__).parent)


class Interrupted:
    """A network during whose n-th call the user presses Ctrl-C."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return neighbourly(x, t, cond)


@given(runs(), st.integers(1, 40))
@effort(0.8)
def test_an_interrupt_inside_the_network(run: Run, at: int) -> None:
    whole = run.sampler(neighbourly).run(progress=False)
    sampler = run.sampler(Interrupted(at))
    try:
        sampler.run(progress=False)
    except KeyboardInterrupt:
        assert not sampler.done
        assert len(sampler.trace) == sampler.steps_done
        if sampler.steps_done:
            assert np.array_equal(sampler.latent.numpy(), whole.trace[sampler.steps_done - 1].x)
    else:
        assert len(sampler.model.calls) < at
    assert_complete(sampler, whole)


def assert_complete(sampler: SpotSampler, whole: SpotSampler) -> None:
    """Continue, and compare everything with a run that was not interrupted."""
    assert torch.equal(sampler.run(progress=False).latent, whole.latent)
    assert torch.equal(sampler.x0, whole.x0)
    assert [record.step for record in sampler.trace] == list(range(len(whole.solver)))
    for ours, theirs in zip(sampler.trace, whole.trace, strict=True):
        for name in ("x", "x0", "noise"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name))


def interrupted(act: Callable[[], Any], here: Callable[[FrameType], bool]) -> bool:
    """Run `act` with a KeyboardInterrupt before the first line of spotnb where `here` is true.

    Return whether there was such a line.
    """

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(SOURCE):
            return None
        if event == "line" and here(frame):
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def interrupted_at(line: int, act: Callable[[], Any]) -> bool:
    """Run `act` with a KeyboardInterrupt before the n-th line that it reaches. Return whether it got that far."""
    numbers = count(1)
    return interrupted(act, lambda frame: next(numbers) == line)


def place(frame: FrameType) -> tuple[str, int]:
    return frame.f_code.co_filename, frame.f_lineno


def lines_of(act: Callable[[], Any]) -> list[tuple[str, int]]:
    """Return the distinct lines of spotnb that `act` reaches, in the order of the first visits."""
    visited: dict[tuple[str, int], None] = {}
    interrupted(act, lambda frame: visited.setdefault(place(frame)) is not None)
    return list(visited)


CONFIG = SpotDiffusionConfig(16, shift_schedule="alternate")
RUN = Run(28, 4, {"steps": 3, "eta": 0.5, "tile_batch": 4, "config": CONFIG})


def started() -> SpotSampler:
    return RUN.sampler(neighbourly).run(until=2, progress=False)


@pytest.mark.parametrize(
    "act",
    [
        lambda sampler: sampler.run(progress=False),
        lambda sampler: sampler.goto(3),
        lambda sampler: sampler.goto(1),
        lambda sampler: sampler.goto(0),
        lambda sampler: sampler.reset(),
    ],
    ids=["run", "goto 3", "goto 1", "goto 0", "reset"],
)
def test_an_interrupt_at_any_line(act: Callable[[SpotSampler], Any]) -> None:
    """Interrupt at every distinct line of spotnb, on the first visit."""
    whole = RUN.sampler(neighbourly).run(progress=False)
    sampler = started()
    lines = lines_of(lambda: act(sampler))
    assert len(lines) > 10
    for line in lines:
        sampler = started()
        assert interrupted(lambda: act(sampler), lambda frame: place(frame) == line), line  # noqa: B023
        assert_complete(sampler, whole)


@given(st.integers(1, 120))
@example(1)
@effort(0.3)
def test_an_interrupted_change_of_seed_leaves_one_of_the_two(line: int) -> None:
    sampler = RUN.sampler(neighbourly).run(until=2, progress=False)
    interrupted_at(line, lambda: sampler.reset(seed=8))
    assert sampler.manifest()["seed"] == sampler.seed
    assert sampler.trace.manifest["seed"] == sampler.seed
    assert_complete(sampler, RUN.sampler(neighbourly, seed=sampler.seed).run(progress=False))
