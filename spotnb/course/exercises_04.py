"""Exercises of notebook 04: what stands in the padding, what an edge costs, and which one makes a loop."""

from __future__ import annotations

from collections.abc import Iterable

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, function, numbers
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan

FRAMES, SHIFT, TILE = 504, 40, 128


def padded_frames(frames: int, left: int, right: int) -> list[int]:
    return [abs(k) if k < frames else 2 * (frames - 1) - k for k in range(-left, frames + right)]


def _twice(frames: int, left: int, right: int) -> list[int]:
    """The border frame is repeated."""
    return [-1 - k if k < 0 else k if k < frames else 2 * frames - 1 - k for k in range(-left, frames + right)]


def _wrapped(frames: int, left: int, right: int) -> list[int]:
    return [k % frames for k in range(-left, frames + right)]


def _held(frames: int, left: int, right: int) -> list[int]:
    return [min(max(k, 0), frames - 1) for k in range(-left, frames + right)]


def _forwards(frames: int, left: int, right: int) -> list[int]:
    """Copied, but not turned round."""
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
                    "The border frame stands there twice: the mirror is in its middle, so it is not repeated.",
                ),
                (_wrapped, "That is the other end of the sound, as on a ring: a mirror turns the near end round."),
                (_held, "That holds the border frame: a mirror goes back into the sound, frame by frame."),
                (_forwards, "The right frames, but not turned round: next to frame 0 stands frame 1."),
                (_swapped, "Left and right have changed places: left counts the frames before frame 0."),
            ],
        ),
        "Write down the places -left ... frames - 1 + right. Before 0, place k shows frame -k. Past the last "
        "frame: how far behind it is a place, and how far before it is its image?",
        "A mirror in the middle of the border frame: so at most frames - 1 can be padded at an end.",
    ),
    Exercise(
        numbers(
            _cost(("reflect", "merge", "circular")),
            slips=[
                (
                    _cost(("reflect", "merge", "circular"), shift=0),
                    "That is the grid unmoved, with 4 tiles: move it.",
                ),
                ([FRAMES] * 3, "Those are the frames that are owned: the cost is what is seen, padding included."),
                (_cost(("reflect", "reflect", "circular")), "With merge no frame is padded or seen twice."),
                (
                    _cost(("reflect", "merge", "reflect")),
                    "A ring has no ends: turned, it needs no tile more.",
                ),
                (
                    _cost(("reflect", "merge", "merge")),
                    "On a ring each tile still sees a window of 128 frames.",
                ),
                ([5, 4, 4], "Those are tiles: the cost is the frames that all their windows hold."),
            ],
        ),
        "Cells of the moved grid begin at -88, 40, 168, ...: how many of them touch 0 to 504? merge pads nothing, and "
        "a ring takes as many tiles as an unmoved grid.",
        "A moved grid pays for one tile more; merge pays for the sound alone; a ring for whole tiles.",
    ),
    Exercise(
        choice(
            "circular",
            {
                "reflect": "With reflect the windows at the end see a mirror image: none of them ever sees the start.",
                "reflect_noisy": "A mirror image at each end, and a noisy one: no window sees end and start together.",
                "anchor": "Anchored windows stay inside the sound: no window sees end and start side by side.",
                "merge": "Merged windows stay inside the sound: no window sees end and start side by side.",
            },
        ),
        "In a loop the last frame stands before the first one: in whose windows do both of them lie?",
        "On a ring the loop point is a place like any other: windows reach across it, in most steps.",
    ),
)
