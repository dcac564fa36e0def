"""Exercises of notebook 04: padding, the cost of an edge policy, the one that makes a loop, and rolling."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, function, numbers
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.edges import Circular
from spotnb.tiling.layout import plan

RING = Circular.name

FRAMES, SHIFT, TILE = 504, 40, 128


EIGHT, ROLL = 8, 2

_sound = np.arange(1, EIGHT + 1)
_rolled = np.roll(np.pad(_sound, ROLL, mode="reflect"), ROLL)
_kept = _rolled[ROLL:-ROLL].tolist()
LOST = sorted(set(_sound.tolist()) - set(_kept))
TWICE = sorted(n for n in set(_kept) if _kept.count(n) > 1)


def padded_frames(frames: int, left: int, right: int) -> list[int]:
    """Return which frame each position of a mirrored sound shows."""
    return [abs(k) if k < frames else 2 * (frames - 1) - k for k in range(-left, frames + right)]


def _twice(frames: int, left: int, right: int) -> list[int]:
    """Mirror with the border frame repeated."""
    return [-1 - k if k < 0 else k if k < frames else 2 * frames - 1 - k for k in range(-left, frames + right)]


def _wrapped(frames: int, left: int, right: int) -> list[int]:
    return [k % frames for k in range(-left, frames + right)]


def _held(frames: int, left: int, right: int) -> list[int]:
    return [min(max(k, 0), frames - 1) for k in range(-left, frames + right)]


def _forwards(frames: int, left: int, right: int) -> list[int]:
    """Copy the right frames without reversing them."""
    return [*range(1, left + 1), *range(frames), *range(frames - 1 - right, frames - 1)]


def _swapped(frames: int, left: int, right: int) -> list[int]:
    return padded_frames(frames, right, left)


def _cost(edges: Iterable[str], shift: int = SHIFT) -> list[int]:
    costs = []
    for edge in edges:
        config = SpotDiffusionConfig(TILE, max_shift_ratio=shift / TILE, edge=edge, shift_schedule="alternate")
        costs.append(plan(FRAMES, config, step=1).network_frames)
    return costs


EXERCISES = (
    Exercise(
        function(
            padded_frames,
            [(8, 3, 0), (8, 0, 3), (8, 3, 2), (5, 4, 4), (6, 0, 0)],
            slips=[
                (
                    _twice,
                    "The border frame occurs twice: the mirror is in its middle, so it is not repeated.",
                ),
                (_wrapped, "That is the other end of the sound, as on a ring: a mirror reverses the near end."),
                (_held, "That repeats the border frame: a mirror goes back into the sound, frame by frame."),
                (_forwards, "These are the right frames, but not reversed: frame 1 is next to frame 0."),
                (_swapped, "Left and right are swapped: left counts the frames before frame 0."),
            ],
        ),
        "Write down the positions -left ... frames - 1 + right. Before 0, position k shows frame -k. After the last "
        "frame, how far behind it is a position, and how far before it is its image?",
        "The mirror is in the middle of the border frame, so at most frames - 1 can be padded at an end.",
    ),
    Exercise(
        numbers(
            _cost(("reflect", "merge", RING)),
            slips=[
                (
                    _cost(("reflect", "merge", RING), shift=0),
                    "That is the grid without a shift, with 4 tiles: shift it.",
                ),
                ([FRAMES] * 3, "Those are the frames that tiles own: the cost counts what they see, padding included."),
                (_cost(("reflect", "reflect", RING)), "With merge, no frame is padded or seen twice."),
                (
                    _cost(("reflect", "merge", "reflect")),
                    "A ring has no ends: it needs no additional tile when it is shifted.",
                ),
                (
                    _cost(("reflect", "merge", "merge")),
                    "On a ring, each tile still sees a window of 128 frames.",
                ),
                ([5, 4, 4], "Those are tiles: the cost is the number of frames in all their windows."),
            ],
            parts=("an edge that pads", "an edge that does not pad", "an edge that has no end"),
        ),
        "Cells of the shifted grid begin at -88, 40, 168, ...: how many of them touch 0 to 504? merge does not pad, "
        "and a ring needs as many tiles as a grid without a shift.",
        "A shifted grid costs one more tile, merge costs only the sound itself, and a ring costs whole tiles.",
    ),
    Exercise(
        choice(
            RING,
            {
                "reflect": "With reflect, the windows at the end see a mirror image: none of them ever sees the start.",
                "reflect_noisy": "It has a noisy mirror image at each end: no window sees end and start together.",
                "anchor": "Anchored windows stay inside the sound: no window sees end and start side by side.",
                "merge": "Merged windows stay inside the sound: no window sees end and start side by side.",
            },
        ),
        "In a loop, the last frame comes before the first one: which edge policy has windows that contain both?",
        "On a ring, the loop point is a place like any other: windows reach across it in most steps.",
    ),
    Exercise(
        numbers(
            LOST,
            ordered=False,
            slips=[
                (TWICE, "These occur twice, the second time backward. Give the frames that are missing."),
                ([1, 2], "The roll goes to the right, so it moves the end of the sound into the cropped part."),
                ([6, 7, 8], "These are lost with a shift of 3."),
                ([n - 1 for n in LOST], "Those are positions counted from 0: the frames are numbered from 1."),
                (
                    [*LOST, *TWICE],
                    "Some of these are missing, but the others occur twice: only the missing ones are asked for.",
                ),
            ],
            parts=["a frame that the roll moves into the cropped part"] * len(LOST),
        ),
        "Set shift = 2 and run the recipe of section 3 again: which of the numbers 1 to 8 are missing after the crop?",
        "The last `shift` frames are lost, and mirrored frames take their place.",
    ),
)
