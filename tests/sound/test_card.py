"""Scores and levels show themselves."""

from __future__ import annotations

import math

import numpy as np

from spotnb.sound.measure import Levels, SeamScore, levels, seam_score


def test_a_seam_score_shows_itself() -> None:
    score = SeamScore(1.234, 0.0312, np.array([0.8, 1.7, np.nan, 1.2]))
    assert repr(score) == "SeamScore(1.23, p = 0.0312, 4 seams)"
    shown = score._repr_html_()
    assert "1.70 at seam 1" in shown
    assert "M166.7 41.2v0M500 13.3v0M833.3 28.8v0" in shown  # three dots; the scale goes from 0 to 2
    assert "M0 35H1000" in shown  # the line at 1
    assert repr(seam_score(np.zeros(16000), [5])) == "SeamScore(1.00, p = 1, 1 seam)"
    empty = SeamScore(math.nan, math.nan, np.array([]))
    assert repr(empty) == "SeamScore(nan, p = nan, 0 seams)"
    assert "<b>SeamScore</b>" in empty._repr_html_()


def test_levels_show_themselves() -> None:
    assert repr(Levels(-23.51, -4.24, 19.27, -22.1)) == "Levels(RMS -23.5 dB, peak -4.2 dB, crest 19.3 dB, -22.1 LUFS)"
    assert repr(levels(np.zeros(16000))) == "Levels(silence)"
    assert "M0 2H500v12H0z" in Levels(-30.0, -6.0, 24.0, -30.0)._repr_html_()  # half of a scale from -60 dB
    assert "<svg" not in levels(np.zeros(16000))._repr_html_()
