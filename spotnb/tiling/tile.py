"""One tile of a layout, and the rules that the tiles of a layout keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from spotnb.errors import InputError
from spotnb.support.cards import Card, Shown, count

Interval = tuple[int, int]
"""`(start, stop)` in latent frames; `stop` is excluded."""


@dataclass(frozen=True, slots=True, repr=False)
class Tile(Shown):
    """One forward pass of the network: the frames it sees and the frames it owns.

    Attributes:
        window: The frames the network sees. A window may start below 0 or end past the latent. There it shows padding,
            or on a ring the other end of the latent; `Layout.frame_at` maps every place in a window to a frame.
        segment: The frames whose prediction is taken from this tile. A segment lies inside its window and starts
            inside the latent. On a ring it may end past T.
    """

    window: Interval
    segment: Interval

    def _text_(self) -> str:
        return f"window={self.window}, segment={self.segment}"

    def _card_(self) -> Card:
        (seen, end), (start, stop) = self.window, self.segment
        sizes = f"{count(end - seen, 'frame')} seen, {stop - start} kept"
        return Card(repr(self), {"Window": f"{seen} to {end}", "Segment": f"{start} to {stop}", "Size": sizes})


def check_tiles(tiles: Sequence[Tile], frames: int, *, ring: bool, overlap: bool) -> None:
    """Check that tiles fit a latent and that every frame lies in a segment.

    Args:
        tiles: The tiles, in any order.
        frames: The length T of the latent.
        ring: Whether the latent is a ring, on which a segment may end past T.
        overlap: Whether segments may overlap, as with `multidiffusion`.

    Raises:
        InputError: A tile is something else or lies elsewhere, or the segments leave a gap or overlap.
    """
    if not tiles:
        raise InputError("the layout has no tiles: expected at least one; plan() returns a layout")
    for number, tile in enumerate(tiles):
        if not isinstance(tile, Tile) or not _fits(tile, frames, 2 * frames if ring else frames):
            raise InputError(
                f"tile {number} does not fit a latent of {frames} frames: expected a segment inside its window and the "
                "latent, and less than one latent of padding; plan() returns a layout"
            )
    ordered = sorted(tiles, key=attrgetter("segment"))
    first = reached = ordered[0].segment[0]
    for tile in ordered:
        start, stop = tile.segment
        if start > reached or (start < reached and not overlap):
            fault = "leave a gap" if start > reached else "overlap"
            raise InputError(
                f"the segments {fault} at frame {start}: expected each frame once; plan() returns a layout"
            )
        reached = max(reached, stop)
    if (first and not ring) or reached < first + frames or (reached > first + frames and not overlap):
        raise InputError(
            f"the segments go from frame {first} to {reached}: expected all {frames} frames; plan() returns a layout"
        )


def _fits(tile: Tile, frames: int, last: int) -> bool:
    try:
        (seen, end), (start, stop) = tile.window, tile.segment
        if not type(seen) is type(end) is type(start) is type(stop) is int:
            return False
    except (TypeError, ValueError):
        return False
    owned = 0 <= start < frames and start < stop <= min(last, start + frames)
    return owned and -frames < seen <= start and stop <= end <= 2 * frames
