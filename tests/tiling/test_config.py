"""The configuration: which values it accepts, which it refuses, and its messages."""

from __future__ import annotations

import dataclasses
import doctest
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spotnb.tiling.config
from spotnb.errors import InputError
from spotnb.sound.lengths import duration_to_latent_t_size
from spotnb.support.checks import check_real, show
from spotnb.tiling.config import METHODS, SHIFT_SCHEDULES, SpotDiffusionConfig, should_use_spotdiffusion
from spotnb.tiling.edges import EDGES


def test_defaults() -> None:
    assert dataclasses.asdict(SpotDiffusionConfig()) == {
        "tile_size_time": 256,
        "min_overlap": None,
        "max_shift_ratio": 0.5,
        "edge": "reflect",
        "shift_seed": 0,
        "shift_schedule": "random",
    }
    assert METHODS == ("spot", "tiles", "multidiffusion", "full")
    assert EDGES == ("reflect", "anchor", "merge", "circular", "reflect_noisy")
    assert SHIFT_SCHEDULES == ("random", "alternate", "fibonacci", "sorted")


def test_is_frozen_and_a_value() -> None:
    config = SpotDiffusionConfig(tile_size_time=128)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.tile_size_time = 64  # type: ignore[misc]
    assert config == dataclasses.replace(SpotDiffusionConfig(), tile_size_time=128)
    assert len({config, SpotDiffusionConfig(tile_size_time=128)}) == 1


def test_numpy_numbers_become_plain_ones() -> None:
    config = SpotDiffusionConfig(
        tile_size_time=np.int64(128),  # type: ignore[arg-type]
        min_overlap=np.uint8(32),  # type: ignore[arg-type]
        max_shift_ratio=np.float32(0.25),  # type: ignore[arg-type]
        edge=np.str_("merge"),
        shift_seed=np.int32(7),  # type: ignore[arg-type]
    )
    kinds = [type(getattr(config, field.name)) for field in dataclasses.fields(config)]
    assert kinds == [int, int, float, str, int, str]
    assert type(SpotDiffusionConfig(max_shift_ratio=1).max_shift_ratio) is float


@pytest.mark.parametrize(
    ("name", "value", "limits"),
    [
        ("tile_size_time", 0, "at least 1"),
        ("tile_size_time", -8, "at least 1"),
        ("tile_size_time", 256.0, "whole number"),
        ("tile_size_time", np.float64(256), "whole number"),
        ("tile_size_time", True, "whole number"),
        ("tile_size_time", np.True_, "whole number"),
        ("tile_size_time", "256", "whole number"),
        ("tile_size_time", None, "whole number"),
        ("tile_size_time", math.nan, "whole number"),
        ("tile_size_time", 10**7 + 1, "from 1 to 10000000"),
        ("tile_size_time", 10**5000, "from 1 to 10000000"),
        ("min_overlap", 10**5000, "from 0 to 255"),
        ("shift_seed", 2**63, "from 0 to 9223372036854775807"),
        ("shift_seed", 10**5000, "from 0 to 9223372036854775807"),
        ("min_overlap", -1, "from 0 to 255"),
        ("min_overlap", 256, "from 0 to 255"),
        ("min_overlap", 64.0, "from 0 to 255"),
        ("min_overlap", False, "from 0 to 255"),
        ("max_shift_ratio", -0.01, "from 0 to 1"),
        ("max_shift_ratio", 1.01, "from 0 to 1"),
        ("max_shift_ratio", math.nan, "from 0 to 1"),
        ("max_shift_ratio", np.float32("nan"), "from 0 to 1"),
        ("max_shift_ratio", math.inf, "from 0 to 1"),
        ("max_shift_ratio", 10**400, "from 0 to 1"),
        ("max_shift_ratio", True, "from 0 to 1"),
        ("max_shift_ratio", None, "from 0 to 1"),
        ("max_shift_ratio", "0.5", "from 0 to 1"),
        ("edge", "mirror", "reflect, anchor, merge, circular, reflect_noisy"),
        ("edge", None, "reflect, anchor"),
        ("edge", ["reflect"], "reflect, anchor"),
        ("edge", np.array(["reflect", "merge"]), "reflect, anchor"),
        ("shift_seed", -1, "at least 0"),
        ("shift_seed", None, "at least 0"),
        ("shift_seed", 1.0, "at least 0"),
        ("shift_seed", True, "at least 0"),
        ("shift_schedule", "golden", "random, alternate, fibonacci, sorted"),
        ("shift_schedule", 0, "random, alternate"),
    ],
    ids=show,
)
def test_refuses_what_is_outside_its_limits(name: str, value: Any, limits: str) -> None:
    with pytest.raises(InputError) as caught:
        SpotDiffusionConfig(**{name: value})
    message = str(caught.value)
    assert message.startswith(f"{name} is {show(value)}: expected")
    assert limits in message
    assert "; " in message, "an error ends with what to do"
    assert "\n" not in message


def test_limits_are_inside() -> None:
    for ratio in (0, 0.0, 1, 1.0):
        assert SpotDiffusionConfig(max_shift_ratio=ratio).max_shift_ratio == ratio
    assert SpotDiffusionConfig(min_overlap=0).overlap == 0
    assert SpotDiffusionConfig(min_overlap=255).overlap == 255
    assert SpotDiffusionConfig(tile_size_time=1, min_overlap=0).tile_size_time == 1
    assert SpotDiffusionConfig(shift_seed=2**63 - 1).shift_seed == 2**63 - 1
    assert SpotDiffusionConfig(tile_size_time=10**7, min_overlap=10**7 - 1).overlap == 10**7 - 1


def test_a_long_or_broken_value_stays_on_one_short_line() -> None:
    with pytest.raises(InputError) as caught:
        SpotDiffusionConfig(edge="two\nlines" * 50)
    assert len(str(caught.value)) < 200
    with pytest.raises(InputError) as caught:
        SpotDiffusionConfig(tile_size_time=np.zeros((9, 9)))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_max_shift_and_overlap() -> None:
    assert SpotDiffusionConfig().max_shift == 128
    assert SpotDiffusionConfig(tile_size_time=128, max_shift_ratio=0.7).max_shift == 89
    assert SpotDiffusionConfig(max_shift_ratio=0).max_shift == 0
    assert SpotDiffusionConfig().overlap == 128
    assert SpotDiffusionConfig(tile_size_time=7).overlap == 3


def test_should_use_spotdiffusion() -> None:
    config = SpotDiffusionConfig(tile_size_time=128)
    assert [should_use_spotdiffusion(size, config) for size in (0, 1, 127, 128, 129, 768)] == [False] * 4 + [True] * 2
    assert should_use_spotdiffusion(np.int64(129), config) is True  # type: ignore[arg-type]
    for size in (-1, 256.0, True, math.nan, None, "256"):
        with pytest.raises(InputError, match="latent_size is "):
            should_use_spotdiffusion(size, config)  # type: ignore[arg-type]


def test_nominal_sizes() -> None:
    sizes = {10.0: 256, 15.0: 384, 20: 512, 30.0: 768, 2.5: 64, 0.04: 1, 0.03: 0}
    assert {duration: duration_to_latent_t_size(duration) for duration in sizes} == sizes
    assert duration_to_latent_t_size(np.float32(10)) == 256  # type: ignore[arg-type]
    assert type(duration_to_latent_t_size(np.float64(10))) is int


@given(st.floats(min_value=1e-3, max_value=1e5))
def test_nominal_size_is_audioldms_rule(duration: float) -> None:
    assert duration_to_latent_t_size(duration) == int(duration * 25.6)


@pytest.mark.parametrize("duration", [0, 0.0, -1, math.nan, math.inf, -math.inf, 1e308, 10**400, True, "10", None])
def test_refuses_a_duration(duration: Any) -> None:
    with pytest.raises(InputError, match=r"duration is .*: expected a finite number.*; give seconds"):
        duration_to_latent_t_size(duration)


def test_a_real_number_without_limits_is_still_finite() -> None:
    assert check_real("guidance", -3, hint="give a number") == -3.0
    for value in (math.nan, math.inf, -math.inf, 10**400):
        with pytest.raises(InputError, match=r"guidance is .*: expected a finite number; give a number"):
            check_real("guidance", value, hint="give a number")


def test_docstring_examples() -> None:
    failed, tried = doctest.testmod(spotnb.tiling.config)
    assert (failed, tried > 0) == (0, True)
