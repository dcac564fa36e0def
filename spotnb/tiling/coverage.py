"""Seam positions over an entire run, and the distance of each frame to its nearest seam.

These numbers show the idea of SpotDiffusion. With a fixed grid (`tiles`), a few frames lie at a seam in every step, and
the network never sees both sides of that seam together. With a shifted grid (`spot`), a frame is near a seam in a few
steps at most, and lies well inside a tile in all others.

A seam is a border: seam s lies between frames s - 1 and s, and both frames are at distance 0 from it. Steps in which
tiles cross-fade have none, because some tile sees both sides of every border (`Layout.cuts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError, SpotnbError
from spotnb.support.cards import Card, Shown, count
from spotnb.support.checks import check_int, show
from spotnb.support.pictures import SEAM, Picture, bins, profile
from spotnb.tiling.layout import Layout
from spotnb.tiling.limits import MOST_STEPS, require_few_cells


class HasLayout(Protocol):
    """An object with a layout, such as a `Step` or a `StepRecord`."""

    @property
    def layout(self) -> Layout:
        """The tiles of the step."""
        ...


Layouts = Layout | HasLayout | Iterable[Layout | HasLayout]
"""The layouts of one step or several."""


@dataclass(frozen=True, eq=False, repr=False)
class Coverage(Shown):
    """Distance of each of T frames to its nearest seam, in each step of a run. The arrays are read-only.

    Attributes:
        distance: `[steps, T]`, the number of frames between a frame and its nearest seam, 0 for the two frames that
            touch the seam. With the `circular` edge policy, distances wrap around the ends. If a step has no seam, the
            value is T, which is larger than any distance.
        seams: `[T]`, the histogram of seam positions: `seams[s]` is the number of steps with a seam between frames
            s - 1 and s. With the `circular` edge policy, `seams[0]` is the seam between the last frame and the first;
            otherwise it is 0, because the ends are not seams.
        near: Largest distance, in latent frames, that `counts` considers near.
    """

    distance: NDArray[np.int64]
    seams: NDArray[np.int64]
    near: int = 0

    @property
    def steps(self) -> int:
        """The number of steps."""
        return len(self.distance)

    @property
    def counts(self) -> NDArray[np.int64]:
        """`[T]`, the number of steps in which each frame had a seam within `near` frames."""
        return self.within(self.near)

    def within(self, near: int) -> NDArray[np.int64]:
        """Return `[T]`, the number of steps in which each frame had a seam within `near` frames.

        Raises:
            InputError: `near` is not a whole number from 0 to T - 1.
        """
        near = _check_near(near, self.distance.shape[1])
        return np.asarray(np.count_nonzero(self.distance <= near, axis=0), np.int64)

    def _text_(self) -> str:
        steps, frames = self.distance.shape
        return f"{count(steps, 'step')} of {count(frames, 'frame')}, near={self.near}"

    def _card_(self) -> Card:
        counts, steps = self.counts, max(1, self.steps)
        most = int(counts.max())
        facts = {
            "Seams": f"{int(self.seams.sum())} at {count(int(np.count_nonzero(self.seams)), 'place')}",
            "Most often": f"frame {int(counts.argmax())}, in {most} of {self.steps} steps" if most else None,
            "Never": f"{int((counts == 0).mean() * 100)} % of the frames",
        }
        shares = [float(counts[a:b].max()) / steps for a, b in bins(len(counts), 300)]
        drawing = profile([0.0] * len(shares), shares, 0, 1, 60, SEAM)
        within = "" if not self.near else f" within {self.near} frames"
        legend = [(SEAM, f"share of the steps with a seam{within}; the full height is all of them")]
        label = "How often each frame is near a seam"
        return Card(repr(self), facts, Picture(drawing, 60, label, ("frame 0", f"frame {len(counts)}"), legend))


def coverage(layouts: Layouts, near: int = 0) -> Coverage:
    """Compute how near each frame was to a seam, and how often.

    Memory and time grow with steps x T, which must be at most 200 million.

    Args:
        layouts: The layouts of the steps of a run, in any form that `run_steps` accepts, such as a trace that kept
            every step.
        near: Distance that `Coverage.counts` uses, in latent frames, from 0 to T - 1. The default of 0 counts only
            the two frames that touch a seam, which the network does not see together in that step.

    Returns:
        The distances, the histogram of seam positions, and the counts.

    Raises:
        InputError: As for `run_steps`, `near` is out of range, or the steps and frames are too many.

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
    require_few_cells(len(run), frames, "steps")
    distance = np.stack([_distance(layout) for layout in run])
    seams = np.bincount([cut for layout in run for cut in layout.cuts], minlength=frames)
    for array in (distance, seams):
        array.flags.writeable = False
    return Coverage(distance, seams, near)


def run_layouts(layouts: Layouts) -> list[Layout]:
    """Return the layouts of the steps of a run, in any form that `run_steps` accepts."""
    return [layout for _, layout in run_steps(layouts)]


def run_steps(layouts: Layouts) -> list[tuple[int, Layout]]:
    """Return the step numbers of a run and their layouts, all of the same length.

    Args:
        layouts: One item or several: a `Layout`, numbered from 0 in the order given, or an object with a `.layout` that
            knows its step, such as a `StepRecord` of a trace or a `Step`.

    Raises:
        InputError: There are no layouts or more than 10,000, an item is something else, or the lengths differ. A
            sampler is rejected too, because iterating over it would run it.
    """
    if isinstance(layouts, Iterator) and hasattr(layouts, "trace"):
        raise InputError(f"layouts is a {type(layouts).__name__}, and iterating over it would run it: pass its .trace")
    single = isinstance(layouts, Layout) or hasattr(layouts, "layout")
    if not single and not isinstance(layouts, Iterable):
        raise InputError(f"layouts is {show(layouts)}: expected the layouts of a run; pass a list or a trace")
    run: list[tuple[int, Layout]] = []
    try:
        items = [layouts] if single else list(islice(iter(layouts), MOST_STEPS + 1))  # type: ignore[arg-type]
    except SpotnbError:  # a trace whose file is damaged
        raise
    except Exception:  # whatever a caller's own class raises
        raise InputError(f"layouts is {show(layouts)}: expected the layouts of a run; pass a list or a trace") from None
    for index, item in enumerate(items):
        layout = getattr(item, "layout", item)
        if not isinstance(layout, Layout):
            raise InputError(
                f"item {index} is {show(item)}: expected a Layout or an object with one; plan() returns a Layout"
            )
        # A record has `step`, a Step has `index`.
        run.append((getattr(item, "step", getattr(item, "index", index)), layout))
    if len(run) > MOST_STEPS:
        raise InputError(f"layouts has more than {MOST_STEPS} items: expected the layouts of one run; pass fewer")
    if not run:
        raise InputError("layouts is empty: expected at least one step; a trace is empty before the first step")
    if len(lengths := sorted({layout.frames for _, layout in run})) > 1:
        raise InputError(
            f"the layouts have {show(lengths)} frames: expected the layouts of one run; pass one length at a time"
        )
    return run


def _distance(layout: Layout) -> NDArray[np.int64]:
    """Return `[T]`, the distance of each frame to the nearest seam of one step."""
    frames, seams = layout.frames, np.array(layout.cuts, np.int64)
    if not seams.size:
        return np.full(frames, frames, np.int64)
    # One more border on each side: the neighbor across the ends of a ring, or one too far away to be the nearest.
    before, after = (seams[-1] - frames, seams[0] + frames) if layout.ring else (-frames, 2 * frames)
    borders = np.concatenate([[before], seams, [after]])
    frame = np.arange(frames)
    right = np.searchsorted(borders, frame, side="right")
    return np.asarray(np.minimum(frame - borders[right - 1], borders[right] - 1 - frame), np.int64)


def _check_near(near: object, frames: int) -> int:
    return check_int("near", near, 0, frames - 1, hint="0 counts only the two frames that touch a seam")
