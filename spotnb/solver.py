"""How a noise prediction moves the latent one step towards sound. Solvers see the whole latent and know no tiles.

A solver holds no state: what a multistep method remembers goes in and out of `step`. So a step can be dropped,
interrupted or taken again, and a run can be sent back.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from spotnb.config import check_int
from spotnb.noise import Draws

TRAINED_STEPS = 1000
LATE_ENOUGH = 900  # a run that starts at a smaller timestep leaves noise that the network was never given to remove


class Update(NamedTuple):
    """What a step gives: the latent after it, the clean latent x0 predicted at it, and what the solver remembers."""

    latent: Tensor
    x0: Tensor
    state: Any = None


class Solver(Protocol):
    """What the sampler asks of a solver. Latents are `[B, C, T, F]` at the solver's own scale."""

    name: str
    timesteps: list[int]
    """Strictly decreasing: what the network is told at each step."""
    remembers: bool
    """Whether a step depends on those before it beyond the latent they left."""

    def __len__(self) -> int: ...

    def describe(self) -> str | dict[str, Any]:
        """What a manifest records, and `make_solver` takes back."""
        ...

    def begin(self, step: int) -> Any:
        """The state of a run whose first step is `step`."""
        ...

    def start(self, noise: Tensor) -> Tensor:
        """The latent before the first step, of standard normal noise."""
        ...

    def add_noise(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        """A clean latent at the noise level that `step` starts from; after the last step, the clean latent."""
        ...

    def network_input(self, x: Tensor, step: int) -> Tensor:
        """The latent at the scale that the network was trained on: `sqrt(a) x0 + sqrt(1 - a) noise`."""
        ...

    def clean(self, x: Tensor, noise: Tensor, step: int) -> Tensor:
        """The clean latent x0 that a noise prediction means."""
        ...

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any) -> Update:
        """Take a step; `draws` are for those that put noise back."""
        ...


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


class Memory(NamedTuple):
    """What a run hands on from step to step: whether guidance pulled (None: before the first step, or not known), and
    what the solver remembers."""

    guided: bool | None
    state: Any


def recalled(solver: Solver, step: int, guided: bool | None, memory: Memory) -> Any:
    """The solver's state to take a step with: a fresh one where guidance has just begun to pull, or let go.

    Predictions jump there, and a multistep solver that drew a line through them would shoot past. On the embedded model
    DPM-Solver++ in 15 steps is then as near to real clips as DDIM in 50, without it farther off than DDIM in 15.
    """
    if guided is None or memory.guided is None or guided == memory.guided:
        return memory.state
    return solver.begin(step)


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

    def begin(self, step: int) -> None:
        return None

    def start(self, noise: Tensor) -> Tensor:
        return noise

    def add_noise(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        if step == len(self):
            return clean
        alpha = self._alphas[step]
        noised: Tensor = clean * alpha**0.5 + noise * (1 - alpha) ** 0.5
        return noised

    def network_input(self, x: Tensor, step: int) -> Tensor:
        return x

    def clean(self, x: Tensor, noise: Tensor, step: int) -> Tensor:
        alpha = self._alphas[step]
        return torch.sub(x, noise, alpha=(1 - alpha) ** 0.5).div_(alpha**0.5)

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: None = None) -> Update:
        alpha, previous = self._alphas[step], self._alphas[step + 1]
        sigma = self.eta * ((1 - previous) / (1 - alpha) * (1 - alpha / previous)) ** 0.5
        x0 = self.clean(x, noise, step)
        moved = torch.mul(x0, previous**0.5).add_(noise, alpha=max(0.0, 1 - previous - sigma**2) ** 0.5)
        if sigma > 0:
            moved.add_(draws.normal(x.shape[1:], step, "eta").to(x), alpha=sigma)
        return Update(moved, x0)
