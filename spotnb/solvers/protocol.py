"""How a noise prediction moves the latent one step towards sound. Solvers see the whole latent and know no tiles.

A solver holds no state: what a multistep method remembers goes in and out of `step`. So a step can be dropped,
interrupted or taken again, and a run can be sent back.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from torch import Tensor

from spotnb.solvers.noise import Draws

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

    def initial_state(self, step: int) -> Any:
        """The state of a run whose first step is `step`."""
        ...

    def initial_latent(self, noise: Tensor) -> Tensor:
        """The latent before the first step, of standard normal noise."""
        ...

    def add_noise(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        """A clean latent at the noise level that `step` starts from; after the last step, the clean latent."""
        ...

    def scale_model_input(self, x: Tensor, step: int) -> Tensor:
        """The latent at the scale that the network was trained on: `sqrt(a) x0 + sqrt(1 - a) noise`."""
        ...

    def predict_x0(self, x: Tensor, noise: Tensor, step: int) -> Tensor:
        """The clean latent x0 that a noise prediction means."""
        ...

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any) -> Update:
        """Take a step; `draws` are for those that put noise back."""
        ...
