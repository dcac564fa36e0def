"""Exercises of notebook 00, the quickstart: loops, and the cost of an edge policy."""

from __future__ import annotations

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice
from spotnb.tiling.edges import Circular

RING = Circular.name

EXERCISES = (
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
