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
        (symmetric, "stands there twice"),
        (wrap, "the other end of the sound"),
        (hold, "holds the border frame"),
        (unturned, "not turned round"),
        (swapped, "Left and right have changed places"),
        (lambda frames, left, right: list(range(frames)), "expected"),
    ],
    "04-2": [
        ([512, 504, 512], "the grid unmoved"),
        ([504, 504, 504], "frames that are owned"),
        ([640, 640, 512], "no frame is padded"),
        ([640, 504, 640], "A ring has no ends"),
        ([640, 504, 504], "a window of 128 frames"),
        ([5, 4, 4], "Those are tiles"),
    ],
    "04-3": [
        ("reflect", "a mirror image: none of them"),
        ("reflect_noisy", "a noisy one"),
        ("anchor", "Anchored windows"),
        ("merge", "Merged windows"),
    ],
}
