"""The solver protocol: how a noise prediction moves the latent one denoising step forward.

A solver processes the full-length latent and does not know about tiles. It holds no state of its own: a multistep
method receives its state as an argument of `step` and returns the new one. A step can therefore be discarded,
interrupted or repeated, and a run can go back to an earlier step.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from torch import Tensor

from spotnb.solvers.noise import Draws

TRAINED_STEPS = 1000
LATE_ENOUGH = 900  # a run that starts at a smaller timestep leaves noise that the network never gets to remove


class Update(NamedTuple):
    """The result of a step.

    Attributes:
        latent: The latent after the step.
        x0: The clean latent predicted at the step.
        state: The state of the solver for the next step.
    """

    latent: Tensor
    x0: Tensor
    state: Any = None


class Solver(Protocol):
    """The interface that the sampler requires of a solver. Latents are `[B, C, T, F]` at the scale of the solver."""

    name: str
    timesteps: list[int]
    """The timestep that the network receives at each step, strictly decreasing."""
    remembers: bool
    """Whether a step depends on earlier steps by more than the latent."""

    def __len__(self) -> int: ...

    def describe(self) -> str | dict[str, Any]:
        """Return a description for the manifest, from which `make_solver` can create the solver again."""
        ...

    def initial_state(self, step: int) -> Any:
        """Return the state for a run whose first step is `step`."""
        ...

    def initial_latent(self, noise: Tensor) -> Tensor:
        """Return the initial latent, given standard normal noise."""
        ...

    def add_noise(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        """Return a clean latent at the noise level at which `step` starts, or unchanged after the last step."""
        ...

    def scale_model_input(self, x: Tensor, step: int) -> Tensor:
        """Return the latent at the scale that the network was trained on, `sqrt(a) * x0 + sqrt(1 - a) * noise`."""
        ...

    def predict_x0(self, x: Tensor, noise: Tensor, step: int) -> Tensor:
        """Return the clean latent x0 that corresponds to a noise prediction."""
        ...

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any) -> Update:
        """Take one step. `draws` supplies the noise for solvers that add noise."""
        ...
