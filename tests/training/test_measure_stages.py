"""The figures of stages are those of known sounds, and every loss has an address."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from training.compose import CLASSES
from training.evaluate import as_json
from training.measure_stages import PARTS, lines, measured, tables
from training.stages import AUTOENCODER, GENERATED, REAL, SAMPLES, TONAL, VOCODER, plainest
from training.uncertainty import jackknife_error, mean_and_error

TIME = np.arange(SAMPLES) / 16000


def tones(noise: float, level: float = 0.1) -> torch.Tensor:
    """Return two clips of a tone with noise of a given level beside it."""
    draws = np.random.default_rng(0).standard_normal((2, SAMPLES))
    sound = np.sin(2 * np.pi * np.array([[440], [623]]) * TIME) + noise * draws
    return torch.from_numpy((level * sound).astype(np.float32))


def test_losses_have_an_address() -> None:
    """Each stage adds noise, the last one also halves the level and leaves the range."""
    stages = {REAL: tones(0.01), VOCODER: tones(0.1), AUTOENCODER: tones(0.1), GENERATED: tones(0.3, 0.05)}
    stages[GENERATED][1, :82] = 1.5
    rows = measured(stages)
    by_name, losses = tables(rows, ["organ", "rock"])
    assert list(by_name) == ["rock", "organ", "tonal", "all"]
    figure = "harmonic_to_noise_db"
    assert losses["organ"]["vocoder"][figure][0] < -5
    assert losses["organ"]["autoencoder"][figure][0] == 0
    assert losses["organ"]["denoiser"][figure][0] < -5
    assert sum(losses["all"][part][figure][0] for part in PARTS) == pytest.approx(
        by_name["all"][GENERATED][figure][0] - by_name["all"][REAL][figure][0]
    )
    assert -6.02 < losses["organ"]["denoiser"]["lufs"][0] < -4.5  # half, and some more noise
    assert by_name["tonal"][GENERATED]["outside_ppm"][0] == 0
    assert by_name["rock"][GENERATED]["outside_ppm"][0] == pytest.approx(1000, rel=0.01)
    assert by_name["organ"][VOCODER]["frequency_error_hz"][0] < 10
    assert any(line.startswith("harmonic_to_noise_db") for line in "\n".join(lines(by_name)).splitlines())
    assert by_name["organ"][VOCODER]["mr_stft"][0] > 0
    assert "mr_stft" not in by_name["organ"][GENERATED]


def test_results_are_json_with_a_figure_a_line() -> None:
    table = {"stages": {"rock": {"real": {"lufs": [-20.12345, float("nan")]}}}, "frechet": 1.5, "dtype": "bfloat16"}
    text = as_json(table)
    assert '"lufs": [-20.1234, null]' in text or '"lufs": [-20.1235, null]' in text
    assert json.loads(text)["frechet"] == 1.5


def test_plain_clips_come_first() -> None:
    rows = [
        {"class": "organ", "era": "vintage"},
        {"class": "organ", "era": "modern", "with": {}},
        {"class": "rock", "era": "modern"},
        {"class": "organ", "era": "modern"},
    ]
    assert plainest(rows, "organ", 1) == [3]
    assert plainest(rows, "organ", 9) == [3, 0, 1]
    assert set(TONAL) < set(CLASSES)


def test_standard_errors_are_those_of_the_textbook() -> None:
    values = np.random.default_rng(1).normal(3, 2, 600)
    mean, error = mean_and_error([*values, float("nan")])
    assert mean == pytest.approx(3, abs=0.3)
    assert error == pytest.approx(2 / 600**0.5, rel=0.1)
    assert jackknife_error(np.mean, values, groups=600) == pytest.approx(error)
    draws = np.random.default_rng(2).normal(3, 2, (100, 600))
    assert np.mean([jackknife_error(np.mean, draw) for draw in draws]) == pytest.approx(2 / 600**0.5, rel=0.1)
    assert np.isnan(mean_and_error([1.0])[1])
