"""Random draws: each has its own stream, and nobody else's is touched."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spotnb.solvers.noise import PURPOSES, draw

keys = st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 999), st.sampled_from(PURPOSES))


@given(keys)
def test_a_draw_depends_on_its_key_alone(key: tuple[int, int, str]) -> None:
    torch.manual_seed(1)
    first = draw((2, 3, 5), *key)
    torch.manual_seed(2)
    assert torch.equal(draw((2, 3, 5), *key), first)


@given(keys, keys)
@example((5, 1, "start"), (5 + 2**32, 0, "start"))  # seeds beyond 32 bits are two words: they must not run over
@example((7, 0, "start"), (7, 0, "keep"))
@example((7, 0, "eta"), (7, 1, "eta"))
def test_different_keys_draw_different_noise(one: tuple[int, int, str], other: tuple[int, int, str]) -> None:
    assert torch.equal(draw((8,), *one), draw((8,), *other)) == (one == other)


def test_the_global_random_state_is_left_alone() -> None:
    before, before_numpy = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
    draw((4, 4), 3, 1, "pad")
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], before_numpy[1])  # noqa: NPY002
    assert np.random.get_state()[2] == before_numpy[2]  # noqa: NPY002


def test_draws_are_standard_normal_float32_on_the_cpu() -> None:
    noise = draw((1, 8, 1000, 16), 0, 0, "start")
    assert noise.shape == (1, 8, 1000, 16)
    assert noise.dtype == torch.float32
    assert noise.device.type == "cpu"
    assert abs(noise.mean()) < 0.01
    assert noise.std() == pytest.approx(1, abs=0.01)
    channels = noise[0].flatten(1)
    assert (torch.corrcoef(channels) - torch.eye(8)).abs().max() < 0.05


def test_draws_ignore_the_global_default_dtype() -> None:
    usual = draw((6,), 0, 0, "start")
    torch.set_default_dtype(torch.float64)
    try:
        assert torch.equal(draw((6,), 0, 0, "start"), usual)
    finally:
        torch.set_default_dtype(torch.float32)


def test_an_unknown_purpose_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        draw((1,), 0, 0, "lunch")
