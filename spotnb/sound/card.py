"""How seam scores and levels show themselves."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spotnb.support.cards import Card, joined
from spotnb.support.pictures import SEAM, TILE, Axis, Picture, bars, dots, level, thinned

HEIGHT = 70
QUIETEST = -60  # dB, at the left end of the scale


class Score(Protocol):
    """What the card of a score needs; `spotnb.sound.measure.SeamScore` explains it."""

    @property
    def score(self) -> float: ...  # noqa: D102
    @property
    def p_value(self) -> float: ...  # noqa: D102
    @property
    def per_seam(self) -> NDArray[np.float64]: ...  # noqa: D102


class Decibels(Protocol):
    """What the card of levels needs; `spotnb.sound.measure.Levels` explains it."""

    @property
    def rms_db(self) -> float: ...  # noqa: D102
    @property
    def peak_db(self) -> float: ...  # noqa: D102
    @property
    def crest_db(self) -> float: ...  # noqa: D102
    @property
    def lufs(self) -> float: ...  # noqa: D102


def seam_card(score: Score) -> Card:
    """Return the card of a seam score, with a dot for each seam."""
    seams = score.per_seam
    order = [k for k in np.argsort(seams).tolist() if math.isfinite(seams[k])]
    several = len(order) > 1
    facts = {
        "Score": (f"{score.score:.3f}", "1: the sound changes no more at the seams than elsewhere"),
        "p-value": (f"{score.p_value:.3g}", "the share of other places for the same seams that score as high"),
        "Lowest": f"{seams[order[0]]:.2f} at seam {order[0]}" if several else None,
        "Highest": f"{seams[order[-1]]:.2f} at seam {order[-1]}" if several else None,
    }
    scores = thinned(seams.tolist())
    high = max([2.0, *scores])
    one = HEIGHT - 4 - (HEIGHT - 8) / high  # where `dots` draws a score of 1
    drawing = level(one, "currentColor", dashed=True) + dots(scores, 0, high, HEIGHT, SEAM)
    legend = [(SEAM, f"score of each seam, from 0 to {high:.3g}"), ("currentColor", "1")]
    ends = ("seam 0", f"seam {len(seams) - 1}") if several else ("", "")
    label = "The score of each seam, in order, with a line at 1"
    return Card(repr(score), facts, Picture(drawing, HEIGHT, label, ends, legend))


def levels_text(levels: Decibels) -> str:
    """Return what a reader wants to know first about levels."""
    if levels.rms_db == -math.inf:
        return "silence"
    named = ("RMS", levels.rms_db), ("peak", levels.peak_db), ("crest", levels.crest_db)
    return joined(*(f"{name} {value:.1f} dB" for name, value in named), f"{levels.lufs:.1f} LUFS")


def levels_card(levels: Decibels) -> Card:
    """Return the card of levels, with the RMS and the peak level on a scale."""
    facts = {
        "RMS level": f"{levels.rms_db:.2f} dBFS",
        "Peak level": f"{levels.peak_db:.2f} dBFS",
        "Crest factor": f"{levels.crest_db:.2f} dB",
        "Loudness": f"{levels.lufs:.2f} LUFS",
    }
    if not math.isfinite(levels.rms_db) or not math.isfinite(levels.peak_db):
        return Card(repr(levels), facts)
    axis, rms, peak = Axis(QUIETEST, 0), max(QUIETEST, levels.rms_db), max(QUIETEST, levels.peak_db)
    drawing = bars(axis, [(QUIETEST, rms)], 2, 12, TILE) + bars(axis, [(rms, peak)], 5, 6, SEAM)
    legend = [(TILE, "up to the RMS level"), (SEAM, "up to the peak")]
    label = "RMS and peak level on a scale of decibels"
    return Card(repr(levels), facts, Picture(drawing, 16, label, (f"{QUIETEST} dB", "0 dB"), legend))
