"""The shift schedules: exact values where they are exact, ranges and independence where they are random."""

from __future__ import annotations

import doctest
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spotnb.tiling.shifts
from spotnb.errors import InputError
from spotnb.tiling.config import SHIFT_SCHEDULES, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from spotnb.tiling.layout import plan
from spotnb.tiling.shifts import draw_shift, generate_random_shift

LONG = [1, 8, 768, 16]


def shifts(config: SpotDiffusionConfig, steps: int, **options: Any) -> list[int]:
    return [draw_shift(config, step, steps=steps, **options) for step in range(steps)]


@given(
    width=st.integers(1, 600),
    ratio=st.floats(0, 1),
    seed=st.integers(0, 2**63 - 1),
    schedule=st.sampled_from(SHIFT_SCHEDULES),
    edge=st.sampled_from(EDGES),
    multiple=st.integers(1, 16),
)
def test_shifts_stay_in_range(width: int, ratio: float, seed: int, schedule: str, edge: str, multiple: int) -> None:
    config = SpotDiffusionConfig(width, max_shift_ratio=ratio, shift_seed=seed, shift_schedule=schedule, edge=edge)
    for shift in shifts(config, 12, time_multiple=multiple):
        assert type(shift) is int
        assert 0 <= shift <= math.floor(width * ratio)
        assert edge != "merge" or shift % multiple == 0


def test_random_reaches_both_ends_and_is_uniform() -> None:
    drawn = np.bincount(shifts(SpotDiffusionConfig(tile_size_time=10, max_shift_ratio=1.0), 2200))
    assert len(drawn) == 11, "0 and W included"
    assert ((drawn - 200) ** 2 / 200).sum() < 29.6, "chi-square, 10 degrees of freedom, 0.1 %"


def test_random_is_keyed_on_seed_and_step() -> None:
    config = SpotDiffusionConfig()
    run = shifts(config, 40)
    assert shifts(config, 40) == run
    assert [draw_shift(config, step) for step in reversed(range(40))] == run[::-1], "in any order"
    assert draw_shift(config, 7, steps=900) == run[7], "for any length of the run"
    assert len(set(run)) > 20
    other = shifts(replace(config, shift_seed=1), 40)
    assert sum(a == b for a, b in zip(run, other, strict=True)) < 5
    assert sum(a == b for a, b in zip(run[1:], other, strict=False)) < 5, "seeds and steps do not add up"


def test_random_values_never_change() -> None:
    """A run can be repeated with another version of numpy and on another machine."""
    assert shifts(SpotDiffusionConfig(), 8) == [113, 94, 60, 110, 36, 60, 108, 24]


def test_alternate() -> None:
    config = SpotDiffusionConfig(tile_size_time=128, shift_schedule="alternate")
    assert shifts(config, 6) == [0, 64, 0, 64, 0, 64]


def test_fibonacci() -> None:
    config = SpotDiffusionConfig(tile_size_time=128, shift_schedule="fibonacci")
    # floor(frac(k * 0.618034) * 65): by hand, fractions 0 .618034 .236068 .854102 .472136 .090170 .708204 .326238
    assert shifts(config, 8) == [0, 40, 15, 55, 30, 5, 46, 21]
    assert draw_shift(replace(config, tile_size_time=1998), 500) == 17, "0.017 * 1000, which floats may round to 16"


def test_sorted_is_the_random_shifts_in_order() -> None:
    config = SpotDiffusionConfig(shift_seed=3)
    ordered = shifts(replace(config, shift_schedule="sorted"), 25)
    assert ordered == sorted(ordered)
    assert ordered != shifts(config, 25)
    assert ordered == sorted(shifts(config, 25))


@pytest.mark.parametrize("draw", [draw_shift, lambda config, step: generate_random_shift(LONG, config, step)])
def test_sorted_needs_the_number_of_steps(draw: Any) -> None:
    with pytest.raises(InputError, match=r"steps is None: expected the number of steps; pass steps="):
        draw(SpotDiffusionConfig(shift_schedule="sorted"), 0)


def test_merge_rounds_down() -> None:
    free = SpotDiffusionConfig(max_shift_ratio=1.0)
    merge = replace(free, edge="merge")
    assert shifts(merge, 50, time_multiple=16) == [shift // 16 * 16 for shift in shifts(free, 50)]
    assert any(shift % 16 for shift in shifts(free, 50))


@given(
    frames=st.integers(1, 2000),
    width=st.integers(1, 40).map(lambda k: 8 * k),
    ratio=st.floats(0, 1),
    seed=st.integers(0, 2**32),
    schedule=st.sampled_from(SHIFT_SCHEDULES),
    edge=st.sampled_from(EDGES),
    step=st.integers(0, 29),
)
def test_generate_random_shift_agrees_with_plan(
    frames: int, width: int, ratio: float, seed: int, schedule: str, edge: str, step: int
) -> None:
    config = SpotDiffusionConfig(width, max_shift_ratio=ratio, shift_seed=seed, shift_schedule=schedule, edge=edge)
    shift = generate_random_shift([1, 8, frames, 16], config, step, steps=30)
    assert shift == plan(frames, config, step, steps=30).shift
    assert shift == draw_shift(config, step, steps=30, frames=frames)


def test_short_audio_is_not_shifted_unless_on_a_ring() -> None:
    config = SpotDiffusionConfig(tile_size_time=128, shift_schedule="alternate")
    assert generate_random_shift([1, 8, 128, 16], config, step=1) == 0
    assert generate_random_shift([1, 8, 129, 16], config, step=1) == 64
    assert generate_random_shift([1, 8, 128, 16], replace(config, edge="circular"), step=1) == 64


def test_global_random_state_is_neither_read_nor_changed() -> None:
    config = SpotDiffusionConfig()
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()  # noqa: NPY002
    first = shifts(config, 9)
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    np.random.seed(6)  # noqa: NPY002
    assert shifts(config, 9) == first


@pytest.mark.parametrize("step", [-1, 1.0, True, None, "0", math.nan])
def test_refuses_a_step(step: Any) -> None:
    with pytest.raises(InputError, match=r"step is .*: expected a whole number of at least 0; steps count from 0"):
        draw_shift(SpotDiffusionConfig(), step)


def test_refuses_steps_and_multiples() -> None:
    config = SpotDiffusionConfig()
    with pytest.raises(InputError, match="step is 25: expected a whole number from 0 to 24"):
        draw_shift(config, 25, steps=25)
    assert draw_shift(config, np.int64(24), steps=np.int32(25)) == draw_shift(config, 24)  # type: ignore[arg-type]
    for steps in (0, -1, 2.0, True):
        with pytest.raises(InputError, match="steps is "):
            draw_shift(config, 0, steps=steps)  # type: ignore[arg-type]
    for multiple in (0, -8, 8.0, True, None):
        with pytest.raises(InputError, match="time_multiple is "):
            draw_shift(config, 0, time_multiple=multiple)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "shape", [[1, 8, 768], [1, 8, 768, 16, 1], [1, 8, 768.0, 16], [1, 8, 0, 16], [1, True, 8, 16], 768, None, "1234"]
)
def test_refuses_a_shape(shape: Any) -> None:
    with pytest.raises(InputError, match=r"shape is .*: expected four whole numbers of at least 1") as caught:
        generate_random_shift(shape, SpotDiffusionConfig(), 0)
    assert repr(shape) in str(caught.value)


def test_shape_may_be_any_sequence() -> None:
    config = SpotDiffusionConfig()
    assert generate_random_shift(tuple(LONG), config, step=4) == generate_random_shift(LONG, config, step=4)
    assert generate_random_shift(np.array(LONG), config, step=4) == generate_random_shift(LONG, config, step=4)  # type: ignore[arg-type]


def test_docstring_examples() -> None:
    failed, tried = doctest.testmod(spotnb.tiling.shifts)
    assert (failed, tried > 0) == (0, True)
