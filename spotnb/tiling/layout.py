"""Where tiles, shifts, seams and padding fall, in whole latent frames.

A tile has two intervals. Its *window* is what the network sees; its *segment* is what it owns, the frames whose
prediction is taken from it. Every method and every edge policy is a choice of these two and nothing else, so the
prediction over a layout (`spotnb.sampling.windows`) needs to know neither. All intervals are `(start, stop)`, stop
excluded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from spotnb.errors import InputError
from spotnb.support.checks import check_int, check_name
from spotnb.tiling.config import METHODS, SpotDiffusionConfig, should_use_spotdiffusion
from spotnb.tiling.edges import POLICIES, EdgePolicy
from spotnb.tiling.shifts import DEFAULT_TIME_MULTIPLE, check_shape, check_step, draw_shift
from spotnb.tiling.tile import Tile


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
    def policy(self) -> EdgePolicy:
        """The edge policy named by `edge`."""
        return POLICIES[self.edge]

    @property
    def ring(self) -> bool:
        """Whether the latent is a ring, whose end is joined to its start."""
        return self.policy.ring

    @overload
    def frame_at(self, index: int) -> int: ...
    @overload
    def frame_at(self, index: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]: ...
    def frame_at(self, index: int | npt.NDArray[np.int64]) -> int | npt.NDArray[np.int64]:
        """Return the latent frame shown at place `index` of a window.

        Inside the latent that is the frame itself. Past an end it is the frame that is mirrored there or, on a ring,
        the frame around it.
        """
        found = self.policy.frame_at(np.asarray(index, np.int64), self.frames)
        return found if isinstance(index, np.ndarray) else int(found)

    @property
    def seams(self) -> tuple[int, ...]:
        """Frames at which a segment starts or stops, ascending, strictly inside `(0, T)`: the ends are not seams.

        A ring has no ends. There every border counts, modulo T, including one at 0; so even a single window, which
        meets itself, has a seam.
        """
        borders = {border for tile in self.tiles for border in tile.segment}
        if self.ring:
            return tuple(sorted({border % self.frames for border in borders}))
        return tuple(sorted(borders - {0, self.frames}))

    @property
    def pad(self) -> tuple[int, int]:
        """Frames of padding that the windows need before 0 and after T; fewer than T on each side.

        On a ring it is (0, 0): a window that reaches past one end reads from the other.
        """
        if self.ring:
            return 0, 0
        starts, stops = zip(*(tile.window for tile in self.tiles), strict=True)
        return -min(starts), max(stops) - self.frames  # windows cover the latent: neither is ever negative

    def owner(self, frame: int) -> int:
        """Return the number of the first tile that owns a frame."""
        turns = (frame, frame + self.frames)  # a segment on a ring may end past T
        return next(
            number
            for number, tile in enumerate(self.tiles)
            if any(tile.segment[0] <= place < tile.segment[1] for place in turns)
        )

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

    policy = config.policy
    one_window = method == "full" or not should_use_spotdiffusion(frames, config)
    # SpotDiffusion's grid moves. A lone window can only turn on a ring, and a fixed grid stays fixed.
    moves = method == "spot" or (policy.ring and one_window and method != "tiles")
    shift = draw_shift(config, step, steps, time_multiple, frames) if moves else 0

    if one_window:
        tiles = [policy.one_window(frames, shift)]
    elif method == "multidiffusion":
        tiles = policy.overlapping(frames, width, width - config.overlap)
    else:
        tiles = policy.grid(frames, width, shift, time_multiple)
    fallback = one_window and method != "full" and not policy.ring
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
