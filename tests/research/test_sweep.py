"""Grids of runs: every cell becomes a row, and no work is done twice."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from spotnb import InputError, SpotDiffusionConfig, SpotSampler, Trace, sweep
from spotnb.research.grid import cells
from tests.models.components import make_components, save_folder
from tests.networks import FunctionModel, neighbourly

pandas = pytest.importorskip("pandas", reason="pandas is not installed: pip install 'spotnb[research]'")
GRID = {
    "prompt": ["a sea", "a drum"],
    "method": ["spot", "tiles"],
    "seed": range(2),
    "duration": 3.0,
    "steps": 2,
    "tile_size_time": 16,
    "edge": "merge",
}


class Counting(FunctionModel):
    """A network that counts its calls and can fail from one of them on."""

    fail_at: int | None = None
    error: type[BaseException] = RuntimeError

    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        if self.fail_at is not None and len(self.calls) >= self.fail_at:
            raise self.error("no\nmore")
        return super().predict_noise(x, t, cond)


def model() -> Counting:
    return Counting(neighbourly)


def run(folder: Path, by: Counting, grid: Any = GRID, **settings: Any) -> Any:
    return sweep(grid, folder, model=by, progress=False, **settings)


def test_a_row_matches_a_single_run(tmp_path: Path) -> None:
    table = run(tmp_path, model(), trace=True)
    assert len(table) == 8
    assert list(table.prompt.unique()) == ["a sea", "a drum"]
    row = table[(table.prompt == "a drum") & (table.method == "tiles") & (table.seed == 1)].iloc[0]
    config = SpotDiffusionConfig(16, edge="merge")
    alone = SpotSampler(model(), "a drum", 3.0, 2, 3.0, config, "tiles", seed=1).run(progress=False)
    heard, rate = soundfile.read(tmp_path / row.sound)
    assert rate == 16000
    assert np.abs(heard - alone.decode()).max() < 1e-4
    assert np.array_equal(Trace.load(tmp_path / row.trace)[-1].x, alone.latent.numpy())
    assert row.network_frames == alone.cost().network_frames
    assert row.error is None
    assert row.ends_std > 0
    written = pandas.read_csv(tmp_path / "table.csv")
    assert np.allclose(written.seam_score, table.seam_score)
    assert list(written.columns) == list(table.columns)


def test_nothing_is_run_twice(tmp_path: Path) -> None:
    first, again, wider = model(), model(), model()
    table = run(tmp_path, first)
    assert run(tmp_path, again).equals(table)
    assert not again.calls
    grown = run(tmp_path, wider, GRID | {"seed": range(3)})
    assert len(grown) == 12
    assert len(wider.calls) == len(first.calls) // 2
    again.calls.clear()
    run(tmp_path, again, {"prompt": "a sea", **{name: GRID[name] for name in ("duration", "steps", "tile_size_time")}})
    assert again.calls  # the edge is another


def test_a_failed_cell_is_a_row_and_is_tried_again(tmp_path: Path) -> None:
    broken, mended = model(), model()
    broken.fail_at = 30
    table = run(tmp_path, broken)
    failed = table[table.error.notna()]
    assert 0 < len(failed) < 8
    assert set(failed.error) == {"RuntimeError: no more"}
    assert failed.sound.isna().all()
    assert run(tmp_path, mended).error.isna().all()
    assert len(mended.calls) < 2 * 30


def test_an_invalid_cell_is_a_row_too(tmp_path: Path) -> None:
    table = run(tmp_path, model(), GRID | {"tile_size_time": [16, 15]})
    assert set(table[table.tile_size_time == 15].error.str.split(":").str[0]) == {"InputError"}
    assert table[table.tile_size_time == 16].error.isna().all()


def test_it_continues_after_an_interrupt(tmp_path: Path) -> None:
    stopped, whole = model(), model()
    stopped.fail_at, stopped.error = 30, KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, stopped)
    left = model()
    table = run(tmp_path, left)
    assert table.drop(columns=["seconds", "wall_seconds"]).equals(
        run(tmp_path / "whole", whole).drop(columns=["seconds", "wall_seconds"])
    )
    assert len(left.calls) < len(whole.calls)


@pytest.mark.parametrize("damage", ["row", "sound"])
def test_lost_or_damaged_files_are_generated_again(tmp_path: Path, damage: str) -> None:
    table = run(tmp_path, model())
    name = table.sound[3].removesuffix(".flac")
    if damage == "row":
        (tmp_path / f"{name}.json").write_text("{")
    else:
        (tmp_path / f"{name}.flac").unlink()
    again = model()
    run(tmp_path, again)
    assert again.calls
    assert (tmp_path / f"{name}.flac").exists()


def test_another_model_has_other_cells(tmp_path: Path) -> None:
    run(tmp_path, model())
    other = model()
    other.name = "other"
    run(tmp_path, other)
    assert other.calls


def test_other_weights_under_the_same_name_are_run_anew_and_it_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = save_folder(tmp_path / "model", make_components(seed=1))
    grid = {"prompt": ["rock", "rain"], "duration": 0.5, "steps": 1}
    first = sweep(grid, tmp_path / "out", model=str(place), progress=False)
    with caplog.at_level(logging.WARNING, "spotnb"):
        sweep(grid | {"steps": 2}, tmp_path / "out", model=str(place), progress=False)
    assert not caplog.messages
    save_folder(place, make_components(seed=2))
    with caplog.at_level(logging.WARNING, "spotnb"):
        second = sweep(grid, tmp_path / "out", model=str(place), progress=False)
    assert not set(first["sound"]) & set(second["sound"])
    (message,) = caplog.messages
    assert "has 4 cells of" in message
    assert re.search(r"with other weights \([0-9a-f]{12}, now [0-9a-f]{12}\): their settings are run again$", message)


def test_the_order_of_cells() -> None:
    found = list(cells({"prompt": ["a", "b"], "seed": [0, 1]}))
    assert [(each["prompt"], each["seed"]) for each in found] == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    assert all(each["steps"] == 25 for each in found)


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        ({"prompt": "a", "sed": 1}, r"the grid has 'sed': expected settings of SpotSampler, .* leave it out"),
        ({"prompt": "a", "config": 1}, "the grid has 'config': .* give its fields instead, such as tile_size_time"),
        ({"seed": 1}, "the grid has no prompt"),
        ({"prompt": []}, "prompt has no values"),
        ({"prompt": "a", "seed": range(0)}, "seed has no values"),
    ],
)
def test_invalid_grids_are_refused(tmp_path: Path, grid: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        sweep(grid, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_inference_mode_does_not_matter(tmp_path: Path) -> None:
    with torch.inference_mode():
        assert run(tmp_path, model()).error.isna().all()
