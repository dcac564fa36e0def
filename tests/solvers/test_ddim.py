"""DDIM: its timesteps for every number of steps, and its step compared with diffusers and with theory."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler
from hypothesis import example, given
from hypothesis import strategies as st

from spotnb.errors import InputError
from spotnb.solvers.ddim import DDIM, ddim_timesteps
from spotnb.solvers.make import make_solver
from spotnb.solvers.noise import Draws
from tests.models.components import AUDIOLDM_SCHEDULE

SHAPE = (1, 2, 12, 4)


def noise(seed: int) -> torch.Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


class Fixed(Draws):
    """Returns the same noise for every draw."""

    def __init__(self, noise: torch.Tensor) -> None:
        super().__init__(0)
        object.__setattr__(self, "noise", noise)

    def normal(self, shape: Any, step: int, purpose: str) -> torch.Tensor:
        assert self.noise.shape[1:] == tuple(shape)
        assert purpose == "eta"
        return self.noise


def stock(steps: int) -> DDIMScheduler:
    scheduler = DDIMScheduler(**AUDIOLDM_SCHEDULE)
    scheduler.set_timesteps(steps)
    return scheduler


def test_every_step_count_gives_that_many_falling_timesteps() -> None:
    for steps in range(1, 1001):
        timesteps = ddim_timesteps(steps)
        assert len(timesteps) == steps
        assert all(type(t) is int for t in timesteps)
        assert all(a > b for a, b in itertools.pairwise(timesteps)), steps
        assert 900 <= timesteps[0] <= 999  # it starts at noise
        assert 0 <= timesteps[-1] <= 1 or steps == 1  # and ends at sound


def test_timesteps_are_diffusers_leading_ones_where_those_start_late_enough() -> None:
    for steps in (10, 20, 25, 30, 50, 77, 100, 200, 500):
        assert ddim_timesteps(steps) == stock(steps).timesteps.tolist()
    assert stock(600).timesteps[0] == 600  # a fault of the stock scheduler
    assert ddim_timesteps(600)[0] == 999
    assert ddim_timesteps(1000) == list(range(999, -1, -1))
    assert ddim_timesteps(1) == [999]


@pytest.mark.parametrize("eta", [0.0, 0.7])
@pytest.mark.parametrize("steps", [10, 20, 25, 50, 100, 200])
def test_steps_equal_diffusers(steps: int, eta: float) -> None:
    scheduler = stock(steps)
    solver = DDIM(scheduler.alphas_cumprod, steps, eta)
    x = theirs = noise(0)
    for k, t in enumerate(scheduler.timesteps):
        predicted, fresh = torch.tanh(theirs) + 0.3 * noise(2 * k + 1), noise(2 * k + 2)
        out = scheduler.step(predicted, t, theirs, eta=eta, variance_noise=fresh if eta else None)
        ours, x0, _ = solver.step(k, x, torch.tanh(x) + 0.3 * noise(2 * k + 1), Fixed(fresh))
        scale = out.pred_original_sample.abs().max()
        assert (x0 - out.pred_original_sample).abs().max() <= 1e-5 * scale
        x, theirs = ours, out.prev_sample
        assert (x - theirs).abs().max() <= 1e-5 * theirs.abs().max()


def test_noise_levels_equal_diffusers() -> None:
    scheduler = stock(25)
    solver = DDIM(scheduler.alphas_cumprod, 25)
    for k, t in enumerate(scheduler.timesteps):
        theirs = scheduler.add_noise(noise(0), noise(1), t)
        assert (solver.add_noise(noise(0), noise(1), k) - theirs).abs().max() < 1e-6


@given(st.integers(1, 1000), st.data())
@example(600, None)
@example(1000, None)
def test_a_perfect_prediction_stays_on_the_path(steps: int, data: st.DataObject | None) -> None:
    """For any number of steps and with the true noise, a step ends at the noise level of the next one."""
    solver = DDIM(DDIMScheduler(**AUDIOLDM_SCHEDULE).alphas_cumprod, steps)
    k = data.draw(st.integers(0, steps - 1)) if data else steps // 2
    clean, true = noise(0), noise(1)
    moved, x0, _ = solver.step(k, solver.add_noise(clean, true, k), true, Draws(0))
    assert (x0 - clean).abs().max() < 1e-4
    if k + 1 < steps:
        assert (moved - solver.add_noise(clean, true, k + 1)).abs().max() < 1e-4


@given(st.integers(2, 60), st.floats(0.05, 1), st.data())
def test_eta_keeps_the_noise_level(steps: int, eta: float, data: st.DataObject) -> None:
    """For any eta, the noise after a step, which is partly new, has the variance of the next level."""
    solver = DDIM(DDIMScheduler(**AUDIOLDM_SCHEDULE).alphas_cumprod, steps, eta)
    k = data.draw(st.integers(0, steps - 2))
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    level = solver.add_noise(zero, one, k + 1).item()  # sqrt(1 - alpha) of the next level
    old = solver.step(k, solver.add_noise(zero, one, k), one, Fixed(zero)).latent.item()
    fresh = solver.step(k, zero, zero, Fixed(one)).latent.item()
    assert fresh > 0
    assert old**2 + fresh**2 == pytest.approx(level**2, rel=1e-4)


def test_a_step_changes_none_of_its_inputs() -> None:
    solver = DDIM(DDIMScheduler(**AUDIOLDM_SCHEDULE).alphas_cumprod, 10, 0.5)
    inputs = [noise(i) for i in range(3)]
    moved, x0, _ = solver.step(3, *inputs[:2], Fixed(inputs[2]))
    assert all(torch.equal(given, noise(i)) for i, given in enumerate(inputs))
    assert moved.data_ptr() != x0.data_ptr()


@pytest.mark.parametrize("bad", [0, -1, 1001, 2.5, math.nan, True, None, "50"])
def test_bad_step_counts_are_named(bad: Any) -> None:
    with pytest.raises(InputError) as caught:
        ddim_timesteps(bad)
    assert repr(bad) in str(caught.value)
    assert "1 to 1000" in str(caught.value)


@pytest.mark.parametrize("bad", ["euler", "", None, ["ddim"]])
def test_unknown_solvers_are_named(bad: Any) -> None:
    with pytest.raises(InputError, match=r"expected ddim or dpm\+\+, or in Python a diffusers") as caught:
        make_solver(bad, torch.linspace(0.99, 0.01, 1000), 10, 0.0)
    assert repr(bad) in str(caught.value)
