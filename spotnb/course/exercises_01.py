"""Exercises of notebook 01: the clean estimate, lengths, guidance."""

from __future__ import annotations

from typing import Any

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, function, numbers
from spotnb.sound.mel import LATENT_MELS
from spotnb.tiling.clock import AUDIOLDM
from spotnb.tiling.shifts import DEFAULT_TIME_MULTIPLE

Array = Any

SECONDS = 8.4


def clean(x: Array, noise: Array, alpha: float) -> Array:
    """Return the clean latent x0, given the noise in `x`."""
    return (x - (1 - alpha) ** 0.5 * noise) / alpha**0.5


def guide(unguided: Array, prompted: Array, scale: float) -> Array:
    """Return the guided prediction."""
    return unguided + scale * (prompted - unguided)


def _pairs(others: tuple[float, ...]) -> list[tuple[Any, ...]]:
    """Return cases of two rows of numbers, which stand for latents, and one of `others`."""
    x, noise = np.array([1.5, -0.5, 0.2]), np.array([0.3, -1.0, 0.8])
    return [(x, noise, other) for other in others]


def _lengths(frames: int) -> list[float]:
    return [frames, LATENT_MELS * frames, AUDIOLDM.samples_per_frame * frames - AUDIOLDM.run_samples(SECONDS, frames)]


NOMINAL = int(25.6 * SECONDS)
FRAMES = AUDIOLDM.run_frames(SECONDS, DEFAULT_TIME_MULTIPLE)

EXERCISES = (
    Exercise(
        function(
            clean,
            _pairs((0.9, 0.5, 0.1)),
            slips=[
                (
                    lambda x, noise, alpha: (x - (1 - alpha) * noise) / alpha,
                    "The factors of the mixture are square roots: sqrt(alpha) and sqrt(1 - alpha).",
                ),
                (
                    lambda x, noise, alpha: x - (1 - alpha) ** 0.5 * noise,
                    "The noise is gone, but the rest is still sqrt(alpha) times x0: one division is missing.",
                ),
                (lambda x, noise, alpha: x - noise, "Only part of x is noise: the formula says how much."),
                (
                    lambda x, noise, alpha: (x - alpha**0.5 * noise) / (1 - alpha) ** 0.5,
                    "The two factors are swapped: alpha is the share of the clean latent.",
                ),
                (
                    lambda x, noise, alpha: (x + (1 - alpha) ** 0.5 * noise) / alpha**0.5,
                    "The division is right, but one sign is not: does solving the formula for x0 add the noise?",
                ),
                (
                    lambda x, noise, alpha: x - (1 - alpha) ** 0.5 * noise / alpha**0.5,
                    "Only the noise is divided: the difference needs parentheses.",
                ),
                (
                    lambda x, noise, alpha: (x - (1 - alpha) * noise) / alpha**0.5,
                    "One root is forgotten: the noise is mixed in with the root of its share, too.",
                ),
                (
                    lambda x, noise, alpha: (x - (1 - alpha) ** 0.5 * noise) / alpha,
                    "One root is forgotten: the clean latent is mixed in with the root of its share, too.",
                ),
                (
                    lambda x, noise, alpha: alpha**0.5 * x + (1 - alpha) ** 0.5 * noise,
                    "That adds more noise to x instead of removing the noise in it.",
                ),
            ],
        ),
        "Move the noise to the other side of x = sqrt(alpha) * x0 + sqrt(1 - alpha) * noise, then divide.",
        "The noise and the clean latent express the same thing; the smaller alpha is, the more the division amplifies "
        "an error in the noise.",
    ),
    Exercise(
        numbers(
            _lengths(FRAMES),
            slips=[
                (_lengths(NOMINAL), "The network halves the time axis three times, but this is not a multiple of 8."),
                (_lengths(FRAMES - DEFAULT_TIME_MULTIPLE), "Rounded down, the run would be shorter than the sound."),
                (
                    _lengths(int(AUDIOLDM.frames_per_second * SECONDS)),
                    "25 frames do fill a second, but AudioLDM's rule requires 25.6, and a multiple of 8.",
                ),
                (
                    [FRAMES, LATENT_MELS * FRAMES, AUDIOLDM.samples_per_frame * FRAMES],
                    "The third number is all that is generated: give only the part beyond 8.4 s.",
                ),
                (
                    [FRAMES, LATENT_MELS * FRAMES, _lengths(FRAMES)[2] / AUDIOLDM.sample_rate],
                    "The third number is in seconds: give it in samples.",
                ),
                (
                    [FRAMES, LATENT_MELS * FRAMES, _lengths(FRAMES)[2] / AUDIOLDM.samples_per_frame],
                    "The third number is in latent frames: give it in samples.",
                ),
            ],
            parts=("a number of latent frames", "a number of mel frames", "a number of samples"),
        ),
        "The frames are int(25.6 * seconds), rounded up to a multiple of 8; each is 4 mel frames and 640 samples.",
        "The run generates more than you requested, and the surplus is cropped once, from the finished waveform.",
    ),
    Exercise(
        function(
            guide,
            _pairs((0.0, 1.0, 2.5)),
            slips=[
                (
                    lambda unguided, prompted, scale: unguided + scale * prompted,
                    "At a scale of 1 that is the sum of both: add the way from one to the other, their difference.",
                ),
                (
                    lambda unguided, prompted, scale: prompted + scale * (prompted - unguided),
                    "At a scale of 0 that is already the prompted prediction: start at the unguided one.",
                ),
                (
                    lambda unguided, prompted, scale: prompted + scale * (unguided - prompted),
                    "The two are swapped: a larger scale has to lead toward the prompt.",
                ),
                (lambda unguided, prompted, scale: scale * prompted, "The unguided prediction contributes too."),
            ],
        ),
        "Start at the unguided prediction and go `scale` times the way to the prompted one.",
        "At 1, the unguided half cancels, so the network does not need to compute it; above 1, its share is negative.",
    ),
    Exercise(
        choice(
            "average",
            {
                "decoder": "It is a latent like any other, without noise, and the decoder accepts it. It is the sound "
                "itself that is undecided.",
                "steps": "More steps start at almost the same noise level, so their first estimate knows no more.",
                "guidance": "A larger scale exaggerates what the prompt says. It cannot decide which of all the "
                "matching sounds to generate.",
            },
        ),
        "What could the network know about the sound when nearly all of its input is noise?",
        "With so much noise, the best guess is the mean of all sounds that fit, and a mean of sounds is a blur.",
    ),
)
