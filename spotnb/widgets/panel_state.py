"""What SamplerPanel says of its run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spotnb.widgets.panel_cost import duration


@dataclass(frozen=True)
class State:
    """The state of a run for display. Every change creates a new one.

    Attributes:
        busy: The current activity, such as "Loading the model", or "".
        doing: The progress of the run in words.
        trouble: An error message in one line, or "".
        details: Details of the error, or "".
        tiles: The number of predicted tiles of the open step, or None without an open step.
    """

    busy: str = ""
    doing: str = ""
    trouble: str = ""
    details: str = ""
    tiles: int | None = None


def where(sampler: Any) -> str:
    """Return the progress of a sampler in words, with steps numbered as everywhere: from 0."""
    final = len(sampler.solver) - 1
    if sampler.done:
        return f"All steps done: step {final} / {final}"
    if sampler.steps_done == sampler.first:
        return f"Ready for steps {sampler.first} to {final}"
    left = sampler.cost().seconds * (1 - sampler.steps_done / (final + 1))
    return f"Step {sampler.steps_done - 1} / {final} done, {duration(left)} left"
