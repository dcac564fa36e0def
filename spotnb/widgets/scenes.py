"""What the widgets' JavaScript is told of methods and edge policies, so that it holds no lists of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from spotnb.config import METHODS


@dataclass(frozen=True)
class _Edge:
    """As much of an edge policy as a picture needs."""

    name: str
    ring: bool = False
    pads: str = "nothing"
    merges: bool = False

    def grain(self, time_multiple: int) -> int:
        return time_multiple if self.merges else 1


_POLICIES = (
    _Edge("reflect", pads="clean estimate"),
    _Edge("anchor"),
    _Edge("merge", merges=True),
    _Edge("circular", ring=True),
    _Edge("reflect_noisy", pads="noisy latent"),
)
EDGES: Final = {edge.name: edge for edge in _POLICIES}


def edge_policies(time_multiple: int) -> dict[str, dict[str, Any]]:
    """Each edge policy by name: whether it is a ring, the grain of its cuts in frames, and how its tiles are cut.

    >>> edge_policies(8)["merge"]
    {'name': 'merge', 'ring': False, 'grain': 8, 'tiles': 'merged'}
    """
    return {
        name: {"name": name, "ring": edge.ring, "grain": edge.grain(time_multiple), "tiles": _tiling(edge)}
        for name, edge in EDGES.items()
    }


def _tiling(edge: Any) -> str:
    """Which of the algorithms in static/shared/layout.js cuts the tiles of an edge policy."""
    if edge.ring:
        return "turned"
    if edge.grain(2) > 1:
        return "merged"
    return "anchored" if edge.pads == "nothing" else "grid"


def method_policies() -> dict[str, dict[str, Any]]:
    """Each method by name: the kind of its windows, and whether their grid stays where it is."""
    windows = {"multidiffusion": "overlapping", "full": "one"}
    return {name: {"name": name, "windows": windows.get(name, "tiles"), "fixed": name == "tiles"} for name in METHODS}
