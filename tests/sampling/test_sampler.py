"""SpotSampler: driving it, its error messages, and its attributes."""

from __future__ import annotations

import json
import logging
import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.replay import resume
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan
from spotnb.trace.trace import Trace
from tests.effort import effort
from tests.networks import FunctionModel, neighbourly, pointwise
from tests.runs import BETAS, Run, runs

SMALL = SpotDiffusionConfig(16)


def make(prompt: Any = "a sea", **changes: Any) -> SpotSampler:
    return SpotSampler(FunctionModel(neighbourly), prompt, **({"duration": 1.5, "steps": 4, "config": SMALL} | changes))


# Driving.


def test_it_iterates_over_its_steps() -> None:
    sampler = make()
    records = list(sampler)
    assert [record.step for record in records] == [0, 1, 2, 3]
    assert [record.timestep for record in records] == sampler.solver.timesteps
    assert sampler.done
    assert list(sampler) == []
    assert [record.layout for record in records] == [plan(40, SMALL, k) for k in range(4)]


def test_no_step_follows_the_last() -> None:
    sampler = make().run(progress=False)
    with pytest.raises(SpotnbError, match="all 4 steps are done"):
        sampler.step()
    assert sampler.run(progress=False) is sampler


def test_run_until_and_reset() -> None:
    sampler = make().run(until=3, progress=False)
    start = make().latent
    assert (sampler.steps_done, sampler.done, len(sampler.trace)) == (3, False, 3)
    assert sampler.run(until=1, progress=False).steps_done == 3
    assert sampler.reset() is sampler
    assert (sampler.steps_done, len(sampler.trace), sampler.x0) == (0, 0, None)
    assert torch.equal(sampler.latent, start)
    assert torch.equal(sampler.reset(seed=9).latent, make(seed=9).latent)
    assert sampler.manifest()["seed"] == sampler.trace.manifest["seed"] == 9


@pytest.mark.parametrize("bad", [-1, 5, 1.5, "2"])
def test_bad_step_numbers_are_named(bad: Any) -> None:
    for act in (make().goto, make().run):
        with pytest.raises(InputError, match=re.escape(repr(bad)) + r".*from 0 to 4"):
            act(bad)


def test_seed_none_draws_one_and_keeps_it() -> None:
    one, other = make(seed=None), make(seed=None)
    assert one.seed != other.seed
    assert one.manifest()["seed"] == one.seed
    assert torch.equal(make(seed=one.seed).latent, one.latent)


def test_progress_is_shown_only_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    make().run(progress=False).decode()
    assert capsys.readouterr().err == ""
    make().run().decode(progress=True)
    shown = capsys.readouterr().err
    assert all(f"{name}: 100%" in shown for name in ("steps", "vocoder"))


def test_a_negative_prompt_guides_away() -> None:
    plain, away, same = (make(negative_prompt=n).run(progress=False).latent for n in ("", "a drum and a bass", ""))
    assert torch.equal(plain, same)
    assert (plain - away).abs().max() > 0.01


def test_guidance_of_one_is_half_the_work() -> None:
    unguided, guided = make(guidance_scale=1, tile_batch=1), make(guidance_scale=1.01, tile_batch=1)
    unguided.run(progress=False)
    guided.run(progress=False)
    assert {shape[0] for shape in unguided.model.calls} == {1}
    assert {shape[0] for shape in guided.model.calls} == {2}


@given(st.tuples(st.integers(0, 1000), st.integers(0, 1000)).map(sorted))
@effort(0.3)
def test_guidance_pulls_in_its_interval_and_nowhere_else(interval: list[int]) -> None:
    sampler = make(steps=10, guidance_interval=interval, tile_batch=1)
    low, high = interval
    inside = [low <= t <= high for t in sampler.solver.timesteps]
    assert [sampler.definition.denoiser.guidance.active(t) for t in sampler.solver.timesteps] == inside
    for expected in inside:
        sampler.model.calls.clear()
        sampler.step()
        assert {shape[0] for shape in sampler.model.calls} == {2 if expected else 1}
    if all(inside) or not any(inside):
        same = make(steps=10, guidance_scale=3.0 if all(inside) else 1, tile_batch=1)
        assert torch.equal(sampler.latent, same.run(progress=False).latent)


def test_the_interval_repeats_the_run_and_can_be_changed_in_a_fork() -> None:
    sampler = make(steps=10, guidance_interval=(100, 700)).run(progress=False)
    manifest = json.loads(json.dumps(sampler.manifest()))
    assert manifest["guidance_interval"] == [100, 700]
    again = make(steps=10, guidance_interval=manifest["guidance_interval"])
    assert torch.equal(again.run(progress=False).latent, sampler.latent)
    assert not torch.equal(again.fork(0, guidance_interval=None).run(progress=False).latent, sampler.latent)


@pytest.mark.parametrize("scale", [3.0, 1.0])
def test_a_multistep_solver_starts_over_where_guidance_turns(scale: float) -> None:
    """Its first step is a DDIM step, and of the later steps only the last (arXiv:2211.01095, section 4)."""
    sampler = make(steps=25, solver="dpm++", guidance_scale=scale, guidance_interval=(100, 700))
    alphas = [float(sampler.model.alphas_cumprod[t]) for t in (*sampler.solver.timesteps, 0)]
    before, single = sampler.latent, []
    for record, alpha in zip(sampler, alphas[1:], strict=True):
        plain = record.x0 * alpha**0.5 + record.noise * (1 - alpha) ** 0.5
        single.append(np.abs(record.x - plain).max() < 1e-4 * np.abs(record.x - before.numpy()).max())
        before = sampler.latent
    inside = [100 <= t <= 700 for t in sampler.solver.timesteps]
    turns = [a != b and scale != 1 for a, b in pairwise(inside)]
    assert sum(turns) == (2 if scale != 1 else 0)
    assert single == [True, *turns[:-1], True]


# Forks.


def test_a_fork_continues_with_other_settings() -> None:
    sampler = make().run(until=2, progress=False)
    forked = sampler.fork(guidance_scale=6.0, config=SpotDiffusionConfig(24, edge="anchor"))
    assert (forked.steps_done, forked.guidance_scale, len(forked.trace)) == (2, 6.0, 2)
    assert torch.equal(forked.latent, sampler.latent)
    forked.run(progress=False)
    assert sampler.steps_done == 2
    assert not torch.equal(forked.latent, sampler.run(progress=False).latent)
    assert forked.trace[3].layout.edge == "anchor"


def test_a_fork_of_a_fork_says_all_that_was_changed() -> None:
    first = make().run(until=2, progress=False).fork(guidance_scale=6.0)
    assert first.manifest().get("forked") == first.fork().manifest().get("forked")
    assert first.fork().manifest()["forked"] == {"step": 2, "changes": ["guidance_scale"]}
    second = first.run(until=3, progress=False).fork(negative_prompt="rain")
    assert second.manifest()["forked"] == {"step": 3, "changes": ["guidance_scale", "negative_prompt"]}


@pytest.mark.parametrize("past", [0, 1, 2])
def test_where_guidance_turned_is_remembered_through_forks_and_files(tmp_path: Path, past: int) -> None:
    """The solver looks back two steps. The cuts are where guidance begins, and one and two steps later."""
    third_order = diffusers.DPMSolverMultistepScheduler(**BETAS, solver_order=3)
    origin = make(steps=15, solver=third_order, guidance_interval=(100, 700)).run(progress=False)
    whole, start = origin.latent, make(steps=15, solver=third_order).run(progress=False).latent
    at = past + next(k for k, t in enumerate(origin.solver.timesteps) if t <= 700)
    forked = origin.goto(at).fork(guidance_interval=None)
    forked.trace.save(tmp_path / "fork.npz")
    last = forked.run(progress=False).latent
    assert not torch.equal(last, whole)
    assert torch.equal(origin.run(progress=False).latent, whole)
    assert torch.equal(forked.goto(at).run(progress=False).latent, last)
    assert torch.equal(resume(Trace.load(tmp_path / "fork.npz"), origin.model).run(progress=False).latent, last)
    earlier = origin.fork(at=at - 2, guidance_interval=None).run(progress=False).latent
    assert torch.equal(forked.goto(at - 2).run(progress=False).latent, earlier)
    assert torch.equal(forked.reset().run(progress=False).latent, start)


def test_a_fork_that_turns_guidance_starts_over() -> None:
    origin = make(steps=6, solver="dpm++", guidance_scale=1).run(until=3, progress=False)
    forked, alpha = origin.fork(guidance_scale=3.0), float(origin.model.alphas_cumprod[origin.solver.timesteps[4]])
    record = forked.step()
    assert np.abs(record.x - record.x0 * alpha**0.5 - record.noise * (1 - alpha) ** 0.5).max() < 1e-4
    record = origin.step()
    assert np.abs(record.x - record.x0 * alpha**0.5 - record.noise * (1 - alpha) ** 0.5).max() > 1e-2


@pytest.mark.parametrize("name", ["duration", "steps", "model", "nonsense"])
def test_a_fork_keeps_shape_and_schedule(name: str) -> None:
    with pytest.raises(InputError, match=f"cannot change {name}: expected"):
        make().fork(**{name: 3})


def test_a_fork_cannot_become_a_ring_of_another_length() -> None:
    with pytest.raises(InputError, match="from 40 to 38 frames"):
        make().fork(config=SpotDiffusionConfig(16, edge="circular"))


# What is refused: the value, the limits and a remedy in one line.

BAD = {
    "prompt": ["", "   ", "\n\t", None, 5, b"rock", ["rock"]],
    "duration": [0, -3, math.nan, math.inf, -math.inf, 0.03, "ten", None, True],
    "steps": [0, -1, 1001, 10.0, math.nan, "50", None],
    "guidance_scale": [math.nan, math.inf, -0.1, 101, "3", None],
    "guidance_interval": [5, (1,), (700, 100), (-1, 5), (0, 1001), (0.5, 9), "01", (1, 2, 3)],
    "config": [{"tile_size_time": 256}, "spot", SpotDiffusionConfig],
    "method": ["spots", "", None, ["spot"], "SPOT"],
    "seed": [-1, 2**63, 1.5, "0", math.nan],
    "eta": [-0.1, 1.1, math.nan, None, "0"],
    "solver": ["euler", None, ""],
    "negative_prompt": [None, 3, ["noise"]],
    "tile_batch": [0, -1, 1.5, "2"],
    "record": ["some", 0, -1, 2.5, True, None, ["all"]],
}


@pytest.mark.parametrize(("name", "bad"), [(name, bad) for name, values in BAD.items() for bad in values])
def test_bad_values_are_named(name: str, bad: Any) -> None:
    with pytest.raises(InputError) as caught:
        make(**{name: bad})
    message = str(caught.value)
    assert name in message
    assert "expected" in message
    assert "\n" not in message
    shown = f"{bad:g}" if name == "duration" and bad == 0.03 else " ".join(repr(bad).split())
    assert shown[:50] in message


def test_numpy_numbers_are_accepted() -> None:
    changes = {"duration": np.float32(1.5), "steps": np.int64(4), "seed": np.int32(0), "guidance_scale": np.float64(3)}
    sampler = make(**changes, tile_batch=np.int64(2), record=np.int64(2))
    assert torch.equal(sampler.run(progress=False).latent, make().run(progress=False).latent)
    json.dumps(sampler.manifest())


@pytest.mark.parametrize("tile", [20, 4, 257])
def test_a_tile_the_model_cannot_take_is_refused_at_once(tile: int) -> None:
    with pytest.raises(InputError, match=rf"tile_size_time is {tile}: expected a multiple of 8.*use "):
        make(config=SpotDiffusionConfig(tile))


# What it tells of itself.


def test_the_manifest_is_json_and_repeats_the_run() -> None:
    config = SpotDiffusionConfig(16, min_overlap=4, edge="merge", shift_schedule="sorted", shift_seed=3)
    sampler = make(config=config, seed=11, eta=0.5, negative_prompt="drum", tile_batch=3, record=2, guidance_scale=2)
    manifest = json.loads(json.dumps(sampler.trace.manifest))
    assert manifest == json.loads(json.dumps(sampler.manifest()))
    assert (manifest["frames"], manifest["samples"], manifest["fallback"]) == (40, 24000, False)
    assert manifest["versions"]["torch"] == torch.__version__
    names = [
        "prompt",
        "duration",
        "steps",
        "guidance_scale",
        "method",
        "seed",
        "eta",
        "solver",
        "negative_prompt",
        "tile_batch",
        "record",
    ]
    again = SpotSampler(
        FunctionModel(neighbourly),
        config=SpotDiffusionConfig(**manifest["config"]),
        **{name: manifest[name] for name in names},
    )
    assert torch.equal(again.run(progress=False).latent, sampler.run(progress=False).latent)


def test_unknown_words_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    model = FunctionModel(pointwise)
    model.unknown_words = lambda text: [w for w in text.split() if w.startswith("z")]  # type: ignore[attr-defined]
    with caplog.at_level(logging.WARNING, "spotnb"):
        sampler = SpotSampler(model, "a zither", 1.5, steps=2, config=SMALL, negative_prompt="zzz")
    assert sampler.manifest()["unknown_words"] == ["zither", "zzz"]
    assert "does not know: zither, zzz" in caplog.text


@given(runs())
@effort(0.4)
def test_the_cost_counts_what_the_network_really_does(run: Run) -> None:
    sampler = run.sampler(pointwise, tile_batch=1)
    cost = sampler.cost()
    sampler.model.calls.clear()
    sampler.run(progress=False)
    assert cost.forwards == len(sampler.model.calls)
    assert cost.network_frames == sum(shape[2] for shape in sampler.model.calls)
    after = sampler.cost()
    assert (after.forwards, after.network_frames) == (cost.forwards, cost.network_frames)
    assert cost.seconds > 0
    assert after.seconds == pytest.approx(sum(record.seconds for record in sampler.trace), rel=1e-6)


def test_the_seconds_of_a_run_do_not_grow_by_going_back() -> None:
    sampler = make(steps=8).run(progress=False)
    seconds = sampler.cost().seconds
    sampler.goto(2)
    expected = 4 * sum(record.seconds for record in sampler.trace)
    assert sampler.cost().seconds == pytest.approx(expected, rel=1e-6)
    assert sampler.fork().cost().seconds == pytest.approx(expected, rel=1e-6)
    assert expected < 20 * seconds


def test_the_cost_does_not_move_the_sampler() -> None:
    sampler = make()
    sampler.cost()
    assert torch.equal(sampler.run(progress=False).latent, make().run(progress=False).latent)


# Sound.


@given(runs(), st.data())
@effort(0.3)
def test_any_recorded_step_can_be_heard(run: Run, data: st.DataObject) -> None:
    sampler = run.sampler(neighbourly).run(progress=False)
    assert np.array_equal(sampler.decode(), sampler.decode(step=len(sampler.solver) - 1))
    assert np.array_equal(sampler.decode(of="x0"), sampler.decode(step=len(sampler.solver) - 1, of="x0"))
    step, of = data.draw(st.integers(0, len(sampler.solver) - 1)), data.draw(st.sampled_from(["x", "x0"]))
    sound = sampler.decode(step=step, of=of)
    assert sound.shape == (sampler.samples,)
    assert sound.dtype == np.float32
    assert np.abs(sound).max() <= 1


def test_a_step_that_was_not_recorded_cannot_be_decoded() -> None:
    with pytest.raises(InputError, match="no clean estimate before the first step"):
        make().decode(of="x0")
    assert make().decode().shape == (24000,)
    sampler = make(record="x0").run(progress=False)
    assert sampler.decode(step=2, of="x0").shape == (24000,)
    with pytest.raises(InputError, match=r"x of step 2 was not recorded: expected one of the steps \[\]"):
        sampler.decode(step=2)
    with pytest.raises(InputError, match=r"step 1 was not recorded: expected one of the steps \[3\]"):
        make(record="last").run(progress=False).decode(step=1)
    for bad in ({"of": "y"}, {"step": 4}, {"step": -1}):
        with pytest.raises(InputError, match="expected"):
            sampler.decode(**bad)


def test_another_latent_may_be_assigned() -> None:
    sampler, other = make(steps=3), make(steps=3)
    other.latent = other.latent.clone()
    other.latent[:, :, :4] = 0
    sampler.step()
    other.step()
    assert not torch.equal(sampler.latent, other.latent)
    assert torch.equal(other.reset().run(until=1, progress=False).latent, sampler.latent)
    with pytest.raises(
        InputError, match=r"latent is torch.float32 \[1, 2, 3, 4\]: expected a torch.float32 tensor \[1, 2, "
    ):
        other.latent = torch.zeros(1, 2, 3, 4)
