"""Arrays and sample rates that callers pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spotnb.errors import InputError
from spotnb.support.arrays import HIGHEST_RATE, LOWEST_RATE, as_array, as_sample_rate, as_waveform


class Broken:
    def __array__(self, *_: Any, **__: Any) -> Any:
        raise KeyError("nothing here")

    def __repr__(self) -> str:
        raise OSError


RECURSIVE: list[Any] = []
RECURSIVE.append(RECURSIVE)


@pytest.mark.parametrize(
    "value",
    [
        *(None, "sound", b"sound", {}, object(), Broken(), RECURSIVE, np.array(["a"]), np.array([None])),
        *([[1.0], [1.0, 2.0]], [1.0, "a"], [np.zeros(3), np.zeros(4)], np.array("2020", "datetime64[Y]")),
        *(torch.zeros(2, 2).to_sparse(), torch.zeros(3, device="meta"), np.zeros(3, "f4,i4")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_an_array_is_refused_in_one_line(value: Any) -> None:
    with pytest.raises(InputError, match="as an array: expected numbers") as caught:
        as_array(value)
    assert "\n" not in str(caught.value)
    assert "[0." not in str(caught.value)


@pytest.mark.parametrize("mask", [True, False, [True, False]])
def test_masked_arrays_are_refused(mask: Any) -> None:
    hidden = np.ma.masked_array(np.ones(2), mask)
    for value in (hidden, [hidden, hidden], ([hidden],), hidden[0] if mask is True else hidden):
        with pytest.raises(InputError, match="masked"):
            as_array(value)


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.bool])
def test_tensors_of_whole_numbers_keep_their_type(dtype: torch.dtype) -> None:
    assert f"torch.{as_array(torch.ones(3, dtype=dtype)).dtype}" == str(dtype)
    with pytest.raises(InputError, match="expected floating-point samples"):
        as_waveform(torch.ones(3, dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floating_point_tensors_become_float32(dtype: torch.dtype) -> None:
    assert as_array(torch.ones(3, dtype=dtype, requires_grad=True)).dtype == np.float32


@given(st.integers(LOWEST_RATE, HIGHEST_RATE), st.sampled_from([int, float, np.int64, np.float64, np.array]))
def test_rates_of_every_numeric_type(rate: int, kind: Any) -> None:
    found = as_sample_rate(kind(rate))
    assert (found, type(found)) == (rate, int)


@given(
    st.one_of(
        *(st.integers(max_value=LOWEST_RATE - 1), st.integers(HIGHEST_RATE + 1), st.booleans(), st.text()),
        st.floats().filter(lambda rate: not (LOWEST_RATE <= rate <= HIGHEST_RATE and rate.is_integer())),
    )
)
def test_other_rates_are_refused_in_one_line(rate: Any) -> None:
    with pytest.raises(InputError, match=r"sample rate is .*expected a whole number from 1000 to 768000") as caught:
        as_sample_rate(rate)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 200
