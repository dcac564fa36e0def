"""How a solver shows itself: its steps and timesteps."""

from __future__ import annotations

from typing import Any, Protocol

from spotnb.support.cards import Card, Shown, card_of, count, in_line, joined
from spotnb.support.checks import show
from spotnb.support.pictures import TILE, Axis, Picture, ticks


class Scheduled(Protocol):
    """What the card of a solver needs; `spotnb.solvers.protocol.Solver` explains it."""

    name: str
    timesteps: list[int]
    remembers: bool


def solver_text(solver: Scheduled, *words: str | None) -> str:
    """Return what a reader wants to know first about a solver."""
    times = solver.timesteps
    return joined(*words, count(len(times), "step"), f"t {times[0]} to {times[-1]}" if times else None)


def solver_card(solver: Scheduled, **facts: Any) -> Card:
    """Return the card of a solver, with its timesteps as a picture."""
    times = solver.timesteps
    memory = "earlier steps" if solver.remembers else "nothing but the latent"
    facts = {"Name": solver.name, "Timesteps": show(times), "A step depends on": memory, **facts}
    height = min(100, max(24, 4 * len(times)))
    legend = [(TILE, "timestep of each step, from the first at the top to the last")]
    drawing = ticks(Axis(999, 0), times, height, TILE)
    picture = Picture(drawing, height, "The timestep of each step", ("t = 999, noise", "t = 0, sound"), legend)
    head = repr(solver) if isinstance(solver, Shown) else in_line(type(solver).__name__, solver_text(solver))
    return Card(head, facts, picture)


def card_of_solver(solver: Scheduled) -> Card:
    """Return the card of any solver: its own, or for a class that does not show itself that of the protocol."""
    return card_of(solver) if isinstance(solver, Shown) else solver_card(solver)
