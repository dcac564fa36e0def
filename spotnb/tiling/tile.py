"""One tile of a layout."""

from __future__ import annotations

from dataclasses import dataclass

Interval = tuple[int, int]
"""`(start, stop)` in latent frames; `stop` is excluded."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One forward pass of the network: the frames it sees and the frames it owns.

    Attributes:
        window: The frames the network sees. A window may start below 0 or end past the latent. There it shows padding,
            or on a ring the other end of the latent; `Layout.frame_at` maps every place in a window to a frame.
        segment: The frames whose prediction is taken from this tile. A segment lies inside its window and starts
            inside the latent. On a ring it may end past T.
    """

    window: Interval
    segment: Interval
