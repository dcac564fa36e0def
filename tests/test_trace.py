"""The record of a run: what is kept under each mode, and that nobody can change it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotnb.config import SpotDiffusionConfig
from spotnb.errors import InputError
from spotnb.layout import plan
from spotnb.trace import StepRecord, Trace
from tests.networks import neighbourly
from tests.runs import Run

LAYOUT = plan(40, SpotDiffusionConfig(16), 0)


def record(step: int) -> StepRecord:
    return StepRecord(step, 999 - step, 0, LAYOUT, None, None, None, 0.1)


def steps_kept(mode: str | int, steps: int) -> list[int]:
    trace = Trace(mode)
    for step in range(steps):
        trace.append(record(step))
    return [kept.step for kept in trace]


@given(st.sampled_from(["all", "x0", "last"]) | st.integers(1, 12), st.integers(1, 30))
def test_what_each_mode_keeps(mode: str | int, steps: int) -> None:
    expected = set(range(steps))
    if mode == "last":
        expected = {steps - 1}
    elif isinstance(mode, int):
        expected = {*range(0, steps, mode), steps - 1}
    assert steps_kept(mode, steps) == sorted(expected)


def test_it_is_a_sequence() -> None:
    trace = Trace()
    for step in range(4):
        trace.append(record(step))
    assert len(trace) == 4
    assert [r.step for r in trace] == [trace[k].step for k in range(4)] == [0, 1, 2, 3]
    assert (trace[-1].step, [r.step for r in trace[1:3]]) == (3, [1, 2])
    assert trace.at(2) is trace[2]
    assert trace.at(9) is None
    with pytest.raises(IndexError):
        trace[4]
    trace.truncate(2)
    assert [r.step for r in trace] == [0, 1]


def test_a_step_run_again_replaces_its_record_and_later_ones() -> None:
    trace = Trace()
    for step in (0, 1, 2, 3, 1):
        trace.append(record(step))
    assert [r.step for r in trace] == [0, 1]


@pytest.mark.parametrize("mode", ["all", "x0", "last", 2])
def test_what_a_run_records(mode: str | int) -> None:
    sampler = Run(40, 4, {"steps": 4, "record": mode}).sampler(neighbourly).run(progress=False)
    for kept in sampler.trace:
        arrays: dict[str, Any] = {"x": kept.x, "x0": kept.x0, "noise": kept.noise}
        for name, array in arrays.items():
            if mode == "x0" and name != "x0":
                assert array is None
                continue
            assert array.shape == sampler.shape
            assert array.dtype == np.float32
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0
        assert kept.timestep == sampler.solver.timesteps[kept.step]
        assert kept.shift == kept.layout.shift
        assert kept.seconds > 0
    assert np.array_equal(sampler.trace[-1].x0, sampler.x0.numpy())
    assert sampler.trace.manifest["record"] == mode


def test_records_are_copies() -> None:
    sampler = Run(40, 4).sampler(neighbourly)
    first = sampler.step()
    before = first.x.copy()
    sampler.latent.mul_(0)  # a caller who plays with the latent
    sampler.run(progress=False)
    assert np.array_equal(first.x, before)


@pytest.mark.parametrize("bad", ["some", 0, -1, 1.5, True, None, ["all"]])
def test_bad_modes_are_named(bad: Any) -> None:
    with pytest.raises(InputError, match=r"record is .*expected one of all, x0, last, or k"):
        Trace(bad)
