"""Exercises of notebook 10: tones that fit the decoder, another kind of prediction, and another mirror."""

from __future__ import annotations

from typing import Any

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import function, numbers
from spotnb.tiling.edges import Circular, EdgePolicy

Array = Any


def noise_of(x: Array, v: Array, alpha: float) -> Array:
    """Return the noise that a prediction of v implies."""
    return (1 - alpha) ** 0.5 * x + alpha**0.5 * v


def frame_at(index: Array, frames: int) -> Array:
    """Map places to frames, mirrored with the border frame."""
    index = np.where(index < 0, -1 - index, index)
    return np.where(index >= frames, 2 * frames - 1 - index, index)


def _one_side(index: Array, frames: int) -> Array:
    """Repeat the border frame at the start only."""
    return np.where(index < 0, -1 - index, EdgePolicy().frame_at(index, frames))


_drawn = np.random.default_rng(10)
_LATENTS = [(_drawn.normal(size=(3, 4)), _drawn.normal(size=(3, 4)), alpha) for alpha in (0.1, 0.5, 0.9)]
_PLACES = [(np.arange(-4, 9), 5), (np.arange(-7, 16), 8)]

EXERCISES = (
    Exercise(
        numbers(
            [275, 350, 525],
            ordered=False,
            slips=[
                ([320, 440], "These are multiples of 40. But 40 ms is the *length* of a frame: how many per second?"),
                ([350], "Whole periods are needed, not whole pairs of them: 25 Hz fits once into 40 ms."),
                ([262, 320, 440], "These are the frequencies that do not fit: their phase jumps at a border."),
                ([275, 525], "An even multiple of 25 Hz fits as well as an odd one."),
            ],
        ),
        "The phase must be 0 again after 0.04 s: how many periods is that for each frequency?",
        "Multiples of 25 Hz have whole periods in each latent frame, so one frame of them can be repeated.",
    ),
    Exercise(
        function(
            noise_of,
            _LATENTS,
            slips=[
                (
                    lambda x, v, alpha: alpha**0.5 * x - (1 - alpha) ** 0.5 * v,
                    "That is the clean latent, which drops out if you take the other combination.",
                ),
                (
                    lambda x, v, alpha: alpha**0.5 * x + (1 - alpha) ** 0.5 * v,
                    "The roots are swapped: x is multiplied by the root that stands before the noise in x.",
                ),
                (
                    lambda x, v, alpha: (1 - alpha) ** 0.5 * x - alpha**0.5 * v,
                    "The sign is wrong: the noise has a positive factor in both equations, so add them.",
                ),
                (
                    lambda x, v, alpha: (1 - alpha) * x + alpha * v,
                    "The factors are square roots, here as in the two equations.",
                ),
            ],
        ),
        "Multiply x by the root before the noise in x, v by the root before the noise in v, and add.",
        "The two equations are a rotation, and this is half of the rotation back: nothing is lost or amplified.",
    ),
    Exercise(
        function(
            frame_at,
            _PLACES,
            slips=[
                (
                    EdgePolicy().frame_at,
                    "That is `reflect`, which does not repeat the border frame: here, place -1 shows frame 0.",
                ),
                (
                    lambda index, frames: np.clip(index, 0, frames - 1),
                    "That holds the border frame: place -2 has to show frame 1.",
                ),
                (
                    Circular().frame_at,
                    "That goes around a ring: past the end, the frames before the end have to come back.",
                ),
                (_one_side, "The start is right. At the end, place `frames` has to show frame `frames - 1`."),
            ],
        ),
        "Before the start, place and frame sum to -1. What do they sum to after the end?",
        "One method is all that such a policy needs: windows, segments and the ends' noise stay as they are.",
    ),
)
