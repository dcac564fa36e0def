"""The blended finish: in the last steps of a run, tiles overlap and give way to each other by a cross-fade.

In SpotDiffusion, the tiles of a later step mend the cuts of an earlier one. Nothing mends those of the last step, nor
those of the step before it, because the last step hardly changes the latent. Overlapping tiles in these two steps cost
little and leave no cut.
"""

from __future__ import annotations

from typing import Any

from spotnb.errors import InputError
from spotnb.support.checks import check_int

MOST_FINISH_STEPS = 1000
QUARTER = "None is a quarter of a tile"


def check_finish_steps(steps: Any) -> int:
    """Return the number of steps at the end in which tiles overlap. Raises `InputError` if it is not one."""
    return check_int("finish_steps", steps, 0, MOST_FINISH_STEPS, hint="0 is SpotDiffusion as published; 2 are enough")


def check_finish_overlap(overlap: Any, tile_size: int) -> int:
    """Return the overlap in those steps, in frames: `overlap`, or a quarter of a tile rounded down if that is None.

    Raises:
        InputError: It is not a whole number that is smaller than a tile.
    """
    if overlap is None:
        return tile_size // 4
    return check_int("finish_overlap", overlap, 0, tile_size - 1, hint=f"it must be smaller than a tile; {QUARTER}")


def is_finishing(step: int, steps: int | None, finish_steps: Any) -> bool:
    """Return whether a step is one of the last `finish_steps` of `steps`.

    Raises:
        InputError: `finish_steps` is not a number of steps, or it is above 0 and `steps` is None.
    """
    finish_steps = check_finish_steps(finish_steps)
    if finish_steps and steps is None:
        raise InputError(
            f"finish_steps is {finish_steps}, but steps is None: expected the number of steps; pass steps=..."
        )
    return steps is not None and step >= steps - finish_steps
