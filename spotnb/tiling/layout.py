"""Where tiles, shifts, seams and padding fall, in whole latent frames.

A tile has two intervals. Its *window* is what the network sees; its *segment* is what it owns, the frames whose
prediction is taken from it. Every method and every edge policy is a choice of these two and nothing else, so the
prediction over a layout (`spotnb.sampling.windows`) needs to know neither. All intervals are `(start, stop)`, stop
excluded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotnb.errors import InputError
from spotnb.support.checks import check_int, check_name
from spotnb.tiling.config import METHODS, SpotDiffusionConfig, should_use_spotdiffusion
from spotnb.tiling.shifts import DEFAULT_TIME_MULTIPLE, check_shape, check_step, draw_shift

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tile:
    """One forward pass of the network: what it sees, and what it owns.

    Attributes:
        window: frames seen. It may start below 0 or end past the latent: that is padding, and on the ring of the edge
            `circular` it is the other end of the latent (frame `i` is frame `i % T`).
        segment: frames owned, always inside the window. It starts inside the latent; on the ring it may end past T.
    """

    window: Interval
    segment: Interval


@dataclass(frozen=True)
class Layout:
    """How one step's noise prediction is put together from tiles.

    Attributes:
        frames: T, the length of the latent.
        method: as asked; `fallback` tells whether it was used.
        edge: the edge policy.
        tile_size: W.
        shift: how far the grid is moved, as drawn. The grid repeats after W frames, and a ring after T, so a shift of
            just that moves nothing.
        tiles: from left to right.
        fallback: True where the latent fits one tile, so that plain DDIM in one window does what `method` was to do.
    """

    frames: int
    method: str
    edge: str
    tile_size: int
    shift: int
    tiles: tuple[Tile, ...]
    fallback: bool = False

    @property
    def seams(self) -> tuple[int, ...]:
        """Frames at which a segment starts or stops, ascending, strictly inside `(0, T)`: the ends are no seams.

        A ring has no ends. With the edge `circular` every border counts, modulo T, and 0 is one of them if a border
        is there; so even a single window, which meets itself, has a seam.
        """
        borders = {border for tile in self.tiles for border in tile.segment}
        if self.edge == "circular":
            return tuple(sorted({border % self.frames for border in borders}))
        return tuple(sorted(borders - {0, self.frames}))

    @property
    def pad(self) -> tuple[int, int]:
        """Frames of padding that the windows need before 0 and after T; never as many as T itself.

        On a ring it is (0, 0): a window that reaches past an end reads the other one.
        """
        if self.edge == "circular":
            return 0, 0
        starts, stops = zip(*(tile.window for tile in self.tiles), strict=True)
        return -min(starts), max(stops) - self.frames  # windows cover the latent: neither is ever negative

    @property
    def widths(self) -> tuple[int, ...]:
        """Frames of each window."""
        return tuple(tile.window[1] - tile.window[0] for tile in self.tiles)

    @property
    def network_frames(self) -> int:
        """Frames the network is run over in one step: what the step costs."""
        return sum(self.widths)

    @property
    def coverage(self) -> npt.NDArray[np.int64]:
        """`[T]`: how many segments own each frame. One everywhere, but for `multidiffusion`."""
        # Differences on two turns of the ring, summed up and folded to one: no loop over tiles times frames.
        starts, stops = np.array([tile.segment for tile in self.tiles], dtype=np.int64).T
        size = 2 * self.frames + 1
        change = np.bincount(starts, minlength=size) - np.bincount(stops, minlength=size)
        owners: npt.NDArray[np.int64] = np.cumsum(change)[:-1].reshape(2, self.frames).sum(axis=0)
        return owners

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        """`[tiles, T]`: each tile's share in each frame's prediction. Every column sums to one.

        A frame owned by n segments takes 1/n from each (MultiDiffusion, Bar-Tal et al. 2023, arXiv:2302.08113); with
        the other methods that is the indicator of the segment. Built anew at each request, because it is large: half
        a gigabyte for an hour. `coverage` says the same in T numbers.
        """
        share = 1.0 / self.coverage
        weights = np.zeros((len(self.tiles), self.frames))
        for row, tile in zip(weights, self.tiles, strict=True):
            owned = np.arange(*tile.segment) % self.frames
            row[owned] = share[owned]
        return weights


def plan(
    frames: int,
    config: SpotDiffusionConfig,
    step: int,
    method: str = "spot",
    steps: int | None = None,
    time_multiple: int = DEFAULT_TIME_MULTIPLE,
) -> Layout:
    """Lay out the tiles of one denoising step.

    `spot` is SpotDiffusion (Frolov et al. 2024, arXiv:2407.15507): a grid of tiles, W = `config.tile_size_time` wide,
    that moves from step to step. `tiles` is the same grid, never moved. `multidiffusion` (Bar-Tal et al. 2023,
    arXiv:2302.08113) lays overlapping windows every `W - config.overlap` frames, the last one anchored at the end;
    each segment is its whole window. `full` is one window over everything. Where the latent fits one tile, every
    method but on a ring is that one window.

    On the ring of the edge `circular`, `spot` and `tiles` cut `ceil(T / W)` near-equal segments and see each through
    a window of W centred on it; `multidiffusion` spreads its windows evenly, overlapping by at least what was asked.
    One window, be it `full` or a latent that fits a tile, is turned by the shift, so that the place where it meets
    itself wanders too; `tiles` alone never turns.

    Args:
        frames: T, the length of the latent; any, though a model may take only multiples of `time_multiple`.
        config: tile size, overlap, shifts and edge policy.
        step: counted from 0, in the order the steps are run.
        method: one of `METHODS`.
        steps: how many steps the run has; needed by the shift schedule `sorted` only.
        time_multiple: the model's: windows are W long, or with the edge `merge` cut at its multiples. 8 is AudioLDM's.

    Raises:
        InputError: a number is of the wrong kind or outside its limits, the method is unknown, the tile size is no
            multiple of `time_multiple`, or `sorted` is asked for without `steps`.

    >>> [tile.window for tile in plan(768, SpotDiffusionConfig(), step=0, method="tiles").tiles]
    [(0, 256), (256, 512), (512, 768)]
    """
    frames = check_int("frames", frames, 1, hint="give the length of the latent in time")
    method = check_name("method", method, METHODS)
    step, steps = check_step(step, steps)
    time_multiple = check_int("time_multiple", time_multiple, 1, hint="8 is AudioLDM's")
    width = config.tile_size_time
    if width % time_multiple:
        down, up = width // time_multiple * time_multiple, -(-width // time_multiple) * time_multiple
        raise InputError(
            f"tile_size_time is {width}: expected a multiple of {time_multiple}, the model's time_multiple; "
            f"take {f'{down} or {up}' if down else up}"
        )

    ring = config.edge == "circular"
    one_window = method == "full" or not should_use_spotdiffusion(frames, config)
    # A grid moves if it is SpotDiffusion's; a lone window can only turn on a ring, and a fixed grid stays fixed.
    moves = method == "spot" or (ring and one_window and method != "tiles")
    shift = draw_shift(config, step, steps, time_multiple, frames) if moves else 0

    if one_window:
        start = shift % frames if ring else 0
        tiles = [Tile((start, start + frames), (start, start + frames))]
    elif method == "multidiffusion":
        tiles = _overlapping(frames, width, width - config.overlap, ring)
    elif ring:
        tiles = _ring(frames, width, shift)
    elif config.edge == "merge":
        tiles = _merged(frames, width, shift, time_multiple)
    else:
        tiles = _grid(frames, width, shift, anchored=config.edge == "anchor")
    fallback = one_window and method != "full" and not ring
    return Layout(frames, method, config.edge, width, shift, tuple(tiles), fallback)


def create_tiles(shape: Sequence[int], config: SpotDiffusionConfig) -> list[tuple[int, int, int, int]]:
    """The fixed grid of a latent, as `(t_start, t_end, f_start, f_end)`: the original notebook's form.

    Tiles start at the multiples of `config.tile_size_time`, the last one is clipped to the latent, and each spans
    every frequency bin: only time is tiled.

    Args:
        shape: `[B, C, T, F]` of the latent.
        config: gives the tile size.

    Raises:
        InputError: the shape is not four whole numbers above 0.

    >>> create_tiles([1, 8, 384, 16], SpotDiffusionConfig())
    [(0, 256, 0, 16), (256, 384, 0, 16)]
    """
    _, _, frames, bins = check_shape(shape)
    width = config.tile_size_time
    return [(start, min(start + width, frames), 0, bins) for start in range(0, frames, width)]


def _grid(frames: int, width: int, shift: int, anchored: bool) -> list[Tile]:
    """Cells at `shift + k * width`; a segment is what of its cell lies inside the latent, a window the whole cell.

    Anchored windows are pushed back inside, so that a short segment at an end borrows real neighbours.
    """
    tiles = []
    for cell in range(-(-shift % width), frames, width):
        start = min(max(cell, 0), frames - width) if anchored else cell
        tiles.append(Tile((start, start + width), (max(cell, 0), min(cell + width, frames))))
    return tiles


def _merged(frames: int, width: int, shift: int, multiple: int) -> list[Tile]:
    """Cells as in `_grid`, but one that is less than half inside the latent joins its neighbour.

    No frame is seen twice and none is padded, so a step costs exactly T. `shift` is a multiple of `multiple`, and so
    is every cut; where T is none, the last window's length is none either. Windows are W/2 to 3W/2 long, to within
    `multiple`; so a latent hardly longer than W may stay whole, where the only cut would be rounded down to 0.
    """
    first = shift if 2 * shift >= width else shift + width
    last = (2 * frames - width) // 2  # floor(T - W/2): a cut beyond it leaves less than half a tile
    cuts = list(range(first, last + 1, width))
    if not cuts and (only := last // multiple * multiple):
        cuts = [only]
    return [Tile(part, part) for part in zip([0, *cuts], [*cuts, frames], strict=True)]


def _ring(frames: int, width: int, shift: int) -> list[Tile]:
    """`ceil(T / W)` segments of near-equal length, turned by `shift`, each in the middle of its window."""
    count = -(-frames // width)
    tiles = []
    for k in range(count):
        begin, end = k * frames // count, (k + 1) * frames // count
        start, length = (begin + shift) % frames, end - begin
        seen = start - (width - length) // 2
        tiles.append(Tile((seen, seen + width), (start, start + length)))
    return sorted(tiles, key=lambda tile: tile.segment)


def _overlapping(frames: int, width: int, stride: int, ring: bool) -> list[Tile]:
    """Windows every `stride` frames, the last anchored at T; on a ring evenly spread and no further apart."""
    if ring:
        count = -(-frames // stride)
        starts = [k * frames // count for k in range(count)]
    else:
        starts = [*range(0, frames - width, stride), frames - width]
    return [Tile(part, part) for part in ((start, start + width) for start in starts)]
