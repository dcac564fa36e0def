from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotnb.errors import InputError
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.coverage import coverage, run_layouts
from spotnb.tiling.edges import EDGES
from spotnb.tiling.layout import Layout, plan
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace
from tests.effort import effort

CONFIG = SpotDiffusionConfig(tile_size_time=128)


def run(frames: int = 768, config: SpotDiffusionConfig = CONFIG, steps: int = 25, method: str = "spot") -> list[Layout]:
    return [plan(frames, config, step, method, steps) for step in range(steps)]


def traced(layouts: list[Layout]) -> Trace:
    trace = Trace()
    for step, layout in enumerate(layouts):
        trace.append(StepRecord(step, 999 - step, layout.shift, layout, None, None, None, 0.0))
    return trace


@st.composite
def any_runs(draw: st.DrawFn) -> list[Layout]:
    width = 4 * draw(st.integers(1, 6))
    config = SpotDiffusionConfig(
        width,
        min_overlap=draw(st.none() | st.integers(0, width - 1)),
        max_shift_ratio=draw(st.floats(0, 1)),
        edge=draw(st.sampled_from(EDGES)),
        shift_seed=draw(st.integers(0, 99)),
    )
    frames, steps, method = draw(st.integers(1, 5 * width)), draw(st.integers(1, 4)), draw(st.sampled_from(METHODS))
    finish = draw(st.sampled_from([0, 1, 9]))
    return [plan(frames, config, step, method, steps, 4, finish_steps=finish) for step in range(steps)]


def test_a_fixed_grid_is_always_in_the_same_place_and_a_moving_one_nowhere_for_long():
    fixed, moving = coverage(run(method="tiles")), coverage(run(config=SpotDiffusionConfig(128, max_shift_ratio=1)))
    assert np.flatnonzero(fixed.counts).tolist() == [f for k in range(1, 6) for f in (128 * k - 1, 128 * k)]
    assert set(fixed.counts) == {0, 25}
    assert moving.counts.max() <= 4
    # This distance includes half of all frames: the same frames in every step, or each frame in half of the steps.
    assert set(fixed.within(31)[64:-64]) == {0, 25}
    assert np.ptp(moving.within(31)[64:-64]) < 20
    assert moving.within(31)[64:-64].mean() == pytest.approx(12.5, abs=1)


def test_a_seam_touches_the_frames_to_both_sides():
    found = coverage(plan(24, SpotDiffusionConfig(8), 0, "tiles"))
    assert found.distance.tolist() == [[7, 6, 5, 4, 3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7]]
    assert np.flatnonzero(found.seams).tolist() == [8, 16]
    assert (found.steps, found.near) == (1, 0)


def test_a_ring_is_measured_around():
    found = coverage(plan(24, SpotDiffusionConfig(8, edge="circular"), 0, "tiles"))
    assert found.distance.tolist() == [3 * [0, 1, 2, 3, 3, 2, 1, 0]]
    assert np.flatnonzero(found.seams).tolist() == [0, 8, 16]
    turned = plan(20, SpotDiffusionConfig(32, edge="circular", max_shift_ratio=1, shift_schedule="alternate"), 1)
    assert turned.seams == (32 % 20,)  # one window that meets itself
    assert coverage(turned).distance[0].tolist() == [min((f - 12) % 20, (11 - f) % 20) for f in range(20)]


def test_a_step_without_seams_is_near_to_none():
    found = coverage(run(frames=64, method="full", steps=3), near=63)
    assert (found.distance == 64).all()
    assert not found.counts.any()
    assert not found.seams.any()


@effort(1.5)
@given(layouts=any_runs(), near=st.integers(0, 12))
def test_it_is_what_a_loop_over_frames_finds(layouts: list[Layout], near: int):
    frames = layouts[0].frames
    near = min(near, frames - 1)
    found = coverage(layouts, near)
    for row, layout in zip(found.distance, layouts, strict=True):
        turns = (-frames, 0, frames) if layout.edge == "circular" else (0,)
        for frame, distance in enumerate(row):
            away = [max(s + turn - 1 - frame, frame - s - turn) for s in layout.cuts for turn in turns]
            assert distance == min(away, default=frames)
    assert found.counts.tolist() == (found.distance <= near).sum(axis=0).tolist()
    assert found.seams.tolist() == [sum(s in layout.cuts for layout in layouts) for s in range(frames)]
    assert found.distance.shape == (len(layouts), frames)


def test_records_traces_and_generators_do_as_well():
    layouts = run(steps=4)
    expected = coverage(layouts).distance
    for other in (traced(layouts), iter(layouts), tuple(layouts), traced(layouts)[:]):
        assert np.array_equal(coverage(other).distance, expected)
    assert run_layouts(layouts[2]) == run_layouts(traced(layouts)[2]) == [layouts[2]]


def test_what_was_found_stays_as_it_is():
    found = coverage(run(steps=2))
    for array in (found.distance, found.seams):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(AttributeError):
        found.near = 3


def test_an_hour_is_quick():
    found = coverage(run(frames=92160, config=SpotDiffusionConfig(256), steps=50))
    assert found.distance.shape == (50, 92160)


class Sampler:
    trace = Trace()

    def __iter__(self):
        return self

    def __next__(self):
        raise AssertionError("it ran")


@pytest.mark.parametrize(
    ("layouts", "near", "says"),
    [
        ([], 0, "empty"),
        (Trace(), 0, "empty"),
        (Sampler(), 0, r"Sampler.*pass its \.trace"),
        (3, 0, "layouts is 3: expected the layouts of a run"),
        ("spot", 0, "item 0 is 's'"),
        ([*run(steps=1), None], 0, "item 1 is None"),
        ([SimpleNamespace(layout=3)], 0, "item 0 is"),
        ([*run(steps=2), *run(frames=512, steps=1)], 0, r"\[512, 768\] frames"),
        (run(steps=1), -1, "near is -1: expected a whole number from 0 to 767"),
        (run(steps=1), 768, "near is 768"),
        (run(steps=1), 0.5, "near is 0.5"),
    ],
)
def test_bad_input(layouts, near, says):
    with pytest.raises(InputError, match=says) as caught:
        coverage(layouts, near)
    assert "\n" not in str(caught.value)
