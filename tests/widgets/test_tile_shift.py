"""TileShiftDebugger without a browser: its traits, layouts, and data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spotnb import InputError, SpotDiffusionConfig, SpotSampler, StepRecord, Trace, plan
from spotnb.tiling.clock import Clock
from spotnb.tiling.config import METHODS, SHIFT_SCHEDULES
from spotnb.tiling.edges import EDGES
from spotnb.widgets.tile_shift import TileShiftDebugger
from tests.networks import StereoModel, pointwise

CONFIG = SpotDiffusionConfig(64, shift_seed=5)


def trace_of(frames: int = 200, steps: int = 6, x0: bool = True, method: str = "spot") -> Trace:
    random = np.random.default_rng(0)
    records = []
    for step in range(steps):
        layout = plan(frames, CONFIG, step, method)
        clean = random.normal(size=(1, 8, frames, 16)).astype(np.float32) if x0 else None
        records.append(StepRecord(step, 999 - step, layout.shift, layout, None, clean, None, 0.1))
    return Trace(records=records)


@pytest.mark.parametrize("schedule", SHIFT_SCHEDULES)
@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("method", METHODS)
def test_the_layouts_are_those_of_plan(method: str, edge: str, schedule: str) -> None:
    config = replace(CONFIG, edge=edge, shift_schedule=schedule)
    widget = TileShiftDebugger(200, config, 7, method)
    expected = [plan(200, config, step, method, steps=7) for step in range(7)]
    assert widget.run_layouts == expected
    for step, layout in enumerate(expected):
        widget.step = step
        assert widget.shift == layout.shift
        assert widget.tiling == layout


@pytest.mark.parametrize("overlap", [None, 0, 20, 63])
@pytest.mark.parametrize("edge", EDGES)
def test_the_last_steps_overlap(edge: str, overlap: int | None) -> None:
    config, finish = replace(CONFIG, edge=edge), {"finish_steps": 2, "finish_overlap": overlap}
    widget = TileShiftDebugger(200, config, 7, **finish)
    expected = [plan(200, config, step, steps=7, **finish) for step in range(7)]
    assert widget.run_layouts == expected
    assert widget._scene["finish"] == {"first": 5, "overlap": 16 if overlap is None else overlap}
    widget.step = 6
    assert (widget.tiling, widget.shift) == (expected[6], 0)
    widget.method = "tiles"
    assert widget.run_layouts == [plan(200, config, step, "tiles") for step in range(7)]
    recorded = TileShiftDebugger(expected)
    assert recorded.run_layouts == expected
    if overlap and edge != "circular":
        assert recorded._scene["finish"] == widget._scene["finish"]


@pytest.mark.parametrize("frames", [1, 40, 64, 65])
def test_short_latents(frames: int) -> None:
    widget = TileShiftDebugger(frames, CONFIG, 3)
    assert widget.run_layouts == [plan(frames, CONFIG, step) for step in range(3)]


def test_a_change_of_method_or_edge_takes_the_shift_of_the_run() -> None:
    widget = TileShiftDebugger(200, CONFIG, 7)
    widget.step = 2
    widget.shift = 3
    widget.edge = "merge"
    assert widget.tiling == plan(200, replace(CONFIG, edge="merge"), 2)
    widget.method = "tiles"
    assert widget.shift == 0


def test_traits_can_be_observed_and_refuse_what_they_cannot_hold() -> None:
    widget = TileShiftDebugger(200, CONFIG, 7)
    seen: list[Any] = []
    widget.observe(lambda change: seen.append(change["new"]), "selected_frame")
    widget.selected_frame = np.int64(7)
    widget.selected_frame = None
    assert seen == [7, None]
    assert type(seen[0]) is int
    wrong = {"step": (-1, 7, 1.5, "1", None, True), "shift": (-1, 65), "method": ("spots", None), "edge": ("x",)}
    for name, values in {**wrong, "selected_frame": (-1, 200, 0.5)}.items():
        before = getattr(widget, name)
        for value in values:
            with pytest.raises(InputError, match=name) as raised:
                setattr(widget, name, value)
            assert "\n" not in str(raised.value)
            assert getattr(widget, name) == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"frames": 0}, "frames is 0"),
        ({"frames": 300_000}, "frames is 300000"),
        ({"frames": "768"}, "frames is '768'"),
        ({"frames": None}, "frames is None"),
        ({"steps": 0}, "steps is 0"),
        ({"steps": 1001}, "steps is 1001"),
        ({"method": "tile"}, "method is 'tile'"),
        ({"config": 3}, "config is 3"),
        ({"config": SpotDiffusionConfig(65)}, "multiple of 8"),
        ({"frames": trace_of(), "steps": 3}, "got a trace and steps"),
        ({"frames": trace_of(), "finish_steps": 2}, "got a trace and finish_steps"),
        ({"finish_steps": -2}, "finish_steps is -2"),
        ({"finish_overlap": 256}, "finish_overlap is 256"),
        ({"frames": Trace()}, "empty"),
        ({"frames": object()}, "expected the layouts of a run"),
    ],
)
def test_mistakes_are_one_line(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as raised:
        TileShiftDebugger(**given)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("method", METHODS)
def test_a_trace_is_shown_as_it_was_recorded(method: str) -> None:
    trace = trace_of(method=method)
    widget = TileShiftDebugger(trace)
    assert widget.run_layouts == [record.layout for record in trace]
    about = widget._scene["backdrop"]
    assert about["steps"] == list(range(6))
    assert len(widget._backdrop) == 6 * 200 * 16
    clean = np.stack([record.x0[0, 0] for record in trace if record.x0 is not None])
    sent = (np.frombuffer(widget._backdrop, np.uint8).reshape(clean.shape).astype(float) - 128) / 127 * about["limit"]
    assert np.abs(sent - np.clip(clean, -about["limit"], about["limit"])).max() <= about["limit"] / 127


def test_tiles_are_shown_where_they_were_whatever_shift_was_noted() -> None:
    """This is the case for two bugs of the gallery, whose grid stays fixed while the shift changes."""
    fixed = plan(200, CONFIG, 0, "tiles")
    layouts = [replace(fixed, method="spot", shift=plan(200, CONFIG, step).shift) for step in range(6)]
    assert any(layout.shift for layout in layouts)
    widget = TileShiftDebugger(layouts)
    assert [layout.tiles for layout in widget.run_layouts] == [fixed.tiles] * 6
    widget.step = 3
    assert widget.tiling.tiles == fixed.tiles


def test_a_run_without_estimates_has_no_backdrop() -> None:
    widget = TileShiftDebugger([plan(200, CONFIG, step) for step in range(3)])
    assert widget._scene["backdrop"] is None
    assert TileShiftDebugger(trace_of(x0=False))._scene["backdrop"] is None


def test_without_a_run_a_real_latent_is_the_example() -> None:
    widget = TileShiftDebugger(200, CONFIG)
    about = widget._scene["backdrop"]
    assert {name: about[name] for name in ("steps", "columns", "bins", "factor")} == {
        "steps": [0],
        "columns": 200,
        "bins": 16,
        "factor": 1,
    }
    assert about["example"] == "church organ, slow"
    assert len(widget._backdrop) == 200 * 16
    assert TileShiftDebugger(768)._backdrop[: 200 * 16] == widget._backdrop


def test_where_no_real_latent_fits_there_is_none() -> None:
    for widget in (TileShiftDebugger(769), TileShiftDebugger(200, clock=Clock(44100, 2048))):
        assert widget._scene["backdrop"] is None
        assert widget._backdrop == b""


def test_long_traces_are_thinned() -> None:
    trace = trace_of(frames=6000, steps=1)
    layout, x0 = trace[0].layout, np.broadcast_to(np.float32(0.5), (1, 8, 6000, 16))
    records = [StepRecord(step, 0, layout.shift, layout, None, x0, None, 0.1) for step in range(200)]
    widget = TileShiftDebugger(Trace(records=records))
    assert len(widget._backdrop) <= 4_000_000
    about = widget._scene["backdrop"]
    assert (about["factor"], about["columns"]) == (3, 2000)
    assert about["steps"][:3] == [0, 2, 4]


def test_another_channel_of_a_trace() -> None:
    trace = trace_of()
    assert TileShiftDebugger(trace, channel=7)._backdrop != TileShiftDebugger(trace)._backdrop
    with pytest.raises(InputError, match="channel is 8"):
        TileShiftDebugger(trace, channel=8)


def test_seconds_are_those_of_the_trace_or_of_a_clock() -> None:
    run = SpotSampler(StereoModel(pointwise), "a sea", 3.0, 2, config=SpotDiffusionConfig(32)).run(progress=False)
    rate = pytest.approx(44100 / 2048)
    assert TileShiftDebugger(run.trace)._scene["framesPerSecond"] == rate
    assert TileShiftDebugger(768, clock=run.clock)._scene["framesPerSecond"] == rate
    assert TileShiftDebugger(768)._scene["framesPerSecond"] == 25
    widget = TileShiftDebugger(run.trace)
    assert widget._scene["backdrop"]["bins"] == 64  # the channels are rows
    assert len(widget._backdrop) == 2 * run.frames * 64
    assert widget.draw().axes[0].get_xlim()[1] >= run.frames * 2048 / 44100
    with pytest.raises(InputError, match=r"^clock is 25"):
        TileShiftDebugger(768, clock=25)
