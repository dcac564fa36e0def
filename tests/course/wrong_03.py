"""Wrong answers to the exercises of notebook 03, and what the feedback has to name."""

from __future__ import annotations

from typing import Any

import numpy as np

WRONG: dict[str, list[tuple[Any, str]]] = {
    "03-1": [
        (lambda s, T, W: list(range(W, T, W)), "fixed grid"),
        (lambda s, T, W: list(range(s, T, W)), "start of the sound"),
        (lambda s, T, W: list(range(s % W, T, W)), "start of the sound"),
        (lambda s, T, W: list(range(s + W, T, W)), "first one is missing"),
        (lambda s, T, W: [b for b in range((W - s) % W, T, W) if b > 0], "moved to the left"),
        (lambda s, T, W: [0, *(b for b in range(s % W, T, W) if b > 0), T], "ends of the sound are not seams"),
        (lambda s, T, W: [s + k * W for k in range(T // W) if 0 < s + k * W < T], "as long as s + k W is inside"),
    ],
    "03-2": [
        (0.75, "1 minus the ratio"),
        (95 / 128, "two frames, one on either side"),
        (34 / 128, "does touch a seam"),
        (62 / 128, "you count it twice"),
        (73.4, "in percent"),
        (73, "in percent"),
        (0.73, "rounded too far"),
        (0.75 - 2 / 128 + 0.02, "a little too large"),
        (96 / 127, "has 128 frames"),
    ],
    "03-3": [
        (165, "Those are windows"),
        (844.8, "Those are seconds"),
        (21121, "off by one"),
        (13 * 768 + 12 * 896, "without a finish"),
        (13 * 768 + 12 * 896 + 2048, "does not come on top"),
        (12 * 768 + 11 * 896 + 2 * 896, "reach frame 704"),
        (23 * 768 + 2048, "one more tile"),
        (23 * 896 + 2048, "Not every step has a shift"),
        (11 * 768 + 12 * 896 + 2048, "one step off"),
        (23 * 832 + 2048, "do not split in half"),
        (12 * 768 + 11 * 832 + 2048, "sees a whole window"),
    ],
    "03-4": [
        (lambda rolled, shift, pad: np.roll(rolled[pad:-pad], -shift), "The order is off"),
        (lambda rolled, shift, pad: rolled[pad:-pad], "where the roll has moved it"),
        (lambda rolled, shift, pad: np.roll(rolled, shift)[pad:-pad], "instead of back"),
        (lambda rolled, shift, pad: np.roll(rolled, -shift), "padding is still there"),
    ],
}
