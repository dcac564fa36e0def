"""DDIM, the default solver."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import LATE_ENOUGH, TRAINED_STEPS, Update
from spotnb.support.checks import check_int


def ddim_timesteps(steps: int) -> list[int]:
    """`steps` strictly decreasing timesteps in 0..999, for any count from 1 to 1000.

    diffusers' `leading` spacing with an offset of 1, AudioLDM's own, where it starts at 900 or later; else its
    `linspace`. (Stock `leading` starts 600 steps at t = 600 and runs out of the table at 1000.)
    """
    steps = check_int("steps", steps, 1, TRAINED_STEPS, hint="25 to 50 suit DDIM")
    leading = np.arange(steps)[::-1] * (TRAINED_STEPS // steps) + 1
    if LATE_ENOUGH <= leading[0] < TRAINED_STEPS:
        return [int(t) for t in leading]
    return [int(t) for t in np.linspace(TRAINED_STEPS - 1, 0, steps).round()]


class DDIM:
    """Denoising diffusion implicit models (Song et al. 2020, arXiv:2010.02502, equations 12 and 16).

    Equal to diffusers' `DDIMScheduler` with AudioLDM's settings wherever that one is right. It is our own because the
    stock step takes the previous timestep from the ratio 1000 // steps instead of from the schedule, which is wrong
    off the `leading` spacing, and makes several copies of a latent that may be an hour long.

    `eta`: 0 is deterministic; 1 adds as much noise as DDPM.
    """

    name = "ddim"
    remembers = False

    def __init__(self, alphas_cumprod: Tensor, steps: int, eta: float = 0.0) -> None:
        self.timesteps = ddim_timesteps(steps)
        self.eta = eta
        # float64: the table is a product of a thousand factors, and step sizes are differences of its entries
        table = alphas_cumprod.double().cpu()
        self._alphas = [float(table[t]) for t in self.timesteps]
        self._alphas.append(float(table[0]))  # AudioLDM's set_alpha_to_one=False

    def __len__(self) -> int:
        return len(self.timesteps)

    def describe(self) -> str:
        return self.name

    def initial_state(self, step: int) -> None:
        return None

    def initial_latent(self, noise: Tensor) -> Tensor:
        return noise

    def add_noise(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        if step == len(self):
            return clean
        alpha = self._alphas[step]
        noised: Tensor = clean * alpha**0.5 + noise * (1 - alpha) ** 0.5
        return noised

    def scale_model_input(self, x: Tensor, step: int) -> Tensor:
        return x

    def predict_x0(self, x: Tensor, noise: Tensor, step: int) -> Tensor:
        alpha = self._alphas[step]
        return torch.sub(x, noise, alpha=(1 - alpha) ** 0.5).div_(alpha**0.5)

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: None = None) -> Update:
        alpha, previous = self._alphas[step], self._alphas[step + 1]
        sigma = self.eta * ((1 - previous) / (1 - alpha) * (1 - alpha / previous)) ** 0.5
        x0 = self.predict_x0(x, noise, step)
        moved = torch.mul(x0, previous**0.5).add_(noise, alpha=max(0.0, 1 - previous - sigma**2) ** 0.5)
        if sigma > 0:
            moved.add_(draws.normal(x.shape[1:], step, "eta").to(x), alpha=sigma)
        return Update(moved, x0)
