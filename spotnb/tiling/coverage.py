"""Where the seams of a whole run fall, and how near each frame was to one.

The idea of SpotDiffusion in numbers: with a fixed grid (`tiles`), a few frames lie at a seam in every step, and no step
ever shows the network what is on both sides of it; with a grid that moves (`spot`), a frame has a seam
nearby in a few steps, if any, and lies well inside a tile in all others.

A seam is a border, so seam s lies between the frames s - 1 and s, and both of them are at distance 0 from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError
from spotnb.support.checks import check_int, show
from spotnb.tiling.layout import Layout


@dataclass(frozen=True, eq=False)
class Coverage:
    """How near each of T frames was to a seam in each of a run's steps. Arrays are read-only.

    Attributes:
        distance: `[steps, T]`, how many frames lie between a frame and its nearest seam; 0 for the two that touch it.
            On a ring, around it too. T, which no distance can be, where a step has no seam.
        seams: `[T]`, the histogram of seam positions: `seams[s]` steps cut between the frames s - 1 and s. On a ring,
            `seams[0]` is the border between the last frame and the first; elsewhere it is 0, for the ends are no seams.
        near: the distance that `counts` takes for near.
    """

    distance: NDArray[np.int64]
    seams: NDArray[np.int64]
    near: int = 0

    @property
    def steps(self) -> int:
        return len(self.distance)

    @property
    def counts(self) -> NDArray[np.int64]:
        """`[T]`: in how many steps each frame had a seam within `near` frames."""
        return self.within(self.near)

    def within(self, near: int) -> NDArray[np.int64]:
        """`[T]`: in how many steps each frame had a seam within `near` frames, 0 to T - 1. Else `InputError`."""
        near = _check_near(near, self.distance.shape[1])
        return np.asarray(np.count_nonzero(self.distance <= near, axis=0), np.int64)


def coverage(layouts: Any, near: int = 0) -> Coverage:
    """How often each frame was how near to a seam.

    `layouts`: those of a run's steps, as `run_layouts` takes them: a trace will do, where it kept every step.
    `near`: what `Coverage.counts` counts, in latent frames (40 ms), 0 to T - 1. By default only the two frames that
    touch a seam: the ones that the network never sees side by side in that step.

    Takes memory and time of the order of steps x T. Raises `InputError` as `run_layouts` does, and for another `near`.

    >>> from spotnb import SpotDiffusionConfig, plan
    >>> config = SpotDiffusionConfig(tile_size_time=8)
    >>> coverage([plan(32, config, step, method="tiles") for step in range(10)]).counts[6:18].tolist()
    [0, 10, 10, 0, 0, 0, 0, 0, 0, 10, 10, 0]
    >>> coverage([plan(32, config, step, method="spot") for step in range(10)]).counts[6:18].tolist()
    [0, 1, 3, 4, 3, 5, 4, 0, 0, 1, 3, 4]
    """
    run = run_layouts(layouts)
    frames = run[0].frames
    near = _check_near(near, frames)
    distance = np.stack([_distance(layout) for layout in run])
    seams = np.bincount([seam for layout in run for seam in layout.seams], minlength=frames)
    for array in (distance, seams):
        array.flags.writeable = False
    return Coverage(distance, seams, near)


def run_layouts(layouts: Any) -> list[Layout]:
    """The layouts of a run's steps, as `run_steps` finds them."""
    return [layout for _, layout in run_steps(layouts)]


def run_steps(layouts: Any) -> list[tuple[int, Layout]]:
    """The steps of a run and their layouts, all of one length, from anything that has them.

    `layouts`: layouts, which are counted from 0, or things with a `.layout` that know their step (the records of a
    trace, steps), one after the other or just one.
    Raises `InputError` if there is none, something else among them, or if they are of different lengths; and for a
    sampler, which looping over would run.
    """
    if isinstance(layouts, Iterator) and hasattr(layouts, "trace"):
        raise InputError(f"layouts are a {type(layouts).__name__}, and looping over it would run it: pass its .trace")
    single = isinstance(layouts, Layout) or hasattr(layouts, "layout")
    if not single and not isinstance(layouts, Iterable):
        raise InputError(f"layouts are {show(layouts)}: expected those of a run's steps; pass a list or a trace")
    run: list[tuple[int, Layout]] = []
    for index, item in enumerate([layouts] if single else layouts):
        layout = getattr(item, "layout", item)
        if not isinstance(layout, Layout):
            raise InputError(f"item {index} is {show(item)}: expected a Layout or what has one; plan() makes them")
        run.append((getattr(item, "step", getattr(item, "index", index)), layout))  # a record's, a step's, or counted
    if not run:
        raise InputError("layouts are empty: expected those of at least one step; a trace has none before the first")
    if len(lengths := sorted({layout.frames for _, layout in run})) > 1:
        raise InputError(f"layouts are of {show(lengths)} frames: expected those of one run; pass one length at a time")
    return run


def _distance(layout: Layout) -> NDArray[np.int64]:
    """`[T]`: frames between each frame and the nearest seam of one step."""
    frames, seams = layout.frames, np.array(layout.seams, np.int64)
    if not seams.size:
        return np.full(frames, frames, np.int64)
    # One more border on either side: around the ring, or too far off to be the nearest.
    before, after = (seams[-1] - frames, seams[0] + frames) if layout.ring else (-frames, 2 * frames)
    borders = np.concatenate([[before], seams, [after]])
    frame = np.arange(frames)
    right = np.searchsorted(borders, frame, side="right")
    return np.asarray(np.minimum(frame - borders[right - 1], borders[right] - 1 - frame), np.int64)


def _check_near(near: object, frames: int) -> int:
    return check_int("near", near, 0, frames - 1, hint="0 is the two frames that touch a seam")
