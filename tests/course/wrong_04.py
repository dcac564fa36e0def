"""Wrong answers to the exercises of notebook 04, and what the feedback has to name."""

from __future__ import annotations

from typing import Any

import numpy as np


def symmetric(frames: int, left: int, right: int) -> Any:
    return np.pad(np.arange(frames), (left, right), mode="symmetric")


def wrap(frames: int, left: int, right: int) -> Any:
    return np.pad(np.arange(frames), (left, right), mode="wrap")


def hold(frames: int, left: int, right: int) -> Any:
    return np.pad(np.arange(frames), (left, right), mode="edge")


def unturned(frames: int, left: int, right: int) -> list[int]:
    return [*range(1, left + 1), *range(frames), *range(frames - 1 - right, frames - 1)]


def swapped(frames: int, left: int, right: int) -> Any:
    return np.pad(np.arange(frames), (right, left), mode="reflect")


WRONG: dict[str, list[tuple[Any, str]]] = {
    "04-1": [
        (symmetric, "occurs twice"),
        (wrap, "the other end of the sound"),
        (hold, "repeats the border frame"),
        (unturned, "not reversed"),
        (swapped, "Left and right are swapped"),
        (lambda frames, left, right: list(range(frames)), "expected"),
    ],
    "04-2": [
        ([512, 504, 512], "the grid without a shift"),
        ([504, 504, 504], "frames that tiles own"),
        ([640, 640, 512], "no frame is padded"),
        ([640, 504, 640], "A ring has no ends"),
        ([640, 504, 504], "a window of 128 frames"),
        ([512, 504, 500], "an edge that pads, and an edge that has no end"),
        ([5, 4, 4], "Those are tiles"),
    ],
    "04-3": [
        ("reflect", "a mirror image: none of them"),
        ("reflect_noisy", "a noisy mirror image"),
        ("anchor", "Anchored windows"),
        ("merge", "Merged windows"),
    ],
    "04-4": [
        ([2, 3], "occur twice"),
        ([1, 2], "goes to the right"),
        ([6, 7, 8], "a shift of 3"),
        ([6, 7], "counted from 0"),
        ([2, 3, 7, 8], "the others occur twice"),
        ([8], "a frame that the roll moves"),
    ],
}
