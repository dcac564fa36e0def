"""The largest runs and layouts, so that a number chosen by a stranger ends in one line and not in a full memory."""

from __future__ import annotations

import numbers
from typing import Any

from spotnb.errors import InputError
from spotnb.support.checks import LARGEST, check_int

MOST_FRAMES = 10**7
"""Frames of the longest latent, which lasts 4.6 days."""
MOST_TILES = 10**5
"""Tiles of the largest layout."""
MOST_STEPS = 10**4
"""Steps of the longest run of shifts or layouts. A sampler takes at most 1000."""
MOST_CELLS = 2 * 10**8
"""Values of the largest table of steps or tiles by frames, 1.6 GB."""


def check_size(name: str, value: Any, low: int = 1, high: int = MOST_FRAMES, *, hint: str) -> int:
    """Return `value` as an `int` from `low` to `high`, a limit that only mistakes exceed.

    Raises:
        InputError: `value` is something else. The message mentions the upper limit only if `value` exceeds it.
    """
    exceeds = isinstance(value, numbers.Integral) and int(value) > high
    return check_int(name, value, low, high if exceeds else LARGEST, hint=hint)


def require_few_tiles(count: int) -> None:
    """Raise `InputError` if a layout would have more than `MOST_TILES` tiles."""
    if count > MOST_TILES:
        raise InputError(
            f"the layout would have {count} tiles: expected at most {MOST_TILES}; use larger tiles or a smaller overlap"
        )


def require_few_cells(rows: int, frames: int, what: str) -> None:
    """Raise `InputError` if a table of `rows` by `frames` would have more than `MOST_CELLS` values."""
    if rows * frames > MOST_CELLS:
        raise InputError(
            f"{rows} {what} of {frames} frames make a table of {rows * frames} values: expected at most {MOST_CELLS}; "
            "pass fewer"
        )


def require_multiple(width: int, time_multiple: int) -> None:
    """Raise `InputError` if a model with this `time_multiple` cannot take tiles of `width` frames."""
    if width % time_multiple:
        down, up = width // time_multiple * time_multiple, -(-width // time_multiple) * time_multiple
        raise InputError(
            f"tile_size_time is {width}: expected a multiple of {time_multiple} for this model (its time_multiple); "
            f"use {f'{down} or {up}' if down else up}"
        )
