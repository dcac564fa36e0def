"""Invariants 2, 3, 5 and the rest of 7, which hold for any run.

The others are in test_layout (1), test_solver (4), test_decode and test_generate (6), test_step (7 within a step), and
test_step and test_decode (8).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler
from hypothesis import example, given
from hypothesis import strategies as st

import spotnb.solvers.noise
from spotnb.solvers.noise import draw
from spotnb.tiling.config import METHODS, SHIFT_SCHEDULES, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from tests.effort import effort
from tests.models.components import AUDIOLDM_SCHEDULE
from tests.networks import neighbourly, pointwise
from tests.runs import Run, runs

OPEN_EDGES = tuple(edge for edge in EDGES if edge != "circular")


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest difference relative to the largest value."""
    return float((one - other).abs().max() / other.abs().max())


@given(runs())
@effort(1.5)
def test_a_pointwise_network_gives_one_full_pass_under_any_tiling(run: Run) -> None:
    """Invariant 2. The result at a frame depends only on that frame, so the cuts cannot matter."""
    tiled = run.sampler(pointwise).run(progress=False)
    plain = run.sampler(pointwise, method="full", tile_batch=1).run(progress=False)
    assert distance(tiled.latent, plain.latent) <= 1e-6
    for ours, theirs in zip(tiled.trace, plain.trace, strict=True):
        assert np.abs(ours.x0 - theirs.x0).max() <= 1e-6 * np.abs(theirs.x0).max()


@pytest.mark.parametrize("schedule", SHIFT_SCHEDULES)
@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("method", METHODS)
def test_invariant_2_for_each_method_edge_and_schedule(method: str, edge: str, schedule: str) -> None:
    config = SpotDiffusionConfig(16, max_shift_ratio=1, edge=edge, shift_schedule=schedule)
    run = Run(68, 4, {"config": config, "steps": 5, "guidance_scale": 2.5, "eta": 0.4})
    tiled = run.sampler(pointwise, method=method).run(progress=False)
    plain = run.sampler(pointwise, method="full").run(progress=False)
    assert distance(tiled.latent, plain.latent) <= 1e-6


def test_full_equals_a_plain_ddim_loop() -> None:
    """The reference for the other tests is a plain loop with diffusers' scheduler."""
    sampler = (
        Run(40, 4, {"method": "full", "steps": 10, "seed": 3, "eta": 0.5}).sampler(neighbourly).run(progress=False)
    )
    scheduler = DDIMScheduler(**AUDIOLDM_SCHEDULE)
    scheduler.set_timesteps(10)
    embeds = sampler.model.embed(["a sea", ""])
    x = draw((1, 2, 40, 4), 3, 0, "start")
    for k, t in enumerate(scheduler.timesteps):
        prompted, unguided = (neighbourly(x, t[None], embed[None]) for embed in embeds)
        noise = unguided + 3.0 * (prompted - unguided)
        x = scheduler.step(noise, t, x, eta=0.5, variance_noise=draw(x.shape, 3, k, "eta")).prev_sample
    assert distance(sampler.latent, x) < 1e-4


@given(runs(tiles=1.0, edge=st.sampled_from(OPEN_EDGES)))
def test_a_latent_that_fits_one_tile_is_one_full_pass_to_the_bit(run: Run) -> None:
    """Invariant 3."""
    tiled = run.sampler(neighbourly).run(progress=False)
    plain = run.sampler(neighbourly, method="full").run(progress=False)
    assert tiled.fallback
    assert torch.equal(tiled.latent, plain.latent)
    assert [record.layout.seams for record in tiled.trace] == [()] * len(tiled.trace)
    assert tiled.trace[0].layout.fallback == (tiled.method != "full")


def test_one_frame_more_than_a_tile_is_not_a_fallback() -> None:
    assert Run(16, 1).sampler(neighbourly).fallback
    assert not Run(17, 1).sampler(neighbourly).fallback
    assert not Run(16, 1, {"config": SpotDiffusionConfig(16, edge="circular")}).sampler(neighbourly).fallback


@given(runs(), st.integers(1, 8))
def test_batching_changes_nothing_but_rounding(run: Run, tile_batch: int) -> None:
    """Invariant 3, second half."""
    one = run.sampler(neighbourly, tile_batch=1).run(progress=False)
    many = run.sampler(neighbourly, tile_batch=tile_batch).run(progress=False)
    assert distance(many.latent, one.latent) <= 1e-4


def test_the_neighborly_network_sees_seams() -> None:
    """With this network, tiling must change the result, or the tests above would prove nothing."""
    tiled = Run(40, 4, {"method": "tiles"}).sampler(neighbourly).run(progress=False)
    plain = Run(40, 4, {"method": "full"}).sampler(neighbourly).run(progress=False)
    assert distance(tiled.latent, plain.latent) > 0.05


@given(runs(), st.integers(0, 2**32 - 1))
@effort(0.4)
def test_same_seed_same_audio_whatever_the_global_state(run: Run, seed: int) -> None:
    """Invariant 5."""
    first = run.sampler(neighbourly).run(progress=False).decode()
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    again = run.sampler(neighbourly).run(progress=False)
    assert np.array_equal(again.decode(), first)
    again.goto(0).run(progress=False)
    again.reset(seed=None).fork(seed=None)
    assert torch.equal(torch.get_rng_state(), torch_state)
    after = np.random.get_state()  # noqa: NPY002
    assert np.array_equal(after[1], numpy_state[1])
    assert after[2:] == numpy_state[2:]


def test_another_seed_gives_another_sound() -> None:
    latents = [Run(40, 4, {"seed": seed}).sampler(neighbourly).run(progress=False).latent for seed in (0, 1, 2**40)]
    assert distance(latents[0], latents[1]) > 0.1
    assert distance(latents[0], latents[2]) > 0.1


@contextmanager
def recorded_draws(record: dict[tuple[int, int, str], torch.Tensor]) -> Iterator[None]:
    """Collect every draw of a run under its key."""

    def noting(shape: Any, seed: int, step: int, purpose: str) -> torch.Tensor:
        record[seed, step, purpose] = draw(shape, seed, step, purpose)
        return record[seed, step, purpose]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spotnb.solvers.noise, "draw", noting)
        yield


@given(runs(eta=1.0), st.integers(100, 199))
@example(Run(44, 4, {"config": SpotDiffusionConfig(16, max_shift_ratio=1), "eta": 1.0}), 100)
@effort(0.4)
def test_the_shift_seed_moves_no_other_draw(run: Run, shift_seed: int) -> None:
    """Invariant 5: initial noise and the noise of eta are identical, and padding is the same draw in another size."""
    draws: list[dict[tuple[int, int, str], torch.Tensor]] = [{}, {}]
    config = run.settings["config"]
    for record, seed in zip(draws, (config.shift_seed, shift_seed), strict=True):
        with recorded_draws(record):
            run.but(config=replace(config, shift_seed=seed)).sampler(neighbourly).run(progress=False)
    one, other = draws
    assert {key for key in one if key[2] != "pad"} == {key for key in other if key[2] != "pad"}
    assert {key[2] for key in one} >= {"start", "eta"}
    for key in one.keys() & other.keys():
        if one[key].shape == other[key].shape:
            assert torch.equal(one[key], other[key])
        else:
            assert key[2] == "pad"


@given(runs(), st.data())
@effort(0.8)
def test_goto_and_fork_change_no_bit(run: Run, data: st.DataObject) -> None:
    """Invariant 7: go from any step to any step with any trace, and continue from there."""
    whole = run.sampler(neighbourly).run(progress=False)
    steps = len(whole.solver)
    sampler = run.sampler(neighbourly, record=data.draw(st.sampled_from(["all", "x0", "last", 1, 2, 3]), "record"))
    for _ in range(data.draw(st.integers(1, 3), "jumps")):
        sampler.run(until=data.draw(st.integers(sampler.steps_done, steps), "run"), progress=False)
        target = data.draw(st.integers(0, steps), "goto")
        assert sampler.goto(target).steps_done == target
        expected = whole.trace[target - 1].x if target else whole.fork().goto(0).latent.numpy()
        assert np.array_equal(sampler.latent.numpy(), expected)
        assert [record.step for record in sampler.trace] == sorted({record.step for record in sampler.trace})
        assert all(record.step < target for record in sampler.trace)
    forked = sampler.fork()
    assert torch.equal(forked.run(progress=False).latent, whole.latent)
    assert sampler.steps_done == target  # a fork leaves its origin alone
    assert torch.equal(sampler.run(progress=False).latent, whole.latent)
    for record in sampler.trace:
        assert np.array_equal(record.x0, whole.trace[record.step].x0)
    if sampler.trace.mode == "all":
        assert len(sampler.trace) == steps


@pytest.mark.parametrize("edge", EDGES)
def test_a_finish_changes_only_the_last_steps(edge: str) -> None:
    run = Run(44, 4, {"config": SpotDiffusionConfig(16, edge=edge), "steps": 5, "eta": 0.3})
    plain = run.sampler(neighbourly).run(progress=False)
    finished = run.sampler(neighbourly, finish_steps=2).run(progress=False)
    assert [record.layout.blended for record in finished.trace] == [False] * 3 + [True] * 2
    assert np.array_equal(finished.trace[2].x, plain.trace[2].x)
    assert distance(finished.latent, plain.latent) > 1e-3
    forked = plain.fork(at=3, finish_steps=2).run(progress=False)
    assert torch.equal(forked.latent, finished.latent)
    assert finished.cost().network_frames == sum(record.layout.network_frames for record in finished.trace)
    for method in ("tiles", "multidiffusion", "full"):
        ends = [run.sampler(neighbourly, method=method, finish_steps=k).run(progress=False).latent for k in (0, 2)]
        assert torch.equal(*ends)


@pytest.mark.parametrize("record", ["all", "x0", "last", 2])
@pytest.mark.parametrize("edge", EDGES)
def test_goto_and_fork_at_every_step(edge: str, record: str | int) -> None:
    """The same at each step: with `reflect` the padding needs the clean estimate, which must be restored too."""
    config = SpotDiffusionConfig(16, max_shift_ratio=1, edge=edge)
    run = Run(44, 4, {"config": config, "steps": 5, "eta": 0.3, "record": record})
    whole = run.sampler(neighbourly, record="all").run(progress=False)
    for step in range(6):
        sampler = run.sampler(neighbourly).run(until=step, progress=False)
        assert torch.equal(sampler.fork().run(progress=False).latent, whole.latent)
        sampler.run(progress=False).goto(step)
        assert torch.equal(sampler.run(progress=False).latent, whole.latent)
