"""The page names every sound and picture that it needs, and marks what is far from the real clip."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from spotnb import load_audio
from training import listening_page
from training.stages import REAL, SAMPLES, VOCODER, Clips


def test_the_page_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time = np.arange(SAMPLES) / 16000
    real = torch.from_numpy((0.1 * np.sin(2 * np.pi * 440 * time)).astype(np.float32))[None]
    monkeypatch.setattr(listening_page, "unseen_clips", lambda *_: Clips(real, [{"class": "organ"}]))
    monkeypatch.setattr(Clips, "texts", ["a <loud> organ"])
    monkeypatch.setattr(listening_page, "load_stages", lambda *_: None)
    monkeypatch.setattr(listening_page, "staged", lambda *_: {REAL: real, VOCODER: 12 * real})
    page = listening_page.build(tmp_path / "listen", tmp_path, None, Path("new"), ("organ",), "cpu")
    text = page.read_text()
    named = set(re.findall(r'src="([^"]+)"', text))
    assert named == {f"organ-{stage}.{ending}" for stage in (REAL, VOCODER) for ending in ("wav", "png")}
    assert {file.name for file in page.parent.iterdir()} == named | {"index.html"}
    assert "a &lt;loud&gt; organ" in text
    assert 'class="far">+2' in text  # the level, by over 20 dB
    loud = load_audio(page.parent / "organ-vocoder.wav")
    assert loud.shape == (SAMPLES,)
    assert np.abs(loud).max() == pytest.approx(1, abs=1e-3)
    assert (page.parent / "organ-real.png").read_bytes() != (page.parent / "organ-vocoder.png").read_bytes()
