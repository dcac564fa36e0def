"""The picture of a layout in its card: windows and the segments in them as bars, seams and ends as lines."""

from __future__ import annotations

from collections.abc import Sequence

from spotnb.support.pictures import PALE, SEAM, TILE, Axis, Picture, bars, lines
from spotnb.tiling.tile import Interval, Tile

MOST_TILES = 120
"""Tiles of a picture. Of a longer layout, it shows the first ones."""
MOST_LANES, LANE = 4, 22


def tiles_picture(tiles: Sequence[Tile], frames: int, *, ring: bool = False) -> Picture:
    """Return a picture of tiles, in as many lanes as it takes for windows not to overlap.

    Args:
        tiles: The tiles from left to right.
        frames: The length T of the latent.
        ring: Whether the end of the latent is joined to its start, so that every border is a seam.
    """
    shown = list(tiles[:MOST_TILES])
    axis = Axis(min(tile.window[0] for tile in shown), max(tile.window[1] for tile in shown))
    lanes = _lanes(shown)
    drawing = ""
    for number, lane in enumerate(lanes):
        y = number * LANE
        drawing += bars(axis, [part for tile in lane for part in _unowned(tile)], y + 8, LANE - 16, PALE)
        drawing += bars(axis, [tile.segment for tile in lane[::2]], y + 5, LANE - 10, TILE)
        drawing += bars(axis, [tile.segment for tile in lane[1::2]], y + 5, LANE - 10, TILE, 0.6)
    height = len(lanes) * LANE
    borders = {border for tile in shown for border in tile.segment}
    drawing += lines(axis, sorted(borders if ring else borders - {0, frames}), 0, height, SEAM)
    drawing += lines(axis, [end for end in (0, frames) if end <= axis.high], 0, height, "currentColor", dashed=True)
    legend = [(TILE, "segment"), (PALE, "rest of the window"), (SEAM, "seam"), ("currentColor", "end of the latent")]
    if len(shown) < len(tiles):
        legend.append(("none", f"the first {MOST_TILES} of {len(tiles)} tiles"))
    ends = f"frame {int(axis.low)}", f"frame {int(axis.high)}"
    return Picture(drawing, height, f"{len(shown)} windows with their segments", ends, legend)


def _unowned(tile: Tile) -> list[Interval]:
    """Return the parts of a window before and after its segment."""
    (seen, end), (start, stop) = tile.window, tile.segment
    return [part for part in ((seen, start), (stop, end)) if part[0] < part[1]]


def _lanes(tiles: Sequence[Tile]) -> list[list[Tile]]:
    """Divide tiles among lanes, so that the windows of a lane do not overlap, as far as `MOST_LANES` allow it."""
    lanes: list[list[Tile]] = [[]]
    for tile in sorted(tiles, key=lambda each: each.window):
        free = next((lane for lane in lanes if not lane or lane[-1].window[1] <= tile.window[0]), None)
        if free is None and len(lanes) < MOST_LANES:
            lanes.append(free := [])
        (free if free is not None else lanes[-1]).append(tile)
    return lanes
