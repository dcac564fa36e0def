"""DDIM, the default solver."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from spotnb.solvers.card import solver_card, solver_text
from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import LATE_ENOUGH, TRAINED_STEPS, Solver, Update
from spotnb.support.cards import Card, Shown
from spotnb.support.checks import check_int


def ddim_timesteps(steps: int) -> list[int]:
    """Return `steps` strictly decreasing timesteps from 999 to 0, for any number of steps from 1 to 1000.

    The spacing is `leading` with an offset of 1, as in AudioLDM, if its first timestep is at least 900. Otherwise it is
    `linspace`. The `leading` spacing of diffusers starts at t = 600 for 600 steps and exceeds the table for 1000 steps.
    """
    steps = check_int("steps", steps, 1, TRAINED_STEPS, hint="25 to 50 suit DDIM")
    leading = np.arange(steps)[::-1] * (TRAINED_STEPS // steps) + 1
    if LATE_ENOUGH <= leading[0] < TRAINED_STEPS:
        return [int(t) for t in leading]
    return [int(t) for t in np.linspace(TRAINED_STEPS - 1, 0, steps).round()]


class DDIM(Shown, Solver):
    """Denoising diffusion implicit models (Song et al. 2020, arXiv:2010.02502, equations 12 and 16).

    The results equal those of diffusers' `DDIMScheduler` with AudioLDM's settings wherever that class is correct. It is
    not used here for two reasons: it computes the previous timestep from the ratio 1000 // steps instead of the
    schedule, which is wrong for any spacing but `leading`, and it makes several copies of a latent that may be an hour
    long.

    Args:
        alphas_cumprod: Noise schedule of the model, `[1000]`.
        steps: Number of denoising steps.
        eta: Amount of noise added at each step: 0 is deterministic, and 1 adds as much noise as DDPM.
    """

    name = "ddim"

    def __init__(self, alphas_cumprod: Tensor, steps: int, eta: float = 0.0) -> None:
        self.timesteps = ddim_timesteps(steps)
        self.eta = eta
        # float64, because the table is a product of a thousand factors and step sizes are differences of its entries.
        table = alphas_cumprod.double().cpu()
        self._alphas = [float(table[t]) for t in self.timesteps]
        self._alphas.append(float(table[0]))  # as in AudioLDM: set_alpha_to_one=False

    def _text_(self) -> str:
        return solver_text(self, f"eta {self.eta:g}" if self.eta else None)

    def _card_(self) -> Card:
        return solver_card(self, Eta=f"{self.eta:g}")

    def add_noise(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        """Return `sqrt(a) * clean + sqrt(1 - a) * noise` with the cumulative alpha of `step`."""
        if step == len(self):
            return clean
        alpha = self._alphas[step]
        noised: Tensor = clean * alpha**0.5 + noise * (1 - alpha) ** 0.5
        return noised

    def predict_x0(self, x: Tensor, noise: Tensor, step: int) -> Tensor:
        """Return `x0 = (x - sqrt(1 - a) * noise) / sqrt(a)`."""
        alpha = self._alphas[step]
        return torch.sub(x, noise, alpha=(1 - alpha) ** 0.5).div_(alpha**0.5)

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any = None) -> Update:
        """Take one step of equation 12, with the noise level sigma of equation 16."""
        alpha, previous = self._alphas[step], self._alphas[step + 1]
        sigma = self.eta * ((1 - previous) / (1 - alpha) * (1 - alpha / previous)) ** 0.5
        x0 = self.predict_x0(x, noise, step)
        moved = torch.mul(x0, previous**0.5).add_(noise, alpha=max(0.0, 1 - previous - sigma**2) ** 0.5)
        if sigma > 0:
            moved.add_(draws.normal(x.shape[1:], step, "eta").to(x), alpha=sigma)
        return Update(moved, x0)


def is_plain_ddim(solver: Solver) -> bool:
    """Return whether a solver is DDIM that adds no noise, as AudioLDM samples by default."""
    return type(solver) is DDIM and not solver.eta
