"""Positions of tiles, seams and padding, in whole latent frames.

A tile has two intervals. The network sees its *window*, and the prediction for the frames in its *segment* is taken
from this tile. Methods and edge policies differ only in these two intervals, so the prediction over a layout
(`spotnb.sampling.windows`) depends on neither. All intervals are `(start, stop)`, and `stop` is excluded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from spotnb.support.cards import Card, Shown, count, joined
from spotnb.support.checks import check_int, check_name, show
from spotnb.tiling.config import METHODS, SpotDiffusionConfig, check_config, should_use_spotdiffusion
from spotnb.tiling.edges import POLICIES, EdgePolicy, check_edge
from spotnb.tiling.finish import check_finish_overlap, is_finishing
from spotnb.tiling.limits import MOST_FRAMES, check_size, require_few_cells, require_few_tiles, require_multiple
from spotnb.tiling.picture import tiles_picture
from spotnb.tiling.shares import shares, uncrossed
from spotnb.tiling.shifts import DEFAULT_TIME_MULTIPLE, check_shape, check_step, draw_shift
from spotnb.tiling.tile import Tile, check_tiles

PLANNED = "plan() returns a layout"


@dataclass(frozen=True, repr=False)
class Layout(Shown):
    """The tiles of one step, from whose predictions the noise prediction for the full latent is stitched.

    Attributes:
        frames: The length T of the latent.
        method: The requested method. It was not used if `fallback` is True.
        edge: The name of the edge policy.
        tile_size: The width W of a tile.
        shift: How far the grid is moved, as drawn. The grid repeats after W frames, and a ring after T, so a shift of
            exactly that many frames changes nothing.
        tiles: The tiles from left to right.
        fallback: Whether the latent fits into one tile, so that one window replaces the tiles of `method`.

    Raises:
        InputError: A value is outside its limits, or the segments do not cover the latent.
    """

    frames: int
    method: str
    edge: str
    tile_size: int
    shift: int
    tiles: tuple[Tile, ...]
    fallback: bool = False

    def __post_init__(self) -> None:
        check_size("frames", self.frames, hint=PLANNED)
        check_name("method", self.method, METHODS)
        check_edge(self.edge)
        check_size("tile_size", self.tile_size, hint=PLANNED)
        check_int("shift", self.shift, 0, self.tile_size, hint=PLANNED)
        tiles = self.tiles if isinstance(self.tiles, tuple) else ()
        require_few_tiles(len(tiles))
        check_tiles(tiles, self.frames, ring=self.ring, overlap=self.method in ("spot", "multidiffusion"))

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
        """Return the latent frame that a window shows at position `index`.

        Inside the latent this is the frame itself. Past an end it is the mirrored frame, or on a ring the frame at the
        other end.

        Raises:
            InputError: `index` is neither a whole number nor an array of such.
        """
        if not isinstance(index, np.ndarray) or index.dtype.kind not in "iu":
            index = check_int("index", index, -MOST_FRAMES, 2 * MOST_FRAMES, hint="pass a place in a window")
        frame = self.policy.frame_at(np.asarray(index, np.int64), self.frames)
        return frame if isinstance(index, np.ndarray) else int(frame)

    @property
    def seams(self) -> tuple[int, ...]:
        """The frames at which a segment starts or stops, in ascending order. The ends of the latent are not seams.

        A ring has no ends. Every border counts there, modulo T, including one at 0. Even a single window has a seam,
        because it meets itself.
        """
        borders = {border for tile in self.tiles for border in tile.segment}
        if self.ring:
            return tuple(sorted({border % self.frames for border in borders}))
        return tuple(sorted(borders - {0, self.frames}))

    @property
    def cuts(self) -> tuple[int, ...]:
        """The seams at which the prediction changes abruptly: none in a `blended` layout whose tiles all cross-fade."""
        return uncrossed(self.tiles, self.frames, self.seams) if self.blended else self.seams

    @property
    def pad(self) -> tuple[int, int]:
        """The frames of padding that the windows need before 0 and after T, fewer than T on each side.

        On a ring this is (0, 0), because a window that reaches past one end reads from the other.
        """
        if self.ring:
            return 0, 0
        starts, stops = zip(*(tile.window for tile in self.tiles), strict=True)
        return -min(starts), max(stops) - self.frames  # never negative, because windows cover the latent

    def owner(self, frame: int) -> int:
        """Return the index of the first tile that owns a frame."""
        frame = check_int("frame", frame, 0, self.frames - 1, hint="frames count from 0")
        turns = (frame, frame + self.frames)  # a segment on a ring may end past T
        return next(
            number
            for number, tile in enumerate(self.tiles)
            if any(tile.segment[0] <= place < tile.segment[1] for place in turns)
        )

    @property
    def blended(self) -> bool:
        """Whether the tiles of `spot` overlap and cross-fade, as in the last steps of a run."""
        return self.method == "spot" and sum(tile.segment[1] - tile.segment[0] for tile in self.tiles) > self.frames

    @property
    def widths(self) -> tuple[int, ...]:
        """The width of each window, in frames."""
        return tuple(tile.window[1] - tile.window[0] for tile in self.tiles)

    @property
    def network_frames(self) -> int:
        """The number of frames that the network processes in this step, which is the cost of the step."""
        return sum(self.widths)

    @property
    def coverage(self) -> npt.NDArray[np.int64]:
        """The number of segments that own each frame, `[T]`. It is 1 where tiles do not overlap."""
        # Sum the differences on two turns of the ring and fold them to one, without a loop over tiles times frames.
        starts, stops = np.array([tile.segment for tile in self.tiles], dtype=np.int64).T
        size = 2 * self.frames + 1
        change = np.bincount(starts, minlength=size) - np.bincount(stops, minlength=size)
        owners: npt.NDArray[np.int64] = np.cumsum(change)[:-1].reshape(2, self.frames).sum(axis=0)
        return owners

    @property
    def shares(self) -> list[npt.NDArray[np.float64]]:
        """The share of each tile in the prediction for the frames of its segment, one array per tile.

        A frame that n segments own takes 1/n from each with `multidiffusion` (Bar-Tal et al. 2023, arXiv:2302.08113),
        and the shares of a linear cross-fade if the layout is `blended`.
        """
        return shares(self.tiles, self.frames, ring=self.ring, fade=self.blended)

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        """The share of each tile in the prediction for each frame, `[tiles, T]`. Every column sums to one.

        It is large, half a gigabyte for an hour. `shares` has the same numbers without the zeros.

        Raises:
            InputError: The array would have more than `spotnb.tiling.limits.MOST_CELLS` values.
        """
        require_few_cells(len(self.tiles), self.frames, "tiles")
        weights = np.zeros((len(self.tiles), self.frames))
        for row, tile, share in zip(weights, self.tiles, self.shares, strict=True):
            row[np.arange(*tile.segment) % self.frames] = share
        return weights

    def _text_(self) -> str:
        tiles = f"{count(len(self.tiles), 'tile')} of {self.tile_size}"
        tiles = "one window" if self.fallback or self.method == "full" else tiles
        return joined(self.method, count(self.frames, "frame"), tiles, f"shift {self.shift}", self.edge)

    def _card_(self) -> Card:
        cuts, (before, after) = self.cuts, self.pad
        none = "none, the tiles cross-fade" if self.blended else "none"
        facts = {
            "Seams": f"{len(cuts)}: {show(list(cuts))}" if cuts else none,
            "Padding": f"{before} frames before, {after} after" if before or after else "none",
            "Cost": f"{count(self.network_frames, 'frame')} for the network",
        }
        return Card(repr(self), facts, tiles_picture(self.tiles, self.frames, ring=self.ring))


def plan(
    frames: int,
    config: SpotDiffusionConfig,
    step: int,
    method: str = "spot",
    steps: int | None = None,
    time_multiple: int = DEFAULT_TIME_MULTIPLE,
    *,
    finish_steps: int = 0,
    finish_overlap: int | None = None,
) -> Layout:
    """Plan the tiles of one denoising step.

    The methods are:

    - `spot` is SpotDiffusion (Frolov et al. 2024, arXiv:2407.15507), a grid of tiles of width W =
      `config.tile_size_time` that moves from step to step.
    - `tiles` is the same grid without movement.
    - `multidiffusion` (Bar-Tal et al. 2023, arXiv:2302.08113) places overlapping windows every `W - config.overlap`
      frames. The last window is anchored at the end, and each segment equals its window.
    - `full` is one window over the complete latent.

    In the last `finish_steps` steps, the tiles of `spot` are placed like those of `multidiffusion`, with an overlap of
    `finish_overlap` frames, and cross-fade (see `spotnb.tiling.finish`).

    If the latent fits into one tile, every method is that one window, except on a ring.

    The ring of the edge policy `circular` differs. `spot` and `tiles` cut it into `ceil(T / W)` segments of nearly
    equal length, each centered in a window of width W. `multidiffusion` spreads its windows evenly, with at least the
    configured overlap. A single window (`full`, or a latent that fits into one tile) is turned by the shift, so that
    the place where it meets itself moves too. `tiles` never turns.

    Args:
        frames: The length T of the latent, at most 10 million. A model may require multiples of `time_multiple`.
        config: Tile size, overlap, shifts and edge policy.
        step: The step, counted from 0 in the order in which steps are run.
        method: One of `METHODS`.
        steps: The number of steps of the run. Only the shift schedule `sorted` and `finish_steps` need it.
        time_multiple: The model requires windows whose length is a multiple of this. The default is AudioLDM's 8.
        finish_steps: The number of steps at the end in which the tiles of `spot` overlap.
        finish_overlap: The overlap in those steps, in latent frames. None is a quarter of a tile.

    Returns:
        The layout of the step.

    Raises:
        InputError: A number has the wrong type or is outside its limits, the method is unknown, the tile size is not a
            multiple of `time_multiple`, the overlap does not fit it, the layout would have more than 100,000 tiles, or
            `steps` is missing where it is needed.

    >>> [tile.window for tile in plan(768, SpotDiffusionConfig(), step=0, method="tiles").tiles]
    [(0, 256), (256, 512), (512, 768)]
    """
    frames = check_size("frames", frames, hint="pass the length of the latent in time")
    config = check_config(config)
    method = check_name("method", method, METHODS)
    step, steps = check_step(step, steps)
    time_multiple = check_size("time_multiple", time_multiple, hint="8 is AudioLDM's")
    width = config.tile_size_time
    require_multiple(width, time_multiple)
    policy = config.policy
    overlap = check_finish_overlap(finish_overlap, width)
    one_window = method == "full" or not should_use_spotdiffusion(frames, config)
    finishing = is_finishing(step, steps, finish_steps) and method == "spot" and not one_window
    # SpotDiffusion's grid moves. A single window can turn on a ring only, and a fixed grid stays fixed.
    moves = (method == "spot" and not finishing) or (policy.ring and one_window and method != "tiles")
    shift = draw_shift(config, step, steps, time_multiple, frames) if moves else 0

    overlapping = method == "multidiffusion" or finishing
    stride = width - (overlap if finishing else config.overlap) if overlapping else width
    require_few_tiles(1 if one_window else -(-frames // stride))
    if one_window:
        tiles = [policy.one_window(frames, shift)]
    elif overlapping:
        tiles = policy.overlapping(frames, width, stride)
    else:
        tiles = policy.grid(frames, width, shift, time_multiple)
    fallback = one_window and method != "full" and not policy.ring
    return Layout(frames, method, config.edge, width, shift, tuple(tiles), fallback)


def create_tiles(shape: Sequence[int], config: SpotDiffusionConfig) -> list[tuple[int, int, int, int]]:
    """Return the fixed grid of a latent as tuples `(t_start, t_end, f_start, f_end)`, as in the original notebook.

    Tiles start at the multiples of `config.tile_size_time`, and the last tile is clipped to the latent. Only time is
    tiled: every tile spans all frequency bins.

    Args:
        shape: The shape `[B, C, T, F]` of the latent.
        config: The config, which holds the tile size.

    Raises:
        InputError: The shape is not four whole numbers above 0, or the grid would have more than 100,000 tiles.

    >>> create_tiles([1, 8, 384, 16], SpotDiffusionConfig())
    [(0, 256, 0, 16), (256, 384, 0, 16)]
    """
    _, _, frames, bins = check_shape(shape)
    width = check_config(config).tile_size_time
    require_few_tiles(-(-frames // width))
    return [(start, min(start + width, frames), 0, bins) for start in range(0, frames, width)]
