"""What a run hands on from step to step, and where a multistep solver starts afresh."""

from __future__ import annotations

from typing import Any, NamedTuple

from spotnb.solvers.protocol import Solver


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
