"""The seam protocol: each kind of run has a row and a file of its own, and finished latents are not run again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spotnb import load_model
from spotnb.support.files import atomic_write
from spotnb.tiling.edges import EDGES
from spotnb.tiling.layout import plan
from training import measure_seams
from training.cached_runs import kept_file
from training.measure_seams import (
    FINISHING,
    KINDS,
    LONG,
    SEAM_PROMPTS,
    SEEDS,
    Kind,
    Task,
    late_places,
    measure_finish,
)


def test_rows_have_names_of_their_own() -> None:
    kinds = {*KINDS, *FINISHING}
    assert len({kind.name for kind in kinds}) == len(kinds) == 9
    assert Kind("spot", finish=2).name == "spot_finish"


def test_a_finished_latent_is_not_run_again(tmp_path: Path) -> None:
    tiny: Any = load_model("tiny", device="cpu")
    for number, kind in enumerate((Kind("spot"), Kind("spot", finish=2), Kind("spot", "merge"), Kind("full"))):
        suffix = "-finish2" if kind.finish else ""
        with atomic_write(kept_file(tmp_path, f"{kind.method}-{kind.edge}{suffix}-3-1", tiny)) as temporary:
            np.save(temporary, np.full((1, 8, 4, 16), number, np.float32))
        task = Task(kind, SEAM_PROMPTS[3], 1, "tiny", tmp_path)
        assert torch.equal(measure_seams._seam_latent(task, tiny), torch.full((1, 8, 4, 16), float(number)))


def test_the_table_has_means_errors_and_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    def runs(kinds: Any, name: str, seeds: range, workers: int, cache: Any) -> list[measure_seams.Scores]:
        return [
            measure_seams.Scores(kind.name, 1.0 + seed, 0.5, 0.9, 2.0, 3.0 * len(kind.name))
            for seed in seeds
            for kind in kinds
        ]

    monkeypatch.setattr(measure_seams, "_runs", runs)
    result: Any = measure_finish("tiny", range(2), 1, None)
    assert result["finish_runs_each"] == 2
    assert list(result["finish"]) == ["tiles", "multidiffusion", "full", "spot_reflect", "spot_finish"]
    row = result["finish"]["spot_finish"]
    assert (row["grid"], row["grid_error"], row["late_cuts"], row["late_cuts_error"]) == (1.5, 0.5, 2.0, 0.0)
    assert row["borders"] == 33.0
    frames = {name: each["network_frames_a_step"] for name, each in result["finish"].items()}
    assert frames["full"] == frames["tiles"] == LONG
    assert (
        frames["multidiffusion"]
        == plan(LONG, measure_seams.SpotDiffusionConfig(128), 0, "multidiffusion").network_frames
    )
    assert frames["spot_reflect"] < frames["spot_finish"] <= 1.04 * frames["spot_reflect"]


@pytest.mark.parametrize("edge", EDGES)
def test_late_seams_are_within_the_sound(edge: str) -> None:
    for seed in SEEDS:
        for places in late_places(edge, seed):
            assert places
            assert all(0 < place < LONG for place in places)
