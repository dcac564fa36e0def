"""A trace that an older version wrote opens, replays and is inspected. `trace-0.1.0.npz` was saved by spotnb 0.1.0."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spotnb.models.load import load_model
from spotnb.sampling.replay import replay, resume
from spotnb.tiling.layout import plan
from spotnb.trace.header import UPGRADES, VERSION
from spotnb.trace.trace import Trace

OLD = Path(__file__).with_name("trace-0.1.0.npz")


@pytest.fixture
def old() -> Trace:
    return Trace.load(OLD)


def header_of(path: Path) -> dict:
    with np.load(path, allow_pickle=False) as members:
        return json.loads(bytes(members["trace"]))


def test_every_older_version_has_an_upgrade() -> None:
    assert sorted(UPGRADES) == list(range(1, VERSION))
    assert header_of(OLD)["version"] == 1


def test_it_opens(old: Trace) -> None:
    assert old.steps == (0, 1, 2)
    assert old.manifest["versions"]["spotnb"] == "0.1.0"
    for record in old:
        assert record.x is not None
        assert record.x.shape == (1, 8, 32, 16)
        assert record.guided in (True, False)
        config = old.manifest["config"]
        assert record.layout.tile_size == config["tile_size_time"] == 16
        assert record.layout.tiles[0].segment[0] == 0
        assert record.layout.frames == 32
        assert record.layout.shift == record.shift


def test_its_layouts_are_those_of_today(old: Trace) -> None:
    from spotnb.sampling.settings import RunSettings

    settings = RunSettings.from_dict({**old.manifest, "init_audio": None, "strength": None, "keep": None})
    for record in old:
        assert record.layout == plan(32, settings.tiling, record.step, settings.method, settings.steps)


def test_it_replays_and_goes_on(old: Trace, caplog: pytest.LogCaptureFixture) -> None:
    """The weights are newer than the trace, so the replay warns of another model and names the first difference."""
    model = load_model("tiny", device="cpu", dtype="fp32")
    result = replay(old, model, progress=False)
    assert "the trace was recorded with model" in caplog.text
    assert not result.same
    assert result.difference < 0.01  # of the largest value: the first step, at which a network says little
    assert old[-1].x is not None
    assert np.array_equal(resume(old, model).latent.numpy(), old[-1].x)


def test_saved_anew_it_is_of_this_version(old: Trace, tmp_path: Path) -> None:
    again = Trace.load(old.save(tmp_path / "again.npz"))
    assert header_of(tmp_path / "again.npz")["version"] == VERSION
    for ours, theirs in zip(again, old, strict=True):
        assert ours.layout == theirs.layout
        assert (ours.step, ours.timestep, ours.seconds, ours.guided) == (
            theirs.step,
            theirs.timestep,
            theirs.seconds,
            theirs.guided,
        )
        for name in ("x", "x0", "noise"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name))


def test_it_is_inspected(old: Trace) -> None:
    inspector = pytest.importorskip("spotnb.widgets.inspector").LatentInspector(old)
    assert len(inspector.records) == 3
    assert inspector.png()
