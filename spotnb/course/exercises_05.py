"""Exercises of notebook 05: a change of the guidance scale, stitching, and one step of DDIM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import function
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan
from spotnb.tiling.tile import Interval

Array = Any
Intervals = Sequence[Interval]


def reguide(unguided: Array, guided: Array, old: float, new: float) -> Array:
    """Return the prediction at another guidance scale."""
    return unguided + new / old * (guided - unguided)


def stitch(predictions: Array, windows: Intervals, segments: Intervals, frames: int) -> Array:
    """Stitch the segments of all tiles together."""
    out = np.zeros((frames, *predictions.shape[2:]))
    for prediction, window, (start, stop) in zip(predictions, windows, segments, strict=True):
        out[start:stop] = prediction[start - window[0] : stop - window[0]]
    return out


def _from_the_left(predictions: Array, windows: Intervals, segments: Intervals, frames: int) -> Array:
    """Take the first frames of each prediction, wherever the segment is in the window."""
    out = np.zeros((frames, *predictions.shape[2:]))
    for prediction, (start, stop) in zip(predictions, segments, strict=True):
        out[start:stop] = prediction[: stop - start]
    return out


def _one_after_the_other(predictions: Array, windows: Intervals, segments: Intervals, frames: int) -> Array:
    return np.concatenate(list(predictions))[:frames]


def _seen(predictions: Array, windows: Intervals, frames: int, average: bool) -> Array:
    """Write entire windows. Where they overlap, the last one wins, or all are averaged."""
    out, count = np.zeros((frames, *predictions.shape[2:])), np.zeros(frames)
    for prediction, (start, stop) in zip(predictions, windows, strict=True):
        inside = slice(max(start, 0), min(stop, frames))
        part = prediction[inside.start - start : inside.stop - start]
        out[inside] = out[inside] + part if average else part
        count[inside] += 1
    shape = (frames, *[1] * (out.ndim - 1))
    return out / count.reshape(shape) if average else out


def ddim_step(x: Array, noise: Array, alpha: float, previous: float) -> Array:
    """Return the latent after one deterministic step of DDIM."""
    x0 = (x - (1 - alpha) ** 0.5 * noise) / alpha**0.5
    return previous**0.5 * x0 + (1 - previous) ** 0.5 * noise


def _tilings() -> list[tuple[Array, list[Interval], list[Interval], int]]:
    """Return predictions `[tiles, W, F]` for shifted grids of two edge policies whose windows have one width."""
    draws, cases = np.random.default_rng(5), []
    for edge, frames in (("reflect", 16), ("anchor", 16), ("anchor", 21)):
        config = SpotDiffusionConfig(8, max_shift_ratio=0.375, edge=edge, shift_schedule="alternate")
        tiles = plan(frames, config, step=1, time_multiple=1).tiles
        predictions = draws.normal(size=(len(tiles), 8, 2))
        cases.append((predictions, [tile.window for tile in tiles], [tile.segment for tile in tiles], frames))
    return cases


def _latents(*others: tuple[float, float]) -> list[tuple[Any, ...]]:
    draws = np.random.default_rng(6)
    return [(draws.normal(size=(2, 3, 2)), draws.normal(size=(2, 3, 2)), *pair) for pair in others]


EXERCISES = (
    Exercise(
        function(
            reguide,
            _latents((2.5, 5.0), (4.0, 1.0), (3.0, 2.0)),
            slips=[
                (
                    lambda unguided, guided, old, new: unguided + new * (guided - unguided),
                    "That treats the guided prediction as the prompted one: its distance already includes `old`.",
                ),
                (
                    lambda unguided, guided, old, new: new / old * guided,
                    "Guidance does not scale a prediction: it scales its distance from the unguided one.",
                ),
                (
                    lambda unguided, guided, old, new: unguided + old / new * (guided - unguided),
                    "The ratio is upside down: a larger new scale has to go farther from the unguided prediction.",
                ),
                (
                    lambda unguided, guided, old, new: guided + (new - old) * (guided - unguided),
                    "One unit of scale is the distance from unguided to *prompted*, 1 / old of the one you used.",
                ),
                (
                    lambda unguided, guided, old, new: unguided + (guided - unguided) / old,
                    "That is the prompted prediction, which is half the way: now guide with the new scale.",
                ),
            ],
        ),
        "Solve guided = unguided + old * (prompted - unguided) for prompted, then guide with the new scale.",
        "Both predictions are kept, so you can try another scale within a step without running the network.",
    ),
    Exercise(
        function(
            stitch,
            _tilings(),
            slips=[
                (
                    _from_the_left,
                    "A prediction begins where its *window* begins: what a tile keeps may start further inside.",
                ),
                (
                    _one_after_the_other,
                    "End to end, the predictions are longer than the sound: take only the part that each tile keeps.",
                ),
                (
                    lambda predictions, windows, segments, frames: _seen(predictions, windows, frames, False),
                    "That also writes frames that a tile only sees, over those its neighbor owns: write only segments.",
                ),
                (
                    lambda predictions, windows, segments, frames: _seen(predictions, windows, frames, True),
                    "That averages overlapping windows, as MultiDiffusion does: here, each frame has one owner.",
                ),
            ],
        ),
        "Loop over the tiles: segment (start, stop) of the result comes from the frames start - window[0] to "
        "stop - window[0] of that tile's prediction.",
        "That is all that tiling does to the predictions: nothing is rolled, averaged, or cropped later.",
    ),
    Exercise(
        function(
            ddim_step,
            _latents((0.1, 0.3), (0.5, 0.8), (0.9, 0.99)),
            slips=[
                (
                    lambda x, noise, alpha, previous: (x - (1 - alpha) ** 0.5 * noise) / alpha**0.5,
                    "That is the clean estimate: the step then adds noise again, as much as the next level has.",
                ),
                (
                    lambda x, noise, alpha, previous: (
                        previous**0.5 * (x - (1 - alpha) ** 0.5 * noise) / alpha**0.5 + (1 - alpha) ** 0.5 * noise
                    ),
                    "You add the noise of the level you come from: it has to be the noise of `previous`.",
                ),
                (
                    lambda x, noise, alpha, previous: (
                        previous * (x - (1 - alpha) * noise) / alpha + (1 - previous) * noise
                    ),
                    "The factors are square roots: sqrt(alpha) for the clean latent, sqrt(1 - alpha) for the noise.",
                ),
                (
                    lambda x, noise, alpha, previous: previous**0.5 * (x - (1 - alpha) ** 0.5 * noise) / alpha**0.5,
                    "The noise of the next level is missing: the latent is still noisy after every step but the last.",
                ),
                (
                    lambda x, noise, alpha, previous: ddim_step(x, noise, previous, alpha),
                    "That is a step toward more noise: you come from alpha and go to previous.",
                ),
            ],
        ),
        "Two lines: first the clean estimate at alpha, then sqrt(previous) of it plus sqrt(1 - previous) of the noise.",
        "The solver sees one latent and one prediction of full length: it knows no tiles, windows or edges.",
    ),
)
