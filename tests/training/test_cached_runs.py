"""Finished latents are kept for the weights that made them: a measurement resumes, and never mixes two models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from spotnb import SpotSampler
from spotnb.models.identity import KEY
from tests.networks import FunctionModel, pointwise
from training.cached_runs import finished


class Weighted(FunctionModel):
    """A model whose description says which weights it has and in which precision it computes."""

    def __init__(self, digit: str = "a", dtype: str = "float32") -> None:
        super().__init__(pointwise)
        self.facts = {KEY: digit * 64, "dtype": dtype}

    def describe(self) -> dict[str, Any]:
        return super().describe() | self.facts


def run(cache: Path | None, model: FunctionModel, name: str = "piece") -> tuple[torch.Tensor, bool]:
    """Return a finished latent, and whether the network was called for it."""
    _, latent = finished(cache, name, lambda: SpotSampler(model, "piano", 4.0, 2))
    return latent, bool(model.calls)


def test_a_finished_run_is_read(tmp_path: Path) -> None:
    first, ran = run(tmp_path, Weighted())
    again, ran_again = run(tmp_path, Weighted())
    assert ran
    assert not ran_again
    assert torch.equal(first, again)


def test_other_runs_weights_and_precisions_are_run(tmp_path: Path) -> None:
    run(tmp_path, Weighted())
    assert run(tmp_path, Weighted(), "other piece")[1]
    for other in ("b", "float32"), ("a", "bfloat16"):
        assert run(tmp_path, Weighted(*other))[1]
        assert not run(tmp_path, Weighted(*other))[1]


def test_without_a_cache_nothing_is_kept(tmp_path: Path) -> None:
    assert run(None, Weighted())[1]
    assert run(None, Weighted())[1]
