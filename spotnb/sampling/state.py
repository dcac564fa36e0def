"""The state of a run between two steps, which is all that the next step depends on besides the run itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from spotnb.solvers.noise import Draws
from spotnb.support.cards import Shown


class Origin(NamedTuple):
    """What the latent before the first step is made of. After a fork, these are still those of the earlier run.

    Attributes:
        draws: The source of the initial noise.
        typical: The typical latent of the prompts, `[B, C, T, F]`, or None if the model has none.
    """

    draws: Draws
    typical: Tensor | None


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
        origin: What the initial latent is made of: after a fork to another seed or prompt, still that of before.
    """

    step: int
    x: Tensor
    x0: Tensor | None
    solver_state: Any
    guided: bool | None
    origin: Origin

    def _text_(self) -> str:
        return f"before step {self.step}, latent {list(self.x.shape)}"
