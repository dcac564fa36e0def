"""The solver protocol: how a noise prediction moves the latent one denoising step forward.

A solver processes the full-length latent and does not know about tiles. It holds no state of its own: a multistep
method receives its state as an argument of `step` and returns the new one. A step can therefore be discarded,
interrupted or repeated, and a run can go back to an earlier step.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple, Protocol, runtime_checkable

from torch import Tensor

from spotnb.solvers.noise import Draws

SOLVERS = ("ddim", "dpm++")
"""The names of spotnb's own solvers."""
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


@runtime_checkable
class Solver(Protocol):
    """The interface that the sampler requires of a solver. Latents are `[B, C, T, F]` at the scale of the solver.

    An object of your own with these members can be passed as `solver=` wherever a run is started. A subclass of this
    class needs `name`, `timesteps`, `add_noise`, `predict_x0` and `step`, and inherits the rest for a solver without
    memory whose latents have the scale of the network. See `spotnb.solvers.own` for what is checked.
    """

    name: str
    timesteps: list[int]
    """The timestep that the network receives at each step: whole numbers from 999 to 0, strictly decreasing."""
    remembers: bool = False
    """Whether a step depends on earlier steps by more than the latent."""

    def __len__(self) -> int:
        return len(self.timesteps)

    def describe(self) -> str | dict[str, Any]:
        """Return a description for the manifest, which distinguishes this solver from others: by default its name.

        `make_solver` creates spotnb's own solvers again from it.
        """
        return self.name

    def initial_state(self, step: int) -> Any:
        """Return the state for a run whose first step is `step`: by default None."""
        return None

    def initial_latent(self, noise: Tensor) -> Tensor:
        """Return the initial latent, given standard normal noise: by default the noise itself.

        If the model has a typical latent, `add_noise` with that at step 0 makes the initial latent instead.
        """
        return noise

    @abstractmethod
    def add_noise(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        """Return a clean latent at the noise level at which `step` starts, or unchanged after the last step."""
        ...

    def scale_model_input(self, x: Tensor, step: int) -> Tensor:
        """Return the latent at the scale that the network was trained on: by default unchanged.

        That scale is `sqrt(a) * x0 + sqrt(1 - a) * noise`.
        """
        return x

    @abstractmethod
    def predict_x0(self, x: Tensor, noise: Tensor, step: int) -> Tensor:
        """Return the clean latent x0 that corresponds to a noise prediction."""
        ...

    @abstractmethod
    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any) -> Update:
        """Take one step. `draws` supplies the noise for solvers that add noise."""
        ...
