"""The judge: its distance, and whether the shipped one rejects wrong sounds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.classifier import FEATURES, FRAMES, JUDGE, frechet, judge_mels, load_judge, moments
from training.compose import CLASSES


def test_frechet_of_known_gaussians() -> None:
    rng = np.random.default_rng(0)
    spread = rng.normal(size=(5, 5))
    covariance = spread @ spread.T
    here = np.zeros(5), covariance
    assert frechet(here, here) == pytest.approx(0, abs=1e-6)
    assert frechet(here, (np.full(5, 2.0), covariance)) == pytest.approx(20, rel=1e-6)
    # Covariances c and 4c: trace(c + 4c - 2 * 2c) = trace(c)
    assert frechet(here, (np.zeros(5), 4 * covariance)) == pytest.approx(np.trace(covariance), rel=1e-6)


def test_the_shipped_judge_is_small_and_finite() -> None:
    assert (JUDGE / "judge.safetensors").stat().st_size < 1e6
    judge, (mean, covariance) = load_judge()
    assert mean.shape == (FEATURES,)
    assert covariance.shape == (FEATURES, FEATURES)
    assert np.linalg.eigvalsh(covariance).min() > -1e-6
    features, logits = judge_mels(judge, torch.full((2, 1, FRAMES, 64), -11.5))
    assert features.shape == (2, FEATURES)
    assert logits.shape == (2, len(CLASSES))
    assert np.isfinite(logits).all()
    assert judge.get_buffer("threshold") != 0  # it was set with real clips


def test_noise_is_far_from_real_clips() -> None:
    judge, reference = load_judge()
    noise = torch.randn(40, 1, FRAMES, 64, generator=torch.Generator().manual_seed(0)) * 3 - 5
    spread = float(np.trace(reference[1]))
    assert frechet(moments(judge_mels(judge, noise)[0]), reference) > 0.3 * spread
