"""One cell of a sweep: its row says what is in its files, and an error of ours in one line."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from spotnb import SpotDiffusionConfig, Trace, generate_audio, sweep
from spotnb.research.cell import VERSION
from tests.networks import FunctionModel, neighbourly

pytest.importorskip("pandas", reason="pandas is not installed: pip install 'spotnb[research]'")
BASE: dict[str, Any] = {"prompt": "a sea", "duration": 3.0, "steps": 2, "tile_size_time": 16}


def run(folder: Path, grid: Any, model: Any = None, **settings: Any) -> Any:
    return sweep(BASE | grid, folder, model=model or FunctionModel(neighbourly), progress=False, **settings)


def alone(seed: int, **settings: Any) -> Any:
    """Return the sound of a row made again, with the settings that suit the model."""
    settings = {"duration": 3.0, "steps": 2, "config": SpotDiffusionConfig(16), "progress": False} | settings
    return generate_audio(FunctionModel(neighbourly), "a sea", seed=seed, **settings)


def heard(folder: Path, row: Any) -> np.ndarray[Any, Any]:
    return soundfile.read(folder / row.sound, dtype="float32")[0]


def test_a_drawn_seed_is_in_the_row_and_stays(tmp_path: Path) -> None:
    table = run(tmp_path, {"seed": [None]})
    (row,) = table.itertuples()
    assert np.abs(heard(tmp_path, row) - alone(int(row.seed)).waveform).max() < 1e-4
    assert run(tmp_path, {"seed": [None]}).equals(table)
    (other,) = run(tmp_path / "other", {"seed": [None]}).itertuples()
    assert other.seed != row.seed
    broken = FunctionModel(lambda x, t, cond: x * float("nan"))
    (failed,) = run(tmp_path / "broken", {"seed": [None]}, broken).itertuples()
    assert failed.error
    assert failed.seed is not None


@pytest.mark.parametrize("count", [1, 3])
def test_a_row_is_of_the_candidate_in_its_file(count: int, tmp_path: Path) -> None:
    (row,) = run(tmp_path, {"n_candidates": count, "seed": 5}, trace=True).itertuples()
    best = alone(5, n_candidates=count)
    assert row.candidate == best.candidate
    made = alone(row.seed + row.candidate)
    assert np.abs(heard(tmp_path, row) - made.waveform).max() < 1e-4
    latent = Trace.load(tmp_path / row.trace)[-1].x[row.candidate]
    ends = np.concatenate([latent[:, :8], latent[:, -8:]], axis=1)
    assert row.ends_std == pytest.approx(ends.std(ddof=1))
    assert row.seam_score == pytest.approx(made.grid_score().score, rel=1e-3)


def test_a_table_has_the_measures_of_its_call(tmp_path: Path) -> None:
    model = FunctionModel(neighbourly)
    measured = run(tmp_path, {}, model, measures={"a": lambda made: 1, "b": lambda made: 2})
    calls = len(model.calls)
    plain, one = run(tmp_path, {}, model), run(tmp_path, {}, model, measures={"b": lambda made: 2})
    assert list(plain.columns) == [name for name in measured.columns if name not in ("a", "b", "notes")]
    assert list(one.columns) == [name for name in measured.columns if name != "a"]
    assert run(tmp_path, {}, model, measures={"a": len, "b": len}).equals(measured)
    assert len(model.calls) == calls


def test_a_cell_of_an_earlier_version_is_run_again(tmp_path: Path) -> None:
    """Its columns have other meanings."""
    run(tmp_path, {})
    (path,) = tmp_path.glob("*.json")
    stored = json.loads(path.read_text())
    assert stored.pop("version") == VERSION
    stored["row"]["seam_score"] = 99.0
    path.write_text(json.dumps(stored))
    assert run(tmp_path, {}).seam_score[0] < 99
    path.write_text("[]")
    assert run(tmp_path, {}).error.isna().all()


@pytest.mark.parametrize(
    ("grid", "model", "traced"),
    [
        ({"method": "foo"}, FunctionModel(neighbourly), False),
        ({"steps": 0}, FunctionModel(neighbourly), False),
        ({}, FunctionModel(lambda x, t, cond: x * float("nan")), False),
        ({}, FunctionModel(lambda x, t, cond: 1 / 0), True),  # type: ignore[arg-type,return-value]
    ],
    ids=["method", "steps", "nan", "bug"],
)
def test_only_an_unexpected_error_is_traced(
    grid: Any, model: Any, traced: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "spotnb"):
        table = run(tmp_path, grid, model)
    (record,) = caplog.records
    assert record.getMessage().endswith(f"failed: {table.error[0]}")
    assert "\n" not in record.getMessage()
    assert bool(record.exc_info) is traced
