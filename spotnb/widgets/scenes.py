"""What the scene of a widget says of methods and edge policies, so that JavaScript has no lists of its own."""

from __future__ import annotations

from typing import Any

from spotnb.tiling.config import METHODS
from spotnb.tiling.edges import POLICIES, Anchor, Circular, EdgePolicy, Merge

TILINGS = {EdgePolicy: "grid", Anchor: "anchored", Merge: "merged", Circular: "turned"}
CUTS = ("grid", "overlapping", "one_window", "grain")
"""The methods of an edge policy that decide where it cuts."""


def edge_policies(time_multiple: int) -> dict[str, dict[str, Any]]:
    """Return each edge policy by name: whether it is a ring, the grain of its cuts in frames, and how tiles are cut.

    A policy of a caller's that cuts tiles in a way of its own is left out, because JavaScript cannot follow it.

    >>> edge_policies(8)["merge"]
    {'name': 'merge', 'ring': False, 'grain': 8, 'tiles': 'merged'}
    """
    return {
        name: {"name": name, "ring": policy.ring, "grain": policy.grain(time_multiple), "tiles": tiling}
        for name, policy in POLICIES.items()
        if (tiling := tiling_of(policy)) is not None
    }


def tiling_of(policy: EdgePolicy) -> str | None:
    """Return the name of the algorithm in static/shared/layout.js that cuts the tiles of an edge policy, or None.

    >>> {name: tiling_of(policy) for name, policy in POLICIES.items() if name in ("anchor", "merge")}
    {'anchor': 'anchored', 'merge': 'merged'}
    """
    kind = type(policy)
    for base, tiling in TILINGS.items():
        if kind.ring == base.ring and all(getattr(kind, name) is getattr(base, name) for name in CUTS):
            return tiling
    return None


def method_policies() -> dict[str, dict[str, Any]]:
    """Return each method by name: the kind of its windows, and whether their grid stays where it is."""
    windows = {"multidiffusion": "overlapping", "full": "one"}
    return {name: {"name": name, "windows": windows.get(name, "tiles"), "fixed": name == "tiles"} for name in METHODS}
