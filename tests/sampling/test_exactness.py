"""However a run is driven, left, taken up, sent back, saved or repeated: the same latent, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spotnb.sampling.replay import replay, resume
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace
from tests.networks import FunctionModel, neighbourly
from tests.runs import EULER_ANCESTRAL, SOLVERS, Known, Run, rich_runs

RECORDS = st.sampled_from(["all", "x0", "last", 1, 2, 3])
DTYPES = st.sampled_from(["fp32", "fp32", "fp16"])
SOLVER_IDS = ("ddim", "dpm++", "euler a")


def assert_same(sampler: SpotSampler, whole: SpotSampler) -> None:
    """The end of a run, and what it recorded of it."""
    sampler.run(progress=False)
    assert torch.equal(sampler.latent, whole.latent)
    assert torch.equal(sampler.x0, whole.x0)
    for record in sampler.trace:
        assert_same_record(record, whole.trace.at(record.step))


def assert_same_record(one: StepRecord, other: StepRecord | None) -> None:
    """In the lower of their precisions, as far as both hold arrays."""
    assert other is not None
    assert (one.timestep, one.shift, one.layout) == (other.timestep, other.shift, other.layout)
    for name in ("x", "x0", "noise"):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours is not None and theirs is not None:
            assert np.array_equal(ours, theirs.astype(ours.dtype))


def model_of(run: Run) -> FunctionModel:
    return FunctionModel(neighbourly, run.time_multiple)


def rich(solver: Any = "ddim", **changes: Any) -> Run:
    """All at once: a timeline, two candidates, kept sound."""
    settings = {"steps": 5, "seed": 3, "config": SpotDiffusionConfig(16, max_shift_ratio=1), "n_candidates": 2}
    settings |= {"solver": solver, "init_audio": Known(40), "strength": 0.8, "keep": [(0.4, 0.8)]}
    timeline = lambda seconds: PromptTimeline([(0, 0.7, "a sea"), (0.7, seconds, "a drum")], 0.4)  # noqa: E731
    return Run(40, 4, settings | changes, timeline)


@given(rich_runs())
@example(rich())
@settings(max_examples=50)
def test_whole_step_by_step_and_phase_by_phase(run: Run) -> None:
    whole, stepped, phased = (run.sampler(neighbourly) for _ in range(3))
    whole.run(progress=False)
    for expected in whole.trace:
        assert_same_record(stepped.step(), expected)
        step = phased.begin()
        for tile in reversed(range(len(step.layout.tiles))):
            step.predict(tile)
        assert np.array_equal(step.noise.numpy(), expected.noise)
        assert np.array_equal(step.x0.numpy(), expected.x0)
        assert_same_record(step.finish(), expected)
    assert torch.equal(stepped.latent, whole.latent)
    assert torch.equal(phased.latent, whole.latent)


@given(rich_runs(), RECORDS, DTYPES, st.data())
@example(rich("dpm++"), "all", "fp32", None)
@settings(max_examples=60)
def test_goto_and_fork(run: Run, record: Any, dtype: str, data: st.DataObject | None) -> None:
    """From any step to any step, under any trace; a fork with no change, from here and from any step."""
    whole = run.sampler(neighbourly).run(progress=False)
    first, last = whole.first, len(whole.solver)
    there = st.integers(first, last)
    draw = data.draw if data else lambda strategy, label: last - 1
    sampler = run.sampler(neighbourly, record=record, record_dtype=dtype)
    for _ in range(2):
        sampler.run(until=draw(there, "run"), progress=False)
        target = draw(there, "goto")
        assert sampler.goto(target) is sampler
        assert sampler.steps_done == target
        expected = whole.trace.at(target - 1)
        if expected is None:
            assert torch.equal(sampler.latent, run.sampler(neighbourly).latent)
            assert sampler.x0 is None
        else:
            assert np.array_equal(sampler.latent.numpy(), expected.x)
            assert np.array_equal(sampler.x0.numpy(), expected.x0)
    at = draw(there, "fork")
    forks = sampler.fork(), sampler.fork(at=at)
    assert [fork.steps_done for fork in forks] == [target, at]
    for each in (*forks, sampler):  # a fork leaves its origin alone
        assert_same(each, whole)


@given(rich_runs(), RECORDS, DTYPES, st.data())
@example(rich(EULER_ANCESTRAL), "all", "fp32", None)
@settings(max_examples=60)
def test_saved_loaded_resumed_and_replayed(
    tmp_path_factory: pytest.TempPathFactory, run: Run, record: Any, dtype: str, data: st.DataObject | None
) -> None:
    whole = run.sampler(neighbourly).run(progress=False)
    first, last = whole.first, len(whole.solver)
    there = st.integers(first, last)
    draw = data.draw if data else lambda strategy, label: last - 1
    sampler = run.sampler(neighbourly, record=record, record_dtype=dtype).run(until=draw(there, "run"), progress=False)
    path = sampler.trace.save(tmp_path_factory.mktemp("run") / "run.npz")
    loaded = Trace.load(path)
    assert (loaded.mode, loaded.dtype, loaded.steps) == (record, dtype, sampler.trace.steps)
    for ours, theirs in zip(loaded, sampler.trace, strict=True):
        assert_same_record(ours, theirs)
        assert_same_record(ours, whole.trace.at(ours.step))

    taken_up = resume(loaded, model_of(run))
    assert taken_up.steps_done == sampler.steps_done
    assert torch.equal(taken_up.latent, sampler.latent)
    assert taken_up.trace.manifest == sampler.trace.manifest
    assert_same(taken_up.fork(), whole)
    target = draw(there, "goto")
    assert taken_up.goto(target).steps_done == target
    assert_same(taken_up, whole)

    if len(loaded):
        repeated = replay(loaded, model_of(run), progress=False)
        assert repeated.same
        assert_same(repeated.sampler, whole)


@pytest.mark.parametrize("record", ["all", "x0", "last", 2])
@pytest.mark.parametrize("solver", SOLVERS, ids=SOLVER_IDS)
def test_every_solver_from_every_step_to_every_step(solver: Any, record: Any) -> None:
    run = Run(28, 4, {"steps": 4, "solver": solver})
    whole = run.sampler(neighbourly).run(progress=False)
    for here in (0, 2, 4):
        sampler = run.sampler(neighbourly, record=record).run(until=here, progress=False)
        for there in (0, 1, 3, 4):
            assert_same(sampler.fork(at=there), whole)
    assert_same(sampler.goto(1), whole)


@pytest.mark.parametrize("solver", SOLVERS, ids=SOLVER_IDS)
def test_an_exact_trace_needs_no_network(solver: Any, tmp_path: Path) -> None:
    """Of a solver that remembers too: it is taken through the records."""
    run = Run(40, 4, {"steps": 5, "solver": solver})
    whole = run.sampler(neighbourly).run(progress=False)
    sampler = resume(Trace.load(whole.trace.save(tmp_path / "a.npz")), model_of(run))
    sampler.goto(3)
    assert sampler.model.calls == []
    assert_same(sampler, whole)
    assert sampler.model.calls


@pytest.mark.parametrize("solver", SOLVERS, ids=SOLVER_IDS)
def test_half_precision_records_are_not_gone_on_from(solver: Any) -> None:
    run = Run(40, 4, {"steps": 5, "solver": solver, "record_dtype": "fp16"})
    sampler = run.sampler(neighbourly).run(progress=False)
    sampler.model.calls.clear()
    sampler.goto(3)
    assert sampler.model.calls
    assert_same(sampler, run.sampler(neighbourly, record_dtype="fp32").run(progress=False))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"record": "x0"}, {"record": "all"}),
        ({"record_dtype": "fp16"}, {"record_dtype": "fp32"}),
        ({"record": "all"}, {"record": "x0"}),
        ({"record_dtype": "fp32"}, {"record_dtype": "fp16"}),
        ({"record": "last"}, {"record": "all"}),
    ],
)
@pytest.mark.parametrize("solver", SOLVERS, ids=SOLVER_IDS)
def test_a_fork_that_records_otherwise(solver: Any, before: Any, after: Any, tmp_path: Path) -> None:
    """What it takes over of the trace is as its own trace holds it, or not there."""
    run = Run(40, 4, {"steps": 5, "solver": solver})
    whole = run.sampler(neighbourly).run(progress=False)
    fork = run.sampler(neighbourly, **before).run(until=3, progress=False).fork(**after)
    for k in (2, 4, 1, 3):
        assert np.array_equal(fork.goto(k).latent.numpy(), whole.trace[k - 1].x)
    assert_same(fork, whole)
    loaded = Trace.load(fork.trace.save(tmp_path / "a.npz"))
    assert [record.step for record in loaded] == [record.step for record in fork.trace]


@pytest.mark.parametrize("solver", SOLVERS, ids=SOLVER_IDS)
def test_a_fork_of_another_seed_goes_back_to_what_it_forked_from(solver: Any) -> None:
    """Its first records are of the old seed, and so is what a multistep solver remembers of them."""
    sampler = Run(40, 4, {"steps": 5, "solver": solver, "eta": 0.5 * (solver == "ddim")}).sampler(neighbourly)
    fork = sampler.run(until=1, progress=False).fork(seed=99)
    end = fork.run(progress=False).latent
    assert torch.equal(fork.goto(1).run(progress=False).latent, end)


@given(rich_runs())
@example(replace(rich(), settings=rich().settings | {"n_candidates": 3}))
@settings(max_examples=40)
def test_a_candidate_is_the_run_of_its_own_seed(run: Run) -> None:
    """To rounding, since it goes through the network in another batch; its draws are the same bits."""
    together = run.sampler(neighbourly).run(progress=False)
    for i in range(together.candidates):
        seed = together.seed + i
        assert together.draws.seeds[i] == seed
        start = run.sampler(neighbourly).latent[i : i + 1]
        alone = run.sampler(neighbourly, n_candidates=1, seed=seed)
        assert torch.equal(alone.latent, start)
        alone.run(progress=False)
        worst = (together.latent[i : i + 1] - alone.latent).abs().max()
        assert worst <= 1e-4 * alone.latent.abs().max()
