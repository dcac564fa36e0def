"""The linear preview of a latent shows what the decoder shows."""

from __future__ import annotations

import numpy as np
import pytest

from spotnb.live.preview import PROMPTS, apply_preview, estimates, fit_preview
from spotnb.models.load import load_model

UNSEEN = ("jazz piano solo", "brass", "thunder and rain")


@pytest.mark.sound
def test_the_preview_correlates_with_the_decoded_spectrogram() -> None:
    model = load_model("tiny", device="cpu", dtype="fp32")
    preview = fit_preview(model)
    assert not set(UNSEEN) & set(PROMPTS)
    correlations = []
    for latent, mel in estimates(model, UNSEEN):
        shown = apply_preview(preview, latent)
        assert shown.shape == mel.shape
        correlations.append(np.corrcoef(shown.ravel(), mel.ravel())[0, 1])
    assert min(correlations) > 0.7
    assert np.median(correlations) > 0.9
