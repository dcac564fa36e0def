"""Traces and records show themselves without reading an array."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan
from spotnb.trace import file
from spotnb.trace.record import DeferredRecord, StepRecord
from spotnb.trace.trace import Trace
from tests.networks import pointwise
from tests.runs import Run

LAYOUT = plan(64, SpotDiffusionConfig(16), 0)


def record(step: int = 0, **arrays: Any) -> StepRecord:
    return StepRecord(step, 961 - step, 3, LAYOUT, **{"x": None, "x0": None, "noise": None} | arrays, seconds=0.1234)


def test_text_of_a_trace() -> None:
    sampler = Run().sampler(pointwise)
    assert repr(sampler.trace) == 'Trace(0 of 3 steps, "a sea", 1.56289 s, spot, seed 0, function)'
    sampler.step()
    assert repr(sampler.trace) == 'Trace(1 of 3 steps, "a sea", 1.56289 s, spot, seed 0, function)'
    assert repr(Trace()) == "Trace(0 steps)"
    assert repr(Trace(records=[record()])) == "Trace(1 step)"


def test_text_of_a_trace_with_a_timeline() -> None:
    timeline = PromptTimeline([(0, 1, "rain"), (1, 2, "wind")], crossfade=1)
    manifest = {"prompt": timeline.to_dict(), "duration": 2, "steps": 3}
    assert repr(Trace(manifest=manifest)) == 'Trace(0 of 3 steps, "rain, then wind", 2 s)'


@pytest.mark.parametrize(
    "manifest",
    [
        {"prompt": ["x"], "steps": "many", "duration": None, "method": {}, "seed": object(), "model": "tiny"},
        {"prompt": {"timeline": [5, [], [1, 2, 3]]}, "config": [], "versions": None, "frames": float("nan")},
        {"prompt": "<b>\n\u202e" * 10**5, "model": {"name": "x\0" * 1000}, "versions": {"spotnb": 5}},
    ],
    ids=["types", "timeline", "hostile"],
)
def test_a_manifest_may_hold_anything(manifest: dict[str, Any]) -> None:
    trace = Trace(manifest=manifest, records=[record()])
    assert len(repr(trace)) <= 200
    assert not repr(trace).endswith("(...)")
    shown = trace._repr_html_()
    assert "<svg" in shown
    assert "<bdi><b>" not in shown


def test_a_trace_from_a_file_reads_no_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = Run().sampler(pointwise).run(progress=False)
    trace = Trace.load(sampler.trace.save(tmp_path / "run.npz"))

    def fail(*_: object) -> NoReturn:
        raise AssertionError("the file was read")

    monkeypatch.setattr(file, "_opened", fail)
    with pytest.raises(AssertionError):
        _ = trace[0]
    assert repr(trace) == repr(sampler.trace)
    assert trace.shifts == tuple(record.shift for record in sampler.trace)
    shown = trace._repr_html_()
    assert shown == sampler.trace._repr_html_()
    assert "The shift of each step" in shown
    assert "every step with all arrays, in fp32" in shown


def test_a_record_names_its_arrays_without_copying_them() -> None:
    assert repr(record(4)) == "StepRecord(step 4, t 957, shift 3, 0.123 s)"
    assert "<bdi>x0</bdi>" in record(x0=np.zeros((1, 2, 64, 4), np.float32))._repr_html_()
    assert "<bdi>none</bdi>" in record()._repr_html_()

    def fail() -> NoReturn:
        raise AssertionError("an array was copied")

    facts = {"step": 1, "timestep": 9, "shift": 2, "layout": LAYOUT, "seconds": 1.0, "guided": True, "x": None}
    deferred = DeferredRecord.of(facts, {"x0": fail, "noise": fail})
    assert repr(deferred) == "StepRecord(step 1, t 9, shift 2, 1 s)"
    assert "<bdi>x0, noise</bdi>" in deferred._repr_html_()


def test_the_picture_of_a_long_run_is_small() -> None:
    records = [record(step) for step in range(960)]
    assert len(Trace(records=records, manifest={"config": {"tile_size_time": 16}})._repr_html_()) < 20_000
