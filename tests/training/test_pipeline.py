"""The complete training, scaled down: rendered clips become a model that loads and generates sound."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from spotnb import SpotDiffusionConfig, load_model, spotdiffusion_text_to_audio
from training import __main__ as pipeline
from training import start, train_vocoder
from training.compose import compose, compose_pair
from training.discriminators import Discriminators
from training.fit_tones import fit_tones
from training.render import MissingSynthesizer, make_clips, render, synthesizer


@pytest.fixture(scope="module")
def _synthesizer() -> None:
    try:
        synthesizer()
    except MissingSynthesizer as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("_synthesizer")
def test_clips_are_audible_and_of_their_loudness() -> None:
    clips, rows = make_clips("unseen", 3, 0, 14)
    assert clips.shape == (14, 245_760)
    rms = np.sqrt((clips.astype(float) ** 2).mean(1)) / 32768
    assert (rms > 0.01).all()
    loud = [r for r, row in zip(rms, rows, strict=True) if row["loudness"] == "loud"]
    soft = [r for r, row in zip(rms, rows, strict=True) if row["loudness"] == "soft"]
    assert min(loud) > max(soft)


@pytest.mark.usefixtures("_synthesizer")
def test_the_pipeline_of_a_gpu_makes_a_model_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU has all steps of a CPU, and one more. The first command is out of time after its first step."""
    monkeypatch.setattr(start, "_deadline", [float("inf")])
    monkeypatch.setattr(train_vocoder, "copied", lambda stage, real: {})
    monkeypatch.setattr(train_vocoder, "fit_tones", partial(fit_tones, batches=1))
    monkeypatch.setattr(train_vocoder, "Discriminators", lambda: Discriminators(width=2))
    command = ["--data", str(tmp_path), "--train", "14", "--unseen", "14", "--workers", "1", "--gpu-steps"]
    with pytest.raises(SystemExit) as ended:
        pipeline.main([*command, "--scale", "1", "--wall-minutes", "0.001"])
    assert ended.value.code == 75
    assert not (tmp_path / "model" / "text_encoder").exists()
    pipeline.main([*command, "--scale", "0.0002"])
    assert (tmp_path / "judge" / "judge.safetensors").stat().st_size < 1e6
    model = load_model(str(tmp_path / "model"), dtype="fp32")
    config = SpotDiffusionConfig(tile_size_time=64)
    sound = spotdiffusion_text_to_audio(model, "church organ", 5.0, 2, config=config, seed=0, progress=False)
    assert sound.shape == (80_000,)
    assert sound.std() > 0

    before = (tmp_path / "model" / "unet" / "config.json").stat().st_mtime_ns
    pipeline.main([*command, "--scale", "0.0002"])
    assert (tmp_path / "model" / "unet" / "config.json").stat().st_mtime_ns == before


@pytest.mark.usefixtures("_synthesizer")
def test_pairs_and_old_recordings_are_rendered() -> None:
    rng = random.Random(4)
    pair = compose_pair("organ", "nature", rng)
    old = compose("jazz_piano", rng)
    old = replace(old, attributes=old.attributes | {"era": "vintage"})
    modern = replace(old, attributes=old.attributes | {"era": "modern"})
    alone = replace(pair, under=None)
    together, organ, gramophone, piano = render([pair, alone, old, modern]).astype(np.float32) / 32768
    assert abs(np.corrcoef(together, organ)[0, 1]) < 0.97  # something else sounds
    spectra = [np.abs(np.fft.rfft(sound)) for sound in (gramophone, piano)]
    lows, lows_before = (spectrum[: 150 * 15].sum() / spectrum.sum() for spectrum in spectra)
    assert lows < 0.5 * lows_before
