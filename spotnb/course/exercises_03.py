"""Exercises of notebook 03: where shifted tiles meet, which frames never touch a seam, and what the tiles cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import function, number
from spotnb.course.near import seconds_for_frames
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.coverage import coverage
from spotnb.tiling.layout import plan

W, STEPS, FRAMES = 128, 25, 768


def borders(s: int, T: int, W: int) -> list[int]:
    """Return the seams of a grid shifted by `s`."""
    return [border for border in range(s % W, T, W) if border]


def undo(rolled: Any, shift: int, pad: int) -> Any:
    """Undo a roll by `shift` and a padding by `pad`."""
    return np.roll(rolled, -shift)[pad : len(rolled) - pad]


def _untouched() -> float:
    """Return the fraction of a tile's frames that never touch a seam with shifts up to a quarter of a tile."""
    # The golden-ratio schedule visits every shift within this number of steps, like an endless run.
    config = SpotDiffusionConfig(W, max_shift_ratio=0.25, shift_schedule="fibonacci")
    layouts = [plan(4 * W, config, step) for step in range(4 * config.max_shift)]
    return float((coverage(layouts).counts[W : 2 * W] == 0).mean())


def _bill(finish: int) -> int:
    config = SpotDiffusionConfig(W, shift_schedule="alternate")
    return sum(plan(FRAMES, config, step, steps=STEPS, finish_steps=finish).network_frames for step in range(STEPS))


def _padded(frames: int, shift: int, pad: int) -> tuple[Any, ...]:
    return np.roll(np.pad(np.arange(1, frames + 1), pad, mode="reflect"), shift), shift, pad


FIXED, MOVED = FRAMES, FRAMES + W
FINISH = 2 * 8 * W
"""The frames of the last two steps, in which eight windows overlap."""
BILL = _bill(2)

EXERCISES = (
    Exercise(
        function(
            borders,
            [(40, 512, 128), (40, 500, 128), (0, 512, 128), (128, 512, 128), (100, 300, 128), (0, 128, 128)],
            slips=[
                (lambda s, T, W: list(range(W, T, W)), "That is the fixed grid: it does not use the shift."),
                (
                    lambda s, T, W: list(range(s, T, W)),
                    "Without a shift, that includes 0, which is the start of the sound: nothing meets there.",
                ),
                (
                    lambda s, T, W: list(range(s % W, T, W)),
                    "Without a shift, that includes 0, which is the start of the sound: nothing meets there.",
                ),
                (
                    lambda s, T, W: list(range(s + W, T, W)),
                    "The first one is missing: a shift leaves a short segment at the start, which ends at s.",
                ),
                (
                    lambda s, T, W: [border for border in range(-s % W, T, W) if border],
                    "That grid is moved to the left, but a shift moves it to the right.",
                ),
                (
                    lambda s, T, W: [0, *borders(s, T, W), T],
                    "The ends of the sound are not seams: nothing meets there.",
                ),
                (
                    lambda s, T, W: [s + k * W for k in range(T // W) if 0 < s + k * W < T],
                    "There may be one more than T // W full tiles have: continue as long as s + k W is inside.",
                ),
            ],
        ),
        "They are s, s + W, s + 2 W and so on, if they lie strictly between 0 and T; a shift of W is like no shift.",
        "Only these integers change from step to step: the sound stays where it is.",
    ),
    Exercise(
        number(
            _untouched(),
            tolerance=1e-3,
            slips=[
                (0.75, "That is 1 minus the ratio: count the shifts, 0 to 32, and the two frames at each seam."),
                (95 / 128, "The shifts are counted right, but each seam touches two frames, one on either side."),
                (1 - _untouched(), "That is the part that does touch a seam at some point."),
                (96 / 127, "The tile has 128 frames."),
                (62 / 128, "Neighboring seams share a frame: you count it twice."),
            ],
        ),
        "List the frames touched by seams at 128, 129, ..., 160, and do not count any frame twice.",
        "Nearly three quarters never touch a seam; all seams of the run fall on the rest.",
    ),
    Exercise(
        number(
            BILL,
            tolerance=0,
            slips=[
                (BILL // W, "Those are windows: each of them has 128 frames."),
                seconds_for_frames(BILL),
                (2 * BILL, "Guidance runs each window twice, but its frames are counted once."),
                (_bill(0), "That is the run without a finish: its last two steps have more windows now."),
                (_bill(0) + FINISH, "The finish replaces two steps; it does not come on top of them."),
                (BILL - 2 * W, "Seven windows, 96 frames apart, reach frame 704: one more ends at the end."),
                (23 * FIXED + FINISH, "That is the fixed grid: with a shift, there is one more tile."),
                (23 * MOVED + FINISH, "Not every step has a shift, and a step without one needs fewer tiles."),
                (11 * FIXED + 12 * MOVED + FINISH, "You are one step off: steps 0 and 22 both have a shift of 0."),
                (23 * (FIXED + MOVED) / 2 + FINISH, "23 steps do not split in half: steps 0 and 22 have no shift."),
                (
                    12 * FIXED + 11 * (FIXED + W // 2) + FINISH,
                    "A tile at the end sees a whole window, even though it owns half of it.",
                ),
            ],
        ),
        "There are six tiles of 128 frames without a shift and seven with one; 12 of the first 23 steps have no shift.",
        "The cost of a window is the number of frames that it sees. The finish adds less than two percent.",
    ),
    Exercise(
        function(
            undo,
            [_padded(12, 2, 3), _padded(9, 3, 2), _padded(8, 3, 3)],
            slips=[
                (
                    lambda rolled, shift, pad: np.roll(rolled[pad : len(rolled) - pad], -shift),
                    "The order is off: if you crop first, you lose the frames that the roll moved into the crop.",
                ),
                (
                    lambda rolled, shift, pad: rolled[pad : len(rolled) - pad],
                    "The padding is gone, but the sound is still where the roll has moved it.",
                ),
                (
                    lambda rolled, shift, pad: np.roll(rolled, shift)[pad : len(rolled) - pad],
                    "That rolls further to the right instead of back.",
                ),
                (lambda rolled, shift, pad: np.roll(rolled, -shift), "The roll is undone; the padding is still there."),
            ],
        ),
        "Undo the last operation first.",
        "Only this order returns every frame; the others lose some at one end and repeat some at the other.",
    ),
)
