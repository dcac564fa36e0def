"""The state of a run between two steps, which is all that the next step depends on besides the run itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from spotnb.solvers.noise import Draws
from spotnb.support.cards import Shown


@dataclass(frozen=True, repr=False)
class RunState(Shown):
    """The state of a run between two steps.

    Attributes:
        step: The index of the next step. Steps that a run from known sound skips are counted too.
        x: The noisy latent `[B, C, T, F]` before that step.
        x0: The clean estimate of the previous step; None before the first step.
        solver_state: The solver's memory of earlier steps.
        guided: Whether guidance was active at the previous step. None before the first step, or if an old trace does
            not record it.
        origin: The draws of the initial noise. They differ from the run's own after a fork to another seed.
    """

    step: int
    x: Tensor
    x0: Tensor | None
    solver_state: Any
    guided: bool | None
    origin: Draws

    def _text_(self) -> str:
        return f"before step {self.step}, latent {list(self.x.shape)}"
