"""Anchors: the states of a sampler from which its steps can be repeated, at the start and wherever it was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from spotnb.sampling.run import Run
from spotnb.sampling.state import RunState
from spotnb.support.cards import Shown

LATENT: Final = "latent"
PREDICTION: Final = "prediction"
BY_HAND: Final = frozenset({LATENT, PREDICTION})
"""Changes of a state that no setting describes: another latent was assigned, or the prediction of a tile replaced."""


@dataclass(frozen=True, repr=False)
class Anchor(Shown):
    """A state that cannot be reached by the settings of the steps before it, so it is kept.

    Attributes:
        run: The run to which the steps after it belong.
        state: The state; None is the start of `run`, which is made when it is needed.
        changes: What was changed: names of settings, or some of `BY_HAND`.
        since: The first step that `run` itself took. In the trace of a fork that was read from a file, earlier records
            are of a run that is not known any more.
    """

    run: Run
    state: RunState | None = None
    changes: frozenset[str] = frozenset()
    since: int = 0

    @classmethod
    def at(cls, run: Run, state: RunState, changes: frozenset[str]) -> Anchor:
        """Return an anchor at a state, from which `run` goes on."""
        return cls(run, state, changes, state.step)

    @property
    def step(self) -> int:
        """The first step that can be repeated."""
        return self.run.steps.start if self.state is None else self.state.step

    def not_after(self, step: int) -> Anchor:
        """Return the anchor for a run that went back to a step, from which it takes the steps itself."""
        return replace(self, since=min(self.since, step))

    @property
    def begin(self) -> RunState:
        """The state."""
        return self.run.start() if self.state is None else self.state

    def _text_(self) -> str:
        return f"before step {self.step}, changed: {', '.join(sorted(self.changes)) or 'nothing'}"


Anchors = tuple[Anchor, ...]
"""The anchors of a sampler in the order of their steps, at most one per step. There is at least one."""


def added(anchors: Anchors, anchor: Anchor) -> Anchors:
    """Return anchors with one more, which replaces those of its own step and of later ones."""
    here = [each.changes for each in anchors if each.step == anchor.step]
    kept = tuple(each for each in anchors if each.step < anchor.step)
    return (*kept, replace(anchor, changes=anchor.changes.union(*here)))


def before(anchors: Anchors, step: int) -> Anchors:
    """Return the anchors from which a step can be reached."""
    return tuple(each for each in anchors if each.step <= step)


def changes_of(anchors: Sequence[Anchor]) -> frozenset[str]:
    """Return everything that changed at anchors."""
    return frozenset().union(*(each.changes for each in anchors))


def mark_of(anchors: Anchors) -> dict[str, Any] | None:
    """Return what a manifest says of a run that its settings alone do not repeat, or None if they do."""
    changes = changes_of(anchors)
    return {"step": anchors[-1].since, "changes": sorted(changes)} if changes else None


def told(mark: Mapping[str, Any] | None) -> str:
    """Return what a mark says, for messages."""
    assert mark is not None
    return f"was changed at step {mark['step']} ({', '.join(mark['changes'])}), so its settings alone do not repeat it"
