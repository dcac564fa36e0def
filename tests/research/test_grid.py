"""Values of a grid: numbers of all kinds become plain, and what a table cannot hold is refused before the first run."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from spotnb import InputError, PromptTimeline, SpotnbError, Trace, sweep
from spotnb.research.grid import cells
from spotnb.research.table import read_table
from tests.networks import FunctionModel, neighbourly
from tests.runs import EULER_ANCESTRAL

pandas = pytest.importorskip("pandas", reason="pandas is not installed: pip install 'spotnb[research]'")
BASE: dict[str, Any] = {"prompt": "a sea", "duration": 3.0, "steps": 2, "tile_size_time": 16}


def run(folder: Path, grid: Any, model: Any = None, **settings: Any) -> Any:
    return sweep(BASE | grid, folder, model=model or FunctionModel(neighbourly), progress=False, **settings)


@pytest.mark.parametrize(
    ("name", "given", "plain"),
    [
        ("seed", list(np.arange(2)), [0, 1]),
        ("seed", np.arange(2), [0, 1]),
        ("seed", pandas.Series([0, 1]), [0, 1]),
        ("seed", torch.arange(2), [0, 1]),
        ("seed", (0, np.uint8(1)), [0, 1]),
        ("seed", np.int64(3), [3]),
        ("guidance_scale", [np.float32(2.5), Fraction(1, 2), 3], [2.5, 0.5, 3]),
        ("guidance_scale", np.array([1.5, 2.5], np.float16), [1.5, 2.5]),
        ("guidance_interval", np.array([100, 700]), [[100, 700]]),
        ("guidance_interval", [None, (100, 700), np.array([0, 1000])], [None, [100, 700], [0, 1000]]),
        ("method", np.array(["spot", "tiles"]), ["spot", "tiles"]),
        ("n_candidates", [1, 2], [1, 2]),
        ("record", ["all", 2], ["all", 2]),
    ],
)
def test_values_are_plain(name: str, given: Any, plain: list[Any], tmp_path: Path) -> None:
    assert [cell[name] for cell in cells(BASE | {name: given})] == plain
    table = run(tmp_path, {name: given})
    assert list(table[name]) == plain
    assert table.error.isna().all()
    assert run(tmp_path, {name: given}).equals(table)
    assert [json.loads(path.read_text())["row"][name] in plain for path in tmp_path.glob("*.json")] == [True] * len(
        plain
    )


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("seed", object()),
        ("seed", [0, object()]),
        ("seed", [{}]),
        ("seed", [{1, 2}]),
        ("seed", b"1"),
        ("seed", 10**400),
        ("seed", 1j),
        ("seed", int),
        ("seed", [[0, 1]]),
        ("seed", np.zeros((2, 2))),
        ("seed", range(10**12)),
        ("seed", (each for each in range(3))),
        ("solver", diffusers.DDIMScheduler),
        ("prompt", "\ud800"),
        ("method", PromptTimeline([(0, 3, "a")])),
        ("record", EULER_ANCESTRAL),
        ("init_audio", "a.wav"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_the_first_run(name: str, given: Any, tmp_path: Path) -> None:
    model = FunctionModel(neighbourly)
    with pytest.raises(InputError) as caught:
        run(tmp_path / "new", {"guidance_scale": [1, 2], name: given}, model)
    assert "\n" not in str(caught.value)
    assert not model.calls
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("grid", [None, 5, [], "prompt", {"prompt"}, {5: 1, "prompt": "a"}, {"prompt": "a", " ": 1}])
def test_a_grid_is_a_dict_of_settings(grid: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        sweep(grid, tmp_path / "new")


def test_a_grid_has_few_cells(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than 100000 cells"):
        run(tmp_path, {"seed": range(1000), "shift_seed": range(1000)})


def test_timelines_and_schedulers_are_cells(tmp_path: Path) -> None:
    """They run, have names that every process finds again, and a text in the table that tells them apart."""
    timelines = [PromptTimeline([(0, stop, "a sea"), (stop, 3, "bells")], 0.5) for stop in (1, 2)]
    solvers = ["ddim", EULER_ANCESTRAL, diffusers.DDIMScheduler.from_config(EULER_ANCESTRAL.config)]
    grid = {"prompt": timelines, "solver": solvers}
    table = run(tmp_path, grid)
    assert table.error.isna().all()
    assert table.prompt[0] == "0-1 s: a sea; 1-3 s: bells (crossfade 0.5 s)"
    assert table.solver[1].startswith("EulerAncestralDiscreteScheduler(")
    assert len(set(zip(table.prompt, table.solver, strict=True))) == 6
    assert not table.map(lambda value: "0x" in str(value)).any(axis=None)
    copies = {"prompt": [PromptTimeline(each.entries, 0.5) for each in timelines]}
    again = FunctionModel(neighbourly)
    assert run(tmp_path, grid | copies, again).equals(table)
    assert not again.calls
    assert list(read_table(tmp_path / "table.csv").prompt) == list(table.prompt)


def test_a_record_mode_decides_what_the_trace_keeps(tmp_path: Path) -> None:
    table = run(tmp_path, {"record": ["all", "x0", "last"]}, trace=True)
    assert [len(Trace.load(tmp_path / name)) for name in table.trace] == [2, 2, 1]


def test_own_measures_are_columns(tmp_path: Path) -> None:
    measures = {
        "loudest": lambda made: np.abs(made.waveform).max(),
        "candidates": lambda made: made.sampler.candidates,
        "word": lambda made: made.sampler.prompt,
        "odd": lambda made: made.seed % 2 == 1,
        "nothing": lambda made: float("nan"),
    }
    table = run(tmp_path, {"seed": [0, 1]}, measures=measures)
    assert list(table.columns[-6:]) == [*measures, "notes"]
    assert (table.loudest > 0).all()
    assert list(table.candidates) == [1, 1]
    assert list(table.word) == ["a sea"] * 2
    assert list(table.odd) == [False, True]
    assert table.nothing.isna().all()
    assert table.notes.isna().all()
    again = FunctionModel(neighbourly)
    assert run(tmp_path, {"seed": [0, 1]}, again, measures=measures).equals(table)
    assert not again.calls


def test_a_measure_that_fails_is_a_note_and_is_tried_again(tmp_path: Path) -> None:
    broken = {"first": lambda made: 1 / 0, "second": lambda made: object(), "third": lambda made: 3}
    table = run(tmp_path, {"seed": [0, 1]}, measures=broken)
    assert table.error.isna().all()
    assert list(table.third) == [3, 3]
    assert table["first"].isna().all()
    assert table.notes[0].startswith("first: ZeroDivisionError: division by zero; second: InputError: it returned")
    assert (tmp_path / table.sound[0]).exists()
    mended = run(tmp_path, {"seed": [0, 1]}, measures=dict.fromkeys(broken, len_of_sound))
    assert list(mended["first"]) == [48000, 48000]
    assert mended.notes.isna().all()


def len_of_sound(made: Any) -> int:
    return len(made.waveform)


@pytest.mark.parametrize(
    "measures", [5, [len], {"x": 5}, {5: len}, {"": len}, {"\ud800": len}, {"seed": len}, {"lufs": len}, {"notes": len}]
)
def test_measures_are_checked_before_any_work(measures: Any, tmp_path: Path) -> None:
    model = FunctionModel(neighbourly)
    with pytest.raises(InputError):
        run(tmp_path / "new", {}, model, measures=measures)
    assert not model.calls
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("client", [5, "tcp://localhost:8786", object(), {}, int, True])
def test_what_is_not_a_client_is_told_before_any_work(client: Any, tmp_path: Path) -> None:
    from spotnb import DistributedModel

    pytest.importorskip("distributed")
    with pytest.raises(InputError, match=r"client is .*: expected a Client"):
        run(tmp_path / "new", {}, client=client)
    with pytest.raises(InputError, match=r"client is .*: expected a Client"):
        DistributedModel(FunctionModel(neighbourly), client)
    assert not (tmp_path / "new").exists()


@pytest.mark.cluster
def test_a_closed_client_is_told_before_any_work(tmp_path: Path) -> None:
    from spotnb import DistributedModel

    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(processes=False, n_workers=1, dashboard_address=None) as cluster:
        client = distributed.Client(cluster)
        client.close()
        for act in (
            lambda: run(tmp_path / "new", {}, client=client),
            lambda: DistributedModel(FunctionModel(neighbourly), client),
        ):
            with pytest.raises(SpotnbError, match="the client is closed: expected a running client"):
                act()
    assert not (tmp_path / "new").exists()
