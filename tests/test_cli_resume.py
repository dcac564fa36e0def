"""`spotnb generate --resume`: an interrupted run repeats no step, and a checkpoint that is left behind is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import spotnb.sampling.checkpoint
from spotnb.cli import main
from tests.networks import neighbourly
from tests.sampling.test_checkpoint import Cut


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cut:
    monkeypatch.setattr(spotnb.sampling.checkpoint, "LEAST_PAUSE", 0.0)
    monkeypatch.setattr(spotnb.sampling.checkpoint, "SHARE", 0)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)
    model = Cut(neighbourly)
    monkeypatch.setattr("spotnb.models.load.load_model", lambda *_, **__: model)
    return model


def generate(*more: str, prompt: str = "a sea") -> int:
    return main(["generate", prompt, "--duration", "2", "--steps", "8", "--tile", "16", *more])


def interrupt(model: Cut, *more: str) -> None:
    """Interrupt a run at its sixth step of eight."""
    model.at = len(model.calls) + 5 * 3  # three calls a step
    assert generate("--resume", *more) == 130
    model.at = None


@pytest.mark.parametrize("solver", ["ddim", "dpm++"])
def test_an_interrupted_run_repeats_no_step(model: Cut, solver: str, tmp_path: Path) -> None:
    chosen = ("--solver", solver, "--name", "run")
    assert generate(*chosen, "--out", "whole") == 0
    calls = len(model.calls)
    interrupt(model, *chosen)
    assert generate("--resume", *chosen) == 0
    assert len(model.calls) == 2 * calls
    assert (tmp_path / "out" / "run.wav").read_bytes() == (tmp_path / "whole" / "run.wav").read_bytes()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"run.wav", "run.png", "run.json"}


@pytest.mark.usefixtures("model")
def test_what_is_recorded_makes_no_other_run(tmp_path: Path) -> None:
    """With --resume, more is recorded. The run is the same, so it replaces its own files."""
    assert generate("--solver", "dpm++") == generate("--solver", "dpm++", "--resume") == 0
    assert {path.name for path in (tmp_path / "out").glob("*.wav")} == {"a-sea.wav"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [(["--seed", "3"], "seed differs"), (["--guidance", "2", "--steps", "7"], "steps, guidance_scale differ")],
)
def test_another_run_names_the_checkpoint_that_it_leaves(
    model: Cut, changed: list[str], reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    interrupt(model)
    before = (tmp_path / "out" / "a-sea.resume.npz").read_bytes()
    assert generate("--resume", *changed) == 0
    (said,) = caplog.messages
    assert said.startswith(f"out/a-sea.resume.npz is not continued ({reason}): this run starts anew, as out/a-sea-2; ")
    assert (tmp_path / "out" / "a-sea.resume.npz").read_bytes() == before
    assert (tmp_path / "out" / "a-sea-2.wav").exists()

    caplog.clear()
    interrupt(model, "--seed", "4", "--name", "a-sea")
    caplog.clear()
    assert generate("--resume", "--seed", "4", "--name", "a-sea") == 0  # its own checkpoint has another number
    assert generate(*changed) == 0  # nothing was to be resumed
    assert caplog.messages == []


def test_a_damaged_checkpoint_is_named(model: Cut, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    interrupt(model)
    checkpoint = tmp_path / "out" / "a-sea.resume.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    assert generate("--resume") == 0
    (said,) = caplog.messages
    assert said.startswith("out/a-sea.resume.npz is not continued (it is damaged, or ")
    assert checkpoint.stat().st_size == 1000
