"""Wrong answers to the exercises of notebook 10, and what the feedback has to name."""

from __future__ import annotations

from typing import Any

import numpy as np


def mirrored(index: Any, frames: int, last: int) -> Any:
    """Mirror places at both ends. The border frame is repeated at the start, and at the end if `last` is 1."""
    return [-1 - k if k < 0 else 2 * frames - 2 + last - k if k >= frames else k for k in index.tolist()]


WRONG: dict[str, list[tuple[Any, str]]] = {
    "10-1": [
        ([320, 440], "multiples of 40"),
        ([350], "not whole pairs"),
        ([440, 262, 320], "do not fit"),
        ([275, 525], "even multiple"),
        ([275, 350], "2 of the 3 numbers are right"),
    ],
    "10-2": [
        (lambda x, v, alpha: np.sqrt(alpha) * x - np.sqrt(1 - alpha) * v, "the clean latent"),
        (lambda x, v, alpha: np.sqrt(alpha) * x + np.sqrt(1 - alpha) * v, "roots are swapped"),
        (lambda x, v, alpha: np.sqrt(1 - alpha) * x - np.sqrt(alpha) * v, "sign is wrong"),
        (lambda x, v, alpha: x + alpha * (v - x), "square roots"),
    ],
    "10-3": [
        (lambda index, frames: np.abs(index) - 2 * np.maximum(0, np.abs(index) - frames + 1), "is `reflect`"),
        (lambda index, frames: index.clip(0, frames - 1), "holds the border frame"),
        (lambda index, frames: index % frames, "around a ring"),
        (lambda index, frames: mirrored(index, frames, 0), "start is right"),
    ],
}
