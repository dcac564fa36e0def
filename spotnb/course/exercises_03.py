"""Exercises of notebook 03: where moving tiles meet, what they leave uncovered, what they cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import function, number
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.coverage import coverage
from spotnb.tiling.layout import plan

W, STEPS, FRAMES = 128, 25, 768


def borders(s: int, T: int, W: int) -> list[int]:
    return [border for border in range(s % W, T, W) if border]


def undo(rolled: Any, shift: int, pad: int) -> Any:
    return np.roll(rolled, -shift)[pad : len(rolled) - pad]


def _untouched() -> float:
    """The share of a tile's frames that no shift up to a quarter of a tile brings to a seam."""
    # The golden ratio visits every shift in this many steps: their set is that of a run without end.
    config = SpotDiffusionConfig(W, max_shift_ratio=0.25, shift_schedule="fibonacci")
    layouts = [plan(4 * W, config, step) for step in range(4 * config.max_shift)]
    return float((coverage(layouts).counts[W : 2 * W] == 0).mean())


def _bill() -> int:
    config = SpotDiffusionConfig(W, shift_schedule="alternate")
    return sum(plan(FRAMES, config, step).network_frames for step in range(STEPS))


def _padded(frames: int, shift: int, pad: int) -> tuple[Any, ...]:
    return np.roll(np.pad(np.arange(1, frames + 1), pad, mode="reflect"), shift), shift, pad


FIXED, MOVED = FRAMES, FRAMES + W

EXERCISES = (
    Exercise(
        function(
            borders,
            [(40, 512, 128), (40, 500, 128), (0, 512, 128), (128, 512, 128), (100, 300, 128), (0, 128, 128)],
            slips=[
                (lambda s, T, W: list(range(W, T, W)), "That is the fixed grid: the shift has no part in it."),
                (
                    lambda s, T, W: list(range(s, T, W)),
                    "Without a shift that gives 0, which is the start of the sound: nothing meets there.",
                ),
                (
                    lambda s, T, W: list(range(s % W, T, W)),
                    "Without a shift that gives 0, which is the start of the sound: nothing meets there.",
                ),
                (
                    lambda s, T, W: list(range(s + W, T, W)),
                    "The first one is missing: a shift leaves a short segment at the start, which ends at s.",
                ),
                (
                    lambda s, T, W: [border for border in range(-s % W, T, W) if border],
                    "That grid is moved to the left: a shift moves it to the right.",
                ),
                (lambda s, T, W: [0, *borders(s, T, W), T], "The ends of the sound are no seams: nothing meets there."),
                (
                    lambda s, T, W: [s + k * W for k in range(T // W) if 0 < s + k * W < T],
                    "There may be one more than T // W full tiles have: go on as long as s + k W is inside.",
                ),
            ],
        ),
        "They are s, s + W, s + 2 W and so on, as far as they lie strictly inside 0..T; a shift of W is like none.",
        "These integers are all that moves from step to step: the sound stays where it is.",
    ),
    Exercise(
        number(
            _untouched(),
            tolerance=1e-3,
            slips=[
                (0.75, "That is 1 less the ratio: count the shifts, 0 to 32, and the two frames at each seam."),
                (95 / 128, "There are 33 shifts, but each seam touches two frames, one on either side."),
                (1 - _untouched(), "That is the part that does touch a seam at some time."),
                (96 / 127, "The tile has 128 frames."),
                (62 / 128, "Neighbouring seams share a frame: 33 of them touch 34 frames, not 66."),
            ],
        ),
        "List the frames that seams at 128, 129, ..., 160 touch, and do not count any of them twice.",
        "Nearly three quarters are never cut; all seams of the run fall on the rest.",
    ),
    Exercise(
        number(
            _bill(),
            tolerance=0,
            slips=[
                (STEPS * FIXED, "That is the fixed grid: with a shift there is one tile more."),
                (STEPS * MOVED, "Steps with a shift of 0 have 6 tiles, not 7."),
                (12 * FIXED + 13 * MOVED, "The first step has a shift of 0, and the last one too: 13 steps have."),
                (STEPS * (FIXED + MOVED) / 2, "25 steps are not half and half: the first and the last have no shift."),
                (13 * FIXED + 12 * (FIXED + W // 2), "An end tile sees a whole window, though it owns half of it."),
            ],
        ),
        "Six tiles of 128 frames without a shift, seven with one; 13 of the steps have none.",
        "A window costs what it sees, not what it owns.",
    ),
    Exercise(
        function(
            undo,
            [_padded(12, 2, 3), _padded(9, 3, 2), _padded(8, 3, 3)],
            slips=[
                (
                    lambda rolled, shift, pad: np.roll(rolled[pad : len(rolled) - pad], -shift),
                    "Cropped first, frames are gone that the roll had moved into the crop: roll back, then crop.",
                ),
                (
                    lambda rolled, shift, pad: rolled[pad : len(rolled) - pad],
                    "The padding is off, but the sound still lies where the roll has moved it.",
                ),
                (
                    lambda rolled, shift, pad: np.roll(rolled, shift)[pad : len(rolled) - pad],
                    "That rolls on to the right: to go back is to roll by -shift.",
                ),
                (lambda rolled, shift, pad: np.roll(rolled, -shift), "The roll is undone; the padding is still there."),
            ],
        ),
        "What was done last is undone first.",
        "Only this order gives every frame back; the others lose some at one end and double some at the other.",
    ),
)
