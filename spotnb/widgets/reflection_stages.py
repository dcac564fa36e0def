"""The stages of "pad, roll, crop" in two orders, frame by frame, and the sound that is rolled without padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ORDERS: Final = {
    "naive": ("original", "padded", "shifted", "cropped", "undone"),
    "right": ("original", "padded", "shifted", "undone", "cropped"),
}
"""The stages in the two orders: pad, roll, crop, roll back, or pad, roll, roll back, crop."""

STAGES: Final = ORDERS["naive"]


@dataclass(frozen=True, eq=False)
class Stage:
    """The frames of one stage from left to right.

    Attributes:
        first: The position of the first frame. The sound begins at 0.
        source: The frame of the original at each position, `[n]`.
        copied: Whether a frame comes from the padding, `[n]`.
    """

    first: int
    source: NDArray[np.int64]
    copied: NDArray[np.bool_]

    def lost(self, frames: int) -> list[int]:
        """Return the frames of the original that are missing. A mirror image does not count as present."""
        return sorted(set(range(frames)) - set(self.source[~self.copied].tolist()))

    def twice(self, frames: int) -> list[int]:
        """Return the frames that occur more than once, including mirror images."""
        return np.flatnonzero(np.bincount(self.source, minlength=frames) > 1).tolist()

    def exact(self, frames: int) -> bool:
        """Return whether this stage equals the original."""
        return np.array_equal(self.source, np.arange(frames)) and not self.copied.any()


def stages(frames: int, pad: int, shift: int, order: str) -> dict[str, Stage]:
    """Return all stages by name, in order.

    Args:
        frames: The length of the sound.
        pad: Frames of padding at each end.
        shift: Frames by which the sound is rolled.
        order: "naive" or "right".

    >>> stages(8, 3, 3, "naive")["undone"].source.tolist()
    [0, 1, 2, 3, 4, 3, 2, 1]
    """
    original = _original(frames)
    copied = np.pad(original.copied, pad, constant_values=True)
    padded = Stage(-pad, np.pad(original.source, pad, mode="reflect"), copied)
    result = {"original": original, "padded": padded, "shifted": _rolled(padded, shift)}
    if order == "naive":
        result["cropped"] = _cropped(result["shifted"], pad)
        result["undone"] = _rolled(result["cropped"], -shift)
    else:
        result["undone"] = _rolled(result["shifted"], -shift)
        result["cropped"] = _cropped(result["undone"], pad)
    return result


def circular(frames: int, shift: int) -> Stage:
    """Return the sound rolled as a ring, without padding. It is not a stage of either order.

    >>> circular(8, 3).source.tolist()
    [5, 6, 7, 0, 1, 2, 3, 4]
    """
    return _rolled(_original(frames), shift)


def _original(frames: int) -> Stage:
    return Stage(0, np.arange(frames), np.zeros(frames, bool))


def _rolled(stage: Stage, shift: int) -> Stage:
    return Stage(stage.first, np.roll(stage.source, shift), np.roll(stage.copied, shift))


def _cropped(stage: Stage, pad: int) -> Stage:
    kept = slice(pad, len(stage.source) - pad)
    return Stage(0, stage.source[kept], stage.copied[kept])
