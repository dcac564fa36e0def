"""Exercises of notebook 00, the quickstart: rolling and cropping, loops, what an edge costs."""

from __future__ import annotations

import numpy as np

from spotnb.course.exercise import Exercise
from spotnb.course.judges import choice, numbers

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
                (TWICE, "These are there twice, the second time backwards. Wanted are the frames that are gone."),
                ([1, 2], "The roll goes to the right: it is the end of the sound that is moved into the crop."),
                ([6, 7, 8], "These are lost with a shift of 3."),
                ([], "Something is lost with every shift: the crop comes before the roll is undone."),
            ],
        ),
        "Set shift = 2 and run section 3 again: which of 1 to 8 are not in what was cropped?",
        "The last `shift` frames are lost, whatever the mirror puts in their place.",
    ),
    Exercise(
        choice(
            "circular",
            {
                "reflect": "Its ends are made to sound well beside their own mirror image, not beside each other: its "
                "loop score tells of a jump.",
                "both": "One of the two scores is far from 1.",
                "neither": "One of the two scores is near 1: compare them.",
            },
        ),
        "Take the edge whose loop score is nearer to 1.",
        "On a ring some tile always sees the end and the start side by side, so they are made to fit.",
    ),
    Exercise(
        choice(
            "merge",
            {
                "reflect": "A moved grid has one tile more, filled up with mirrored frames: that is paid for.",
                "anchor": "It pads nothing, but the short tiles at the ends borrow real neighbours: these frames are "
                "worked through twice.",
                "circular": "At this length it costs as much, but it makes a loop, and was not among the three.",
            },
        ),
        "Fixed tiles cost 768 network frames a step: which edge has as many in every step?",
        "A short end tile joins its neighbour, so no frame is padded or seen twice; for that, windows differ in width, "
        "and the last tile may be longer or shorter than what the network is used to.",
    ),
)
