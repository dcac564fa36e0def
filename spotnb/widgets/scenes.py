"""What the scene of a widget says of methods and edge policies, so that JavaScript has no lists of its own."""

from __future__ import annotations

from typing import Any

from spotnb.tiling.config import METHODS
from spotnb.tiling.edges import POLICIES, EdgePolicy


def edge_policies(time_multiple: int) -> dict[str, dict[str, Any]]:
    """Return each edge policy by name: whether it is a ring, the grain of its cuts in frames, and how tiles are cut.

    >>> edge_policies(8)["merge"]
    {'name': 'merge', 'ring': False, 'grain': 8, 'tiles': 'merged'}
    """
    return {
        name: {"name": name, "ring": policy.ring, "grain": policy.grain(time_multiple), "tiles": _tiling(policy)}
        for name, policy in POLICIES.items()
    }


def _tiling(policy: EdgePolicy) -> str:
    """Return the name of the algorithm in static/shared/layout.js that cuts the tiles of an edge policy."""
    if policy.ring:
        return "turned"
    if policy.grain(2) > 1:
        return "merged"
    return "anchored" if policy.padding == "none" else "grid"


def method_policies() -> dict[str, dict[str, Any]]:
    """Return each method by name: the kind of its windows, and whether their grid stays where it is."""
    windows = {"multidiffusion": "overlapping", "full": "one"}
    return {name: {"name": name, "windows": windows.get(name, "tiles"), "fixed": name == "tiles"} for name in METHODS}
