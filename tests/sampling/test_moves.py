"""A sampler that was forked or changed by hand goes back to every state that it had, whatever its trace keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.from_manifest import sampler_from
from spotnb.sampling.replay import replay, resume
from spotnb.sampling.sampler import SpotSampler
from spotnb.trace.trace import Trace
from tests.effort import effort
from tests.runs import EULER_ANCESTRAL
from tests.sampling.test_sampler import make

STEPS = 6
KEPT = [
    {"record": record, "record_dtype": dtype}
    for record, dtype in (("all", "fp32"), ("all", "fp16"), ("last", "fp32"), ("x0", "fp32"), (2, "fp32"))
]
SOLVERS = ("ddim", "dpm++", EULER_ANCESTRAL)
CHANGES = ({"guidance_scale": 6.0}, {"seed": 9}, {"prompt": "a drum"}, {"negative_prompt": "rain"})


@dataclass
class Course:
    """A sampler, and the states that it had before each step."""

    sampler: SpotSampler
    had: dict[int, Tensor] = field(default_factory=dict)

    def see(self) -> Tensor:
        latent = self.sampler.latent.clone()
        self.had = {k: x for k, x in self.had.items() if k < self.sampler.steps_done}
        self.had[self.sampler.steps_done] = latent
        return latent

    def step(self, _: int) -> None:
        if not self.sampler.done:
            self.sampler.step()

    def fork(self, which: int) -> None:
        self.sampler = self.sampler.fork(**CHANGES[which % len(CHANGES)])

    def copy(self, _: int) -> None:
        self.sampler = self.sampler.fork()

    def lighten(self, _: int) -> None:
        self.sampler = self.sampler.lightened()

    def assign(self, which: int) -> None:
        self.sampler.latent = self.sampler.latent * (0.5 + which % 3)

    def replaced(self, which: int) -> None:
        if not self.sampler.done:
            step = self.sampler.begin()
            tile = which % len(step.layout.tiles)
            step.replace(tile, 0 * step.prediction(tile).eps)
            step.finish()

    def goto(self, which: int) -> None:
        had = sorted(k for k in self.had if k > self.sampler.first)
        if had:
            target = had[which % len(had)]
            assert torch.equal(self.sampler.goto(target).latent, self.had[target])


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["step", "step", "step", "goto", "goto", "fork", "copy", "lighten", "assign", "replaced"]),
        st.integers(0, STEPS),
    ),
    min_size=4,
    max_size=14,
)


@given(MOVES, st.sampled_from(range(len(SOLVERS))))
@effort(0.4)
def test_every_state_comes_back_whatever_the_trace_keeps(moves: list[tuple[str, int]], solver: int) -> None:
    """And from there on, all samplers go the same way."""
    courses = [Course(make(steps=STEPS, eta=0.5 * (solver == 0), solver=SOLVERS[solver], **kept)) for kept in KEPT]
    for name, number in moves:
        for course in courses:
            getattr(course, name)(number)
        first, *others = [course.see() for course in courses]
        assert all(torch.equal(first, other) for other in others), name
    ends = [course.sampler.run(progress=False).latent for course in courses]
    assert all(torch.equal(ends[0], end) for end in ends)
    marks = [course.sampler.manifest().get("forked") for course in courses]
    assert marks == [marks[0]] * len(marks)


@pytest.mark.parametrize("kept", KEPT, ids=str)
def test_a_fork_goes_back_behind_its_beginning(kept: dict[str, Any]) -> None:
    whole = make(steps=STEPS, **kept).run(progress=False)
    fork = make(steps=STEPS, **kept).run(until=4, progress=False).fork(guidance_scale=6.0).run(progress=False)
    fork.goto(2)
    assert torch.equal(fork.latent, whole.fork(at=2).latent)
    assert (fork.guidance_scale, fork.manifest()["forked"]) == (6.0, {"step": 2, "changes": ["guidance_scale"]})
    assert fork.trace.manifest["forked"] == fork.manifest()["forked"]
    assert torch.equal(fork.run(progress=False).latent, whole.fork(at=2, guidance_scale=6.0).run(progress=False).latent)
    assert "forked" not in fork.reset().manifest() | fork.trace.manifest


def test_a_light_copy_of_a_fork_stays_one() -> None:
    fork = make(steps=STEPS).run(until=3, progress=False).fork(guidance_scale=6.0).run(progress=False)
    light = fork.lightened()
    assert (len(light.trace), len(fork.trace)) == (1, STEPS)
    assert light.manifest() == fork.manifest()
    assert light.trace.manifest == fork.trace.manifest
    assert light.cost().seconds == pytest.approx(fork.cost().seconds)
    for step in (5, 2):
        assert torch.equal(light.goto(step).latent, fork.fork(at=step).latent)


def test_a_change_by_hand_is_told_and_undone_by_going_back() -> None:
    sampler = make(steps=STEPS).run(until=2, progress=False)
    sampler.latent = sampler.latent * 0.5
    changed = sampler.goto(STEPS).latent  # forward: nothing is taken back
    assert sampler.manifest()["forked"] == {"step": 2, "changes": ["latent"]}
    assert not torch.equal(changed, make(steps=STEPS).run(progress=False).latent)
    with pytest.raises(SpotnbError, match=r"changed at step 2 \(latent\), so its settings alone do not repeat it"):
        replay(sampler.trace, sampler.model)
    with pytest.raises(InputError, match=r"changed at step 2 \(latent\)"):
        sampler_from(sampler.manifest(), sampler.model)
    assert "forked" not in sampler.goto(1).manifest()
    assert replay(sampler.run(progress=False).trace, sampler.model, progress=False).same


@pytest.mark.parametrize("bad", [torch.int64, torch.bool, torch.complex64])
def test_a_latent_of_another_kind_is_refused(bad: torch.dtype) -> None:
    sampler = make()
    with pytest.raises(InputError, match=r"latent is torch.* \[1, 2, \d+, \d+\]: expected a torch.float32 tensor"):
        sampler.latent = sampler.latent.to(bad)
    with pytest.raises(InputError, match="latent holds NaN or infinity"):
        sampler.latent = sampler.latent / 0
    sampler.latent = sampler.latent.double()
    assert sampler.latent.dtype == sampler.run(progress=False).latent.dtype == torch.float32


# Traces of forks, which do not tell what the run was before.


def saved_fork(tmp_path: Path, **settings: Any) -> tuple[SpotSampler, Path]:
    whole = make(steps=STEPS, **settings).run(until=3, progress=False)
    fork = whole.fork(guidance_scale=6.0).run(until=5, progress=False)
    return fork, fork.trace.save(tmp_path / "fork.npz")


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
def test_a_fork_is_resumed_and_stays_one(tmp_path: Path, solver: Any) -> None:
    fork, path = saved_fork(tmp_path, solver=solver)
    resumed = resume(path, fork.model)
    assert resumed.manifest()["forked"] == resumed.trace.manifest["forked"] == fork.manifest()["forked"]
    assert torch.equal(resumed.goto(4).latent, fork.fork(at=4).latent)
    assert torch.equal(resumed.run(progress=False).latent, fork.run(progress=False).latent)
    assert torch.equal(resumed.goto(2).latent, fork.goto(2).latent)
    assert resumed.manifest()["forked"]["step"] == 2
    assert torch.equal(resumed.run(progress=False).latent, fork.run(progress=False).latent)
    with pytest.raises(SpotnbError, match="changed at step 2"):
        replay(resumed.trace, fork.model, progress=False)


@pytest.mark.parametrize(
    "kept", [{"record_dtype": "fp16"}, {"record": "x0"}, {"record": "last", "record_dtype": "fp16"}], ids=str
)
def test_an_inexact_trace_of_a_fork_is_not_resumed(tmp_path: Path, kept: dict[str, Any]) -> None:
    fork, path = saved_fork(tmp_path, **kept)
    with pytest.raises(InputError, match=r"changed at step 3 \(guidance_scale\).*expected exact records"):
        resume(path, fork.model)


def test_what_a_fork_from_a_file_was_before_is_not_made_up(tmp_path: Path) -> None:
    fork, path = saved_fork(tmp_path, record=3)  # the records of steps 0, 3 and 4
    resumed = resume(path, fork.model)
    assert torch.equal(resumed.goto(4).latent, fork.goto(4).latent)
    at = resumed.steps_done
    with pytest.raises(InputError, match=r"step 3 cannot be repeated: the run was changed at step 3"):
        resumed.goto(3)
    assert (resumed.steps_done, len(resumed.trace)) == (at, 2)  # nothing is lost
    assert resumed.goto(1).steps_done == 1
    assert resumed.run(progress=False).done


@pytest.mark.parametrize("change", [{"seed": 9}, {"prompt": "a drum"}], ids=str)
def test_a_multistep_solver_remembers_the_start_of_a_fork_from_a_file(tmp_path: Path, change: Any) -> None:
    """The start is not in the trace. It follows from the first record, but for rounding."""
    fork = make(steps=STEPS, solver="dpm++").fork(**change).run(until=1, progress=False)
    resumed = resume(fork.trace.save(tmp_path / "fork.npz"), fork.model)
    torch.testing.assert_close(
        resumed.run(progress=False).latent, fork.run(progress=False).latent, atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize(
    "other",
    [{"seed": 7}, {"guidance_scale": 5.0}, {"method": "tiles"}, {"prompt": "rain"}, {"eta": 0.3}, {"finish_steps": 2}],
    ids=str,
)
def test_the_trace_of_another_run_is_refused(other: dict[str, Any]) -> None:
    trace = make(steps=STEPS, **other).run(until=3, progress=False).trace
    with pytest.raises(InputError, match=rf"that of another run \({next(iter(other))} differ\)"):
        make(steps=STEPS).resume(trace)
    mine = make(steps=STEPS, record="x0", tile_batch=1).resume(make(steps=STEPS).run(until=3, progress=False).trace)
    assert mine.steps_done == 3


def test_a_fork_refuses_the_trace_of_the_run_before_it() -> None:
    run = make(steps=STEPS).run(until=2, progress=False)
    with pytest.raises(InputError, match="guidance_scale differ"):
        run.fork(guidance_scale=6.0).resume(run.trace)
    fork = run.fork(guidance_scale=6.0)
    assert fork.resume(fork.fork().run(until=4, progress=False).trace).steps_done == 4
    assert isinstance(fork.trace, Trace)
