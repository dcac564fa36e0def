"""Removal of the edge policies that a test has registered."""

from __future__ import annotations

from spotnb.tiling.edges import EDGES, POLICIES, put


def forget_edges() -> None:
    """Let this process know spotnb's own edge policies only."""
    for name in set(POLICIES) - set(EDGES):
        put(name, None)
