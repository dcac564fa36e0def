"""Interrupted runs continue, with the same result to the last bit."""

from __future__ import annotations

import logging
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler
from torch import Tensor

import spotnb.sampling.checkpoint
from spotnb import InputError, SpotDiffusionConfig, SpotnbError, SpotSampler
from spotnb.sampling.checkpoint import record_for, run_with_checkpoints
from spotnb.solvers.ddim import DDIM
from spotnb.solvers.multistep import dpm_solver_plus_plus
from spotnb.trace.trace import Trace
from tests.networks import ALPHAS, FunctionModel, neighbourly
from tests.test_cli import SPOTNB


class Cut(FunctionModel):
    """A network that fails at one of its calls."""

    at: int | None = None

    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        if self.at == len(self.calls):
            raise KeyboardInterrupt
        return super().predict_noise(x, t, cond)


def make(at: int | None = None, **settings: Any) -> SpotSampler:
    model = Cut(neighbourly)
    model.at = at
    settings = {"steps": 8, "config": SpotDiffusionConfig(16), "eta": 0.5, "record": "last"} | settings
    return SpotSampler(model, "a sea", 2.0, **settings)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spotnb.sampling.checkpoint, "LEAST_PAUSE", 0.0)
    monkeypatch.setattr(spotnb.sampling.checkpoint, "SHARE", 0)


@pytest.mark.parametrize("settings", [{}, {"solver": "dpm++", "eta": 0.0}, {"record": "all"}, {"n_candidates": 2}])
def test_an_interrupted_run_continues(settings: dict[str, Any], tmp_path: Path) -> None:
    whole = make(**settings).run(progress=False)
    path = tmp_path / "run.npz"
    for at in (7, 9):
        with pytest.raises(KeyboardInterrupt):
            run_with_checkpoints(make(at, **settings), path, progress=False)
    last = make(**settings)
    run_with_checkpoints(last, path, progress=False)
    assert torch.equal(last.latent, whole.latent)
    if last.solver.name == "ddim":
        assert len(last.model.calls) < len(whole.model.calls)
    finished = make(**settings)
    run_with_checkpoints(finished, path, progress=False)
    assert torch.equal(finished.latent, whole.latent)


def test_a_checkpoint_of_an_older_version_states_no_rates_and_no_finish(tmp_path: Path) -> None:
    begun = make()
    begun.step()
    for name in ("sample_rate", "samples_per_frame", "finish_steps", "finish_overlap"):
        del begun.trace.manifest[name]
    begun.trace.save(tmp_path / "run.npz")
    resumed = make()
    run_with_checkpoints(resumed, tmp_path / "run.npz", progress=False)
    assert len(resumed.model.calls) < 8 * len(begun.model.calls)
    assert torch.equal(resumed.latent, make().run(progress=False).latent)


def test_the_checkpoint_of_another_run_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    run_with_checkpoints(make(), path, progress=False)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"holds another run \(guidance_scale, seed differ\): .*remove the"):
        run_with_checkpoints(make(guidance_scale=2.0, seed=1), path, progress=False)
    assert path.read_bytes() == before
    path.write_bytes(before[:100])
    with pytest.raises(SpotnbError):
        run_with_checkpoints(make(), path, progress=False)


def interrupted(path: Path, **settings: Any) -> int:
    """Interrupt a run in the middle, continue it from its checkpoint, and return the further calls of the network."""
    whole = make(**settings).run(progress=False)
    with pytest.raises(KeyboardInterrupt):
        run_with_checkpoints(make(len(whole.model.calls) // 2, **settings), path, progress=False)
    last = make(**settings)
    run_with_checkpoints(last, path, progress=False)
    assert torch.equal(last.latent, whole.latent)
    return len(last.model.calls) - len(whole.model.calls) // 2


@pytest.mark.parametrize("settings", [{}, {"solver": "dpm++", "eta": 0.0}], ids=["ddim", "dpm++"])
def test_a_run_with_the_record_of_its_solver_repeats_no_step(
    settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    record = record_for(settings.get("solver", "ddim"))
    assert interrupted(tmp_path / "run.npz", **settings, record=record) == 0
    assert "continuing at step 4 of 8" in caplog.text


@pytest.mark.parametrize(
    "settings", [{"solver": "dpm++", "eta": 0.0}, {"record": "x0"}, {"record_dtype": "fp16"}], ids=str
)
def test_a_run_that_cannot_be_continued_says_so_and_saves_its_steps(
    settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert interrupted(tmp_path / "run.npz", **settings) > 0
    assert "run.npz holds not the whole state of the run, which record='all' in fp32 keeps: starting at" in caplog.text
    assert "continuing" not in caplog.text
    assert Trace.load(tmp_path / "run.npz").steps[-1] == 7


@pytest.mark.parametrize(
    ("solver", "record"),
    [
        ("ddim", "last"),
        ("dpm++", "all"),
        (DDIMScheduler(), "all"),
        (DDIM(ALPHAS, 8), "last"),
        (dpm_solver_plus_plus(ALPHAS, 8, 0.0), "all"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_the_record_of_a_solver_follows_from_its_memory(solver: Any, record: str) -> None:
    assert record_for(solver) == record


@pytest.mark.process
@pytest.mark.timeout(600)
def test_a_job_that_is_killed_three_times_writes_the_same_file(tmp_path: Path) -> None:
    job = ["generate", "church organ", "--duration", "40", "--steps", "40", "--tile", "64", "--name", "organ"]
    random.seed(0)
    checkpoint = tmp_path / "cut" / "organ.resume.npz"
    for _ in range(3):
        running = subprocess.Popen(
            [*SPOTNB, *job, "--resume", "--out", str(tmp_path / "cut")], stderr=subprocess.DEVNULL
        )
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        while running.poll() is None and not (checkpoint.exists() and checkpoint.stat().st_mtime_ns > before):
            time.sleep(0.02)
        time.sleep(random.uniform(0, 0.5))
        assert running.poll() is None, "it was done before it could be killed"
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert not (tmp_path / "cut" / "organ.wav").exists()
    for folder, more in (("cut", ["--resume"]), ("whole", [])):
        out = ["--out", str(tmp_path / folder)]
        subprocess.run([*SPOTNB, *job, *more, *out], check=True, capture_output=True, timeout=300)
    files = [(tmp_path / folder / "organ.wav").read_bytes() for folder in ("cut", "whole")]
    assert files[0] == files[1]
    assert not checkpoint.exists()
