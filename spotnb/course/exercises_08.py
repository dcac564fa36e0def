"""Exercises of notebook 08: the published AudioLDM checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, function, number
from spotnb.models.heads import ORIGINAL_HEADS
from spotnb.sound.lengths import duration_to_latent_t_size

CHANNELS, BINS = 8, 16
FRAMES = duration_to_latent_t_size(60)


def _heads(channels: Sequence[int], per_head: int) -> list[int]:
    return list(ORIGINAL_HEADS[channels[0], channels[1], channels[2], channels[3]])


EXERCISES = (
    Exercise(
        function(
            _heads,
            [((128, 256, 384, 640), 32), ((192, 384, 576, 960), 32), ((256, 512, 768, 1280), 64)],
            [
                (lambda channels, _: [8] * len(channels), "That is what the published file says: 8 at every level."),
                (
                    lambda channels, _: [count // 8 for count in channels],
                    "Those are the channels of a head if there were 8 heads: the question asks for the heads.",
                ),
                (
                    lambda channels, per_head: [per_head] * len(channels),
                    "Those are the channels per head: how many heads share the channels of a level?",
                ),
                (
                    lambda channels, _: [count // 32 for count in channels],
                    "That is right for two of the three: the large network has another number of channels per head.",
                ),
            ],
        ),
        "At every level, the heads divide the channels among them, and every head gets per_head of them.",
        "Wider levels have more heads, each as wide as the others. One number for all levels cannot express that.",
    ),
    Exercise(
        number(
            CHANNELS * FRAMES * BINS,
            slips=[
                (CHANNELS * 1500 * BINS, "That is 25 frames per second; AudioLDM's rule for lengths has 25.6."),
                (FRAMES * BINS, "That is one channel: a latent has 8."),
                (CHANNELS * FRAMES, "That is one bin: a latent has 16."),
                (CHANNELS * 256 * BINS, "That is one window of 256 frames: the question asks for the whole latent."),
                (4 * CHANNELS * FRAMES * BINS, "Those are bytes in float32: the question asks for numbers."),
                (4 * FRAMES * 64, "That is the log-mel: four times as long, 64 bands, no channels."),
            ],
        ),
        "Multiply channels, frames and bins; duration_to_latent_t_size(60) gives the frames.",
        "That is less than a megabyte in float32: the network fills the memory, not the sound.",
    ),
    Exercise(
        choice(
            "weights",
            {
                "spotnb": "spotnb, with its embedded model, is under Apache-2.0, which allows commercial use.",
                "diffusers": "diffusers is a library under Apache-2.0, and this checkpoint is not part of it.",
                "prompt": "A prompt may raise other questions, but it does not affect the license of the model.",
                "nothing": "The code is free, but not all that the program loads comes with the license of the code.",
            },
        ),
        "Code, weights and your prompt come together. Which of them has the letters NC in its license?",
        "The model cards say CC BY-NC-SA 4.0, and NC excludes commercial use, however free the surrounding code is.",
    ),
    Exercise(
        choice(
            "output",
            {
                "error": "The file loads without an error, which is what makes this fault unpleasant.",
                "shapes": "All shapes are the same, whatever the number of heads: heads only divide the channels.",
                "parameters": "The number of parameters is the same: heads only divide the channels.",
                "speed": "The speed may differ a little, but it does not show which one is right.",
            },
        ),
        "Look at what the experiment with two networks printed: what agreed, and what did not?",
        "Only the output differs. Compare it with the original's on the same weights; nothing else shows the fault.",
    ),
)
