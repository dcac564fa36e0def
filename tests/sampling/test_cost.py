"""What a run takes, told beforehand, against what it did take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spotnb.errors import SpotnbError
from spotnb.sampling.cost import run_cost
from spotnb.sampling.sampler import SpotSampler
from spotnb.trace.trace import Trace
from tests.networks import FunctionModel, neighbourly, pointwise
from tests.runs import Known, Run, rich_runs


def held(trace: Trace) -> int:
    """Bytes of all arrays of all records."""
    arrays = [getattr(record, name) for record in trace for name in ("x", "x0", "noise")]
    return sum(array.nbytes for array in arrays if array is not None)


@given(rich_runs(), st.sampled_from(["all", "x0", "last", 1, 2, 3]), st.sampled_from(["fp32", "fp16"]))
@example(Run(40, 4, {"steps": 7}), 3, "fp32")  # the last step is one that is kept
@example(Run(40, 4, {"steps": 8}), 3, "fp16")
@settings(max_examples=60)
def test_the_traces_bytes_are_those_that_it_holds(run: Run, record: Any, dtype: str) -> None:
    sampler = run.sampler(pointwise, record=record, record_dtype=dtype)
    told, most = sampler.cost(), 0
    while not sampler.done:
        sampler.step()
        most = max(most, held(sampler.trace))
    assert told.trace_bytes == held(sampler.trace) == most
    assert sampler.cost().trace_bytes == told.trace_bytes
    assert told.peak_bytes > told.trace_bytes + 4 * np.prod(sampler.shape)


def test_half_precision_is_half_the_memory() -> None:
    whole, half = (Run(40, 4, {"record_dtype": dtype}).sampler(pointwise).cost() for dtype in ("fp32", "fp16"))
    assert whole.trace_bytes == 2 * half.trace_bytes
    assert whole.peak_bytes - half.peak_bytes == half.trace_bytes


def test_only_the_steps_that_are_run_count() -> None:
    run = Run(40, 4, {"steps": 10, "config": Run().sampler(pointwise).config})
    whole, part = run.sampler(pointwise), run.sampler(pointwise, init_audio=Known(40), strength=0.4)
    assert part.cost().trace_bytes == 0.4 * whole.cost().trace_bytes
    assert part.cost().forwards == sum(len(part.layout(k).tiles) for k in range(6, 10))


def test_a_step_without_guidance_is_half_the_work() -> None:
    sampler = Run(40, 4, {"steps": 10, "guidance_interval": (0, 500)}).sampler(pointwise).run(until=2, progress=False)
    inside = sum(map(sampler.definition.denoiser.guidance.active, sampler.solver.timesteps))
    frames = [sampler.layout(k).network_frames for k in range(10)]
    work = sum(frames[:2])
    whole = sum(frames) + sum(frames[-inside:])
    assert 0 < inside < 8
    spent = dict.fromkeys((0, 1), 1.0)  # two of those without
    assert run_cost(sampler.definition, sampler.trace, spent).seconds == pytest.approx(2.0 * whole / work)


def test_more_than_the_memory_is_refused_before_it_is_taken() -> None:
    with pytest.raises(SpotnbError, match="1e\\+08 s in 50 steps") as caught:
        SpotSampler(FunctionModel(neighbourly), "a sea", 1e8)
    assert "\n" not in str(caught.value)
