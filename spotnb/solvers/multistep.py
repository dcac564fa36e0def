"""Multistep solvers: DPM-Solver++, and when a solver with a state has to start over."""

from __future__ import annotations

from typing import Any

import spotnb.support.whole_diffusers

import diffusers
import torch
from torch import Tensor

from spotnb.solvers.from_diffusers import DiffusersSolver
from spotnb.solvers.protocol import Solver


def dpm_solver_plus_plus(alphas_cumprod: Tensor, steps: int, eta: float) -> Solver:
    """Return DPM-Solver++(2M) (Lu et al. 2022, arXiv:2211.01095) with evenly spaced timesteps.

    It ends at the lowest noise level of the model's schedule, as AudioLDM's DDIM does. In measurements with 15 steps of
    the embedded model, this was better than ending at zero noise, and better than Karras noise levels. The last step is
    of first order, because extrapolating from the last step but one would make the seams of that step more audible.
    """
    alphas = alphas_cumprod.double().cpu()
    betas = 1 - alphas / torch.cat([torch.ones(1, dtype=alphas.dtype), alphas[:-1]])
    scheduler = diffusers.DPMSolverMultistepScheduler(
        trained_betas=betas.numpy(), final_sigmas_type="sigma_min", euler_at_final=True
    )
    return DiffusersSolver(scheduler, alphas_cumprod, steps, eta, name="dpm++")


def state_for_step(solver: Solver, step: int, state: Any, *, guided: bool | None, was_guided: bool | None) -> Any:
    """Return the solver state for a step: a new one if guidance has just been switched on or off.

    The noise predictions jump at such a step, and a multistep solver that extrapolates across the jump would overshoot.
    With a new state, 15 steps of DPM-Solver++ on the embedded model are as close to real clips as 50 steps of DDIM.
    Without it, they are farther away than 15 steps of DDIM.

    Args:
        solver: The solver.
        step: The step that is about to be taken.
        state: The solver state after the previous step.
        guided: Whether guidance is active at this step. None if that is not known, as in old traces.
        was_guided: The same for the previous step. None before the first step as well.
    """
    if guided is None or was_guided is None or guided == was_guided:
        return state
    return solver.initial_state(step)
