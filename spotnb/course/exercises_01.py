"""Exercises of notebook 01: the clean estimate, lengths, guidance."""

from __future__ import annotations

from typing import Any

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, function, numbers
from spotnb.sound.lengths import FRAMES_PER_SECOND, SAMPLES_PER_FRAME, run_frames, run_samples
from spotnb.sound.mel import LATENT_MELS
from spotnb.tiling.shifts import DEFAULT_TIME_MULTIPLE

Array = Any

SECONDS = 8.4


def clean(x: Array, noise: Array, alpha: float) -> Array:
    return (x - (1 - alpha) ** 0.5 * noise) / alpha**0.5


def guide(unguided: Array, prompted: Array, scale: float) -> Array:
    return unguided + scale * (prompted - unguided)


def _pairs(others: tuple[float, ...]) -> list[tuple[Any, ...]]:
    """Two rows of numbers, as if of latents, and another number, a few times."""
    x, noise = np.array([1.5, -0.5, 0.2]), np.array([0.3, -1.0, 0.8])
    return [(x, noise, other) for other in others]


def _lengths(frames: int) -> list[float]:
    return [frames, LATENT_MELS * frames, SAMPLES_PER_FRAME * frames - run_samples(SECONDS, frames)]


NOMINAL = int(25.6 * SECONDS)
FRAMES = run_frames(SECONDS, DEFAULT_TIME_MULTIPLE)

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
                    "The noise is gone, but what is left is still sqrt(alpha) times x0: one division is missing.",
                ),
                (lambda x, noise, alpha: x - noise, "Only a part of x is noise: the formula says how large a part."),
                (
                    lambda x, noise, alpha: (x - alpha**0.5 * noise) / (1 - alpha) ** 0.5,
                    "The two factors have changed places: alpha is the share of the clean latent.",
                ),
                (
                    lambda x, noise, alpha: alpha**0.5 * x + (1 - alpha) ** 0.5 * noise,
                    "That puts more noise on x, where the noise in it was to be taken away.",
                ),
            ],
        ),
        "Bring the noise to the other side of x = sqrt(alpha) * x0 + sqrt(1 - alpha) * noise, then divide.",
        "Noise and clean latent are two ways to say the same thing; the smaller alpha, the more the division enlarges "
        "what is wrong with the noise.",
    ),
    Exercise(
        numbers(
            _lengths(FRAMES),
            slips=[
                (_lengths(NOMINAL), "The network halves time three times: that is no multiple of 8."),
                (_lengths(FRAMES - DEFAULT_TIME_MULTIPLE), "Rounded down, the run would be shorter than the sound."),
                (
                    _lengths(int(FRAMES_PER_SECOND * SECONDS)),
                    "25 frames do fill a second, but AudioLDM's rule asks for 25.6, and multiples of 8.",
                ),
                (
                    [FRAMES, LATENT_MELS * FRAMES, SAMPLES_PER_FRAME * FRAMES],
                    "The third number is what was made: wanted is what of it is beyond 8.4 s.",
                ),
            ],
        ),
        "The frames are int(25.6 * seconds), rounded up to a multiple of 8; each is 4 mel frames and 640 samples.",
        "More is made than was asked for, and the surplus is cropped once, from the finished waveform.",
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
                    "The two have changed places: a larger scale has to lead towards the prompt.",
                ),
                (lambda unguided, prompted, scale: scale * prompted, "The unguided prediction has a part in it too."),
            ],
        ),
        "Start at the unguided prediction, and go the way to the prompted one `scale` times.",
        "At 1 the unguided half cancels, so the network need not be asked for it; above 1 its share is negative.",
    ),
    Exercise(
        choice(
            "average",
            {
                "decoder": "It is a latent like others, without noise in it, and the decoder takes it. It is the sound "
                "itself that is undecided.",
                "steps": "More steps begin at much the same noise level, so their first estimate knows no more.",
                "guidance": "A larger scale exaggerates what the prompt says. It cannot say which of all the fitting "
                "sounds it is to be.",
            },
        ),
        "What could the network know about the sound when nearly all of its input is noise?",
        "The best guess under so much noise is the mean of all that fits, and a mean of sounds is a blur.",
    ),
)
