"""Wrong answers to the exercises of notebook 05, and what the feedback has to name."""

from __future__ import annotations

from typing import Any

import numpy as np


def from_the_left(predictions: Any, windows: Any, segments: Any, frames: int) -> Any:
    return np.concatenate([p[: stop - start] for p, (start, stop) in zip(predictions, segments, strict=True)])


def end_to_end(predictions: Any, windows: Any, segments: Any, frames: int) -> Any:
    return predictions.reshape(-1, predictions.shape[2])[:frames]


def overwritten(predictions: Any, windows: Any, segments: Any, frames: int) -> Any:
    out = np.zeros((frames, predictions.shape[2]))
    for prediction, (start, stop) in zip(predictions, windows, strict=True):
        for frame in range(max(start, 0), min(stop, frames)):
            out[frame] = prediction[frame - start]
    return out


def averaged(predictions: Any, windows: Any, segments: Any, frames: int) -> Any:
    held: list[list[Any]] = [[] for _ in range(frames)]
    for prediction, (start, stop) in zip(predictions, windows, strict=True):
        for frame in range(max(start, 0), min(stop, frames)):
            held[frame].append(prediction[frame - start])
    return np.array([np.mean(each, axis=0) for each in held])


def clean(x: Any, noise: Any, alpha: float) -> Any:
    return (x - (1 - alpha) ** 0.5 * noise) / alpha**0.5


WRONG: dict[str, list[tuple[Any, str]]] = {
    "05-1": [
        (lambda u, g, old, new: u + new * (g - u), "as the prompted one"),
        (lambda u, g, old, new: g * new / old, "does not scale a prediction"),
        (lambda u, g, old, new: u + old / new * (g - u), "upside down"),
        (lambda u, g, old, new: g + (new - old) * (g - u), "One unit of scale"),
        (lambda u, g, old, new: u + (g - u) / old, "half the way"),
    ],
    "05-2": [
        (from_the_left, "A prediction begins where"),
        (end_to_end, "End to end"),
        (overwritten, "over those its neighbor owns"),
        (averaged, "as MultiDiffusion does"),
    ],
    "05-3": [
        (lambda x, noise, alpha, previous: clean(x, noise, alpha), "That is the clean estimate"),
        (
            lambda x, noise, alpha, previous: previous**0.5 * clean(x, noise, alpha) + (1 - alpha) ** 0.5 * noise,
            "the level you come from",
        ),
        (lambda x, noise, alpha, previous: previous**0.5 * clean(x, noise, alpha), "is missing"),
        (
            lambda x, noise, alpha, previous: previous * (x - (1 - alpha) * noise) / alpha + (1 - previous) * noise,
            "square roots",
        ),
        (
            lambda x, noise, alpha, previous: alpha**0.5 * clean(x, noise, previous) + (1 - alpha) ** 0.5 * noise,
            "toward more noise",
        ),
    ],
}
