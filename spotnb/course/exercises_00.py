"""Exercises of notebook 00, the quickstart: rolling and cropping, loops, and the cost of an edge policy."""

from __future__ import annotations

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, numbers
from spotnb.tiling.edges import Circular

RING = Circular.name

FRAMES, SHIFT = 8, 2

_sound = np.arange(1, FRAMES + 1)
_rolled = np.roll(np.pad(_sound, SHIFT, mode="reflect"), SHIFT)
_kept = _rolled[SHIFT:-SHIFT].tolist()
LOST = sorted(set(_sound.tolist()) - set(_kept))
TWICE = sorted(n for n in set(_kept) if _kept.count(n) > 1)

EXERCISES = (
    Exercise(
        numbers(
            LOST,
            ordered=False,
            slips=[
                (TWICE, "These occur twice, the second time backward. Give the frames that are missing."),
                ([1, 2], "The roll goes to the right, so it moves the end of the sound into the cropped part."),
                ([6, 7, 8], "These are lost with a shift of 3."),
                ([n - 1 for n in LOST], "Those are positions counted from 0: the frames are numbered from 1."),
                (
                    [*LOST, *TWICE],
                    "Some of these are missing, but the others occur twice: only the missing ones are asked for.",
                ),
            ],
            parts=["a frame that the roll moves into the cropped part"] * len(LOST),
        ),
        "Set shift = 2 and run section 3 again: which of the numbers 1 to 8 are missing after the crop?",
        "The last `shift` frames are lost, and mirrored frames take their place.",
    ),
    Exercise(
        choice(
            RING,
            {
                "reflect": "Its ends fit their own mirror images, but not each other: its loop score shows a jump.",
                "both": "One of the two scores is far from 1.",
                "neither": "One of the two scores is near 1: compare them.",
            },
        ),
        "Choose the edge policy whose loop score is closer to 1.",
        "On a ring, some tile always sees the end and the start side by side, so the two fit together.",
    ),
    Exercise(
        choice(
            "merge",
            {
                "reflect": "A shifted grid has one more tile, filled up with mirrored frames, which are not free.",
                "anchor": "It does not pad, but the short tiles at the ends borrow real neighboring frames, which are "
                "processed twice.",
                RING: "At this length it costs the same, but it makes a loop, and it was not one of the three.",
            },
        ),
        "Fixed tiles cost 768 network frames per step: which edge policy has the same number in every step?",
        "A short tile at the end merges with its neighbor, so no frame is padded or seen twice. In return, windows "
        "differ in width, and the last tile may be longer or shorter than the network is used to.",
    ),
)
