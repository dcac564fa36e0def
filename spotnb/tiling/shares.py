"""The share that each tile has in the prediction of the frames that it owns together with others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spotnb.tiling.tile import Interval, Tile


def shares(tiles: Sequence[Tile], frames: int, *, ring: bool, fade: bool) -> list[NDArray[np.float64]]:
    """Return the share of each tile in the frames of its segment, one array per tile. At every frame they sum to one.

    Args:
        tiles: The tiles, whose segments cover the latent.
        frames: The length T of the latent.
        ring: Whether the latent is a ring, so that its ends are not ends.
        fade: Whether tiles give way to each other gradually. The share of a tile is then proportional to the distance
            of a frame from the nearest border of the segment. Where two segments overlap by at most half of their
            length, that is a linear cross-fade. Otherwise all owners of a frame have equal shares.
    """
    parts = [
        _distance(tile.segment, frames, ring=ring) if fade else np.ones(tile.segment[1] - tile.segment[0])
        for tile in tiles
    ]
    total = np.zeros(frames)
    places = [np.arange(*tile.segment) % frames for tile in tiles]
    for place, part in zip(places, parts, strict=True):
        total[place] += part
    return [part / total[place] for place, part in zip(places, parts, strict=True)]


def uncrossed(tiles: Sequence[Tile], frames: int, seams: Sequence[int]) -> tuple[int, ...]:
    """Return the seams that no segment reaches across. On a ring, a segment may end past the length T of the latent."""
    segments = [tile.segment for tile in tiles]
    return tuple(
        seam
        for seam in seams
        if not any(start < place < stop for start, stop in segments for place in (seam, seam + frames))
    )


def _distance(segment: Interval, frames: int, *, ring: bool) -> NDArray[np.float64]:
    """Return the distance of each frame's center from the nearest border of its segment.

    At an end of the latent nothing gives way, so an end is farther away than any border.
    """
    start, stop = segment
    centers = np.arange(start, stop) + 0.5
    left = centers - (start if start or ring else -frames)
    right = (stop if stop != frames or ring else 2 * frames) - centers
    return np.asarray(np.minimum(left, right), np.float64)
