"""Ctrl-C, or the notebook's stop button: whatever it hits, the run goes on from its last finished step."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

import spotnb
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
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
@settings(max_examples=80)
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
    """Run on, and compare all there is with a run that nothing disturbed."""
    assert torch.equal(sampler.run(progress=False).latent, whole.latent)
    assert torch.equal(sampler.x0, whole.x0)
    assert [record.step for record in sampler.trace] == list(range(len(whole.solver)))
    for ours, theirs in zip(sampler.trace, whole.trace, strict=True):
        for name in ("x", "x0", "noise"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name))


def interrupted_at(line: int, act: Callable[[], Any]) -> bool:
    """Run `act`, with a KeyboardInterrupt before the n-th line of spotnb that it comes to. Whether it came so far."""
    left = line

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(SOURCE):
            return None
        if event == "line":
            left -= 1
            if left == 0:
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


CONFIG = SpotDiffusionConfig(16, shift_schedule="alternate")
RUN = Run(28, 4, {"steps": 3, "eta": 0.5, "tile_batch": 4, "config": CONFIG})


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
    """Every line of spotnb that the act comes to, one after the other."""
    whole, line = RUN.sampler(neighbourly).run(progress=False), 1
    hit = True
    while hit:
        sampler = RUN.sampler(neighbourly).run(until=2, progress=False)
        hit = interrupted_at(line, lambda: act(sampler))  # noqa: B023
        assert_complete(sampler, whole)
        line += 1
    assert line > 10


@given(st.integers(1, 120))
@example(1)
@settings(max_examples=30)
def test_an_interrupted_change_of_seed_leaves_one_of_the_two(line: int) -> None:
    sampler = RUN.sampler(neighbourly).run(until=2, progress=False)
    interrupted_at(line, lambda: sampler.reset(seed=8))
    assert sampler.manifest()["seed"] == sampler.seed
    assert sampler.trace.manifest["seed"] == sampler.seed
    assert_complete(sampler, RUN.sampler(neighbourly, seed=sampler.seed).run(progress=False))
