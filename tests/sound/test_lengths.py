"""Conversion of seconds to frames and samples: enough frames, few too many, and the exact number of samples."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spotnb.errors import InputError
from spotnb.sound.lengths import duration_to_latent_t_size
from spotnb.tiling.clock import AUDIOLDM, check_duration

durations = st.floats(0.04, 4000) | st.integers(1, 100_000).map(lambda k: k / 25) | st.integers(1, 4000)
multiples = st.sampled_from([1, 2, 4, 8, 16])


@given(durations, multiples)
@example(0.12, 1)  # 25 * 0.12 is 3.0000000000000004
@example(0.28, 1)  # 25 * 0.28 is 7.000000000000001
@example(0.1 + 0.2, 8)
@example(30, 8)
def test_a_run_is_long_enough_and_a_whole_number_of_multiples(duration: float, multiple: int) -> None:
    frames = AUDIOLDM.run_frames(duration, multiple)
    assert frames % multiple == 0
    assert frames * AUDIOLDM.samples_per_frame >= AUDIOLDM.run_samples(duration, frames)
    nominal = max(duration_to_latent_t_size(duration), math.ceil(round(Fraction(duration) * 25, 6)))
    assert 0 <= frames - nominal < multiple


@given(durations)
@example(0.1 + 0.2)
@example(1 / 3)
@example(29.99999)
def test_the_sound_has_exactly_the_duration(duration: float) -> None:
    assert AUDIOLDM.run_samples(duration, AUDIOLDM.run_frames(duration, 8)) == round(duration * 16000)


@given(durations)
def test_a_ring_is_whole_frames_within_half_of_one(duration: float) -> None:
    frames = AUDIOLDM.run_frames(duration, 8, ring=True)
    assert abs(frames / 25 - duration) <= 0.02 + 1e-9
    assert AUDIOLDM.run_samples(duration, frames, ring=True) == 640 * frames


def test_lengths_by_hand() -> None:
    assert [AUDIOLDM.run_frames(d, 8) for d in (0.04, 10, 10.24, 30)] == [8, 256, 264, 768]
    assert [AUDIOLDM.run_frames(d, 8, ring=True) for d in (0.04, 10, 10.03, 30)] == [1, 250, 251, 750]
    assert AUDIOLDM.run_frames(0.12, 1) == 3


@pytest.mark.parametrize(
    "bad", [0, -1, -0.0, 0.0399, math.nan, math.inf, -math.inf, True, None, "10", 1e308, 10**400, [10]]
)
def test_bad_durations_are_named(bad: Any) -> None:
    with pytest.raises(InputError) as caught:
        AUDIOLDM.run_frames(bad, 8)
    message = str(caught.value)
    assert message.startswith("duration is ")
    assert "\n" not in message
    assert "give seconds" in message


def test_the_least_duration_is_one_frame() -> None:
    assert check_duration(0.04) == 0.04
    with pytest.raises(InputError, match=r"0\.04"):
        check_duration(0.039)
