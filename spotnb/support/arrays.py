"""What callers hand over, as checked numpy arrays; torch tensors are understood without importing torch."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError


def as_array(value: Any) -> NDArray[Any]:
    """`value` as a numpy array. A torch tensor is detached, fetched, and widened, for numpy has no bfloat16."""
    if hasattr(value, "detach"):
        value = value.detach().float().cpu()
    return np.asarray(value)


def as_waveform(value: Any) -> NDArray[np.float32]:
    """`value` as `[samples]` float32: one channel, floating-point, finite, not empty; else `InputError`."""
    wave = as_array(value)
    if wave.ndim != 1 or not wave.size:
        raise InputError(f"a waveform is [samples], one channel and not empty, got {list(wave.shape)}: pick a channel")
    if wave.dtype.kind != "f":
        raise InputError(f"a waveform is floating-point in [-1, 1], got {wave.dtype}: divide PCM by its largest value")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused below
        wave = wave.astype(np.float32, copy=False)
    require_finite(wave, "the waveform")
    return wave


def require_finite(array: NDArray[Any], name: str) -> None:
    """Raise `InputError`, telling how many values and where the first one is, unless all of `array` is finite."""
    bad = ~np.isfinite(array)
    if bad.any():
        first = np.argwhere(bad)[0].tolist()
        raise InputError(f"{name} has {bad.sum()} NaN or infinite values of {array.size}, the first at index {first}")


def as_sample_rate(value: Any) -> int:
    """`value` as a positive whole number of Hz; else `InputError`."""
    try:
        rate = operator.index(value)
    except TypeError:
        rate = 0
    if rate <= 0 or isinstance(value, bool):
        raise InputError(f"a sample rate is a positive whole number of Hz (16000 for AudioLDM), got {value!r}")
    return rate
