"""The results of the measures: seam scores and levels, and how they show themselves."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spotnb.support.cards import Card, count, html_of, joined, text_of
from spotnb.support.pictures import SEAM, TILE, Axis, Picture, bars, dots, level, thinned


class SeamScore(NamedTuple):
    """The result of `seam_score`: the mean score, its p-value, and the score of each seam.

    Attributes:
        score: Mean of `per_seam`. A value of 1 means that the sound changes no more at the seams than elsewhere.
        p_value: Probability that the same seams at other places score at least as high.
        per_seam: The score of each seam.
    """

    score: float
    p_value: float
    per_seam: NDArray[np.float64]

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)

    def _text_(self) -> str:
        return f"{self.score:.2f}, p = {self.p_value:.3g}, {count(len(self.per_seam), 'seam')}"

    def _card_(self) -> Card:
        scores = thinned(self.per_seam.tolist())
        high = max(2.0, *scores, 0.0)
        order = [k for k in np.argsort(self.per_seam).tolist() if math.isfinite(self.per_seam[k])]
        facts = {
            "Score": (f"{self.score:.3f}", "1: the sound changes no more at the seams than elsewhere"),
            "p-value": (f"{self.p_value:.3g}", "the share of other places for the same seams that score as high"),
            "Lowest": f"{self.per_seam[order[0]]:.2f} at seam {order[0]}" if len(order) > 1 else None,
            "Highest": f"{self.per_seam[order[-1]]:.2f} at seam {order[-1]}" if len(order) > 1 else None,
        }
        height = 70
        one = height - 4 - (height - 8) / high  # where `dots` puts a score of 1
        drawing = level(one, "currentColor", dashed=True) + dots(scores, 0, high, height, SEAM)
        legend = [(SEAM, f"score of each seam, from 0 to {high:.3g}"), ("currentColor", "1")]
        label = "The score of each seam, in order, with a line at 1"
        ends = ("seam 0", f"seam {len(scores) - 1}") if len(scores) > 1 else ("", "")
        return Card(repr(self), facts, Picture(drawing, height, label, ends, legend))


class Levels(NamedTuple):
    """Levels of a sound in decibels.

    Attributes:
        rms_db: RMS level relative to full scale, an amplitude of 1.
        peak_db: Peak level relative to full scale.
        crest_db: Crest factor, the peak level minus the RMS level.
        lufs: Perceived loudness in LUFS, which are decibels relative to full scale.
    """

    rms_db: float
    peak_db: float
    crest_db: float
    lufs: float

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)

    def _text_(self) -> str:
        if self.rms_db == -math.inf:
            return "silence"
        return joined(
            f"RMS {self.rms_db:.1f} dB",
            f"peak {self.peak_db:.1f} dB",
            f"crest {self.crest_db:.1f} dB",
            f"{self.lufs:.1f} LUFS",
        )

    def _card_(self) -> Card:
        facts = {
            "RMS level": f"{self.rms_db:.2f} dBFS",
            "Peak level": f"{self.peak_db:.2f} dBFS",
            "Crest factor": f"{self.crest_db:.2f} dB",
            "Loudness": f"{self.lufs:.2f} LUFS",
        }
        if not math.isfinite(self.rms_db) or not math.isfinite(self.peak_db):
            return Card(repr(self), facts)
        axis, rms, peak = Axis(-60, 0), max(-60, self.rms_db), max(-60, self.peak_db)
        drawing = bars(axis, [(-60, rms)], 2, 12, TILE) + bars(axis, [(rms, peak)], 5, 6, SEAM)
        legend = [(TILE, "up to the RMS level"), (SEAM, "up to the peak")]
        label = "RMS and peak level on a scale of decibels"
        return Card(repr(self), facts, Picture(drawing, 16, label, ("-60 dB", "0 dB"), legend))
