"""Training the vocoder: its phases run, resume, and leave a vocoder that loads."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from spotnb.models.load import EMBEDDED
from spotnb.models.vocoder import SinusoidalVocoder
from training import train_vocoder
from training.data import SAMPLES
from training.discriminators import Discriminators
from training.fit_tones import fit_tones
from training.stages import TONAL


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data folder with clips of noise, and make the training small."""
    rng = np.random.default_rng(0)
    for split in ("train", "unseen"):
        clips = rng.normal(0, 3000, (len(TONAL), SAMPLES)).astype(np.int16)
        np.save(tmp_path / f"{split}-000.npy", clips)
        (tmp_path / f"{split}-000.json").write_text(json.dumps([{"class": name, "era": "modern"} for name in TONAL]))
    monkeypatch.setattr(train_vocoder, "BATCH", 2)
    monkeypatch.setattr(train_vocoder, "TONES", 16)
    monkeypatch.setattr(train_vocoder, "copied", lambda stage, real: {})
    monkeypatch.setattr(train_vocoder, "fit_tones", partial(fit_tones, batches=1))
    monkeypatch.setattr(train_vocoder, "Discriminators", lambda: Discriminators(width=2))
    return tmp_path


def test_the_phases_run_and_resume(data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "training")
    tones, spectral, adversarial = train_vocoder.PHASES
    first = train_vocoder.train(data, 0.003, tones, "cpu")
    assert first.config.tones == 16
    second = train_vocoder.train(data, 0.02, tones, "cpu")
    assert "vocoder-tones: resumed" in caplog.text
    assert not torch.equal(first.tone_head.weight, second.tone_head.weight)
    third = train_vocoder.train(data, 0.003, spectral, "cpu")
    fourth = train_vocoder.train(data, 0.003, adversarial, "cpu")
    fifth = train_vocoder.train(data, 0.03, adversarial, "cpu")
    assert "vocoder-adversarial: resumed" in caplog.text
    for one, other in ((second, third), (third, fourth), (fourth, fifth)):
        assert not torch.equal(one.tone_head.weight, other.tone_head.weight)
        assert (one.tone_head.weight - other.tone_head.weight).abs().max() < 0.1  # it went on from there
    rows = [json.loads(line) for line in (data / "vocoder-adversarial.log.jsonl").read_text().splitlines()]
    assert rows[0].keys() >= {"mel", "log", "hz", "jitter", "discriminators", "adversarial", "matching"}

    fifth.half().save_pretrained(tmp_path / "vocoder")
    loaded = SinusoidalVocoder.from_pretrained(tmp_path / "vocoder", torch_dtype=torch.float32)
    assert torch.isfinite(loaded(torch.full((1, 50, 64), -4.0))).all()


def test_the_shipped_vocoder_is_the_start(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = SinusoidalVocoder.from_pretrained(EMBEDDED / "vocoder", torch_dtype=torch.float32)
    monkeypatch.setattr(train_vocoder, "TONES", shipped.config.tones)
    start = train_vocoder.initial(train_vocoder.Waveforms(data, "train"), EMBEDDED)
    for name, weight in shipped.state_dict().items():
        assert torch.equal(start.state_dict()[name], weight), name
