"""Conversion of caller input to checked numpy arrays. Torch tensors are accepted without importing torch."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError
from spotnb.support.checks import show


def as_array(value: Any) -> NDArray[Any]:
    """Return `value` as a numpy array.

    A torch tensor is detached, moved to the CPU, and converted to float32, because numpy has no bfloat16.
    """
    if hasattr(value, "detach"):
        value = value.detach().float().cpu()
    return np.asarray(value)


def as_waveform(value: Any) -> NDArray[np.float32]:
    """Return `value` as a single-channel waveform `[samples]`, float32.

    Raises:
        InputError: `value` is not one-dimensional, is empty, is not floating-point, or holds NaN or infinity.
    """
    wave = as_array(value)
    if wave.ndim != 1 or not wave.size:
        raise InputError(
            f"the waveform has shape {list(wave.shape)}: expected [samples], one channel and not empty; pick a channel"
        )
    if wave.dtype.kind != "f":
        raise InputError(
            f"the waveform is {wave.dtype}: expected floating-point samples in [-1, 1]; divide PCM by its largest value"
        )
    with np.errstate(over="ignore"):  # values that overflow float32 become infinite and are rejected below
        wave = wave.astype(np.float32, copy=False)
    require_finite(wave, "the waveform")
    return wave


def require_finite(array: NDArray[Any], name: str) -> None:
    """Raise `InputError` if `array` holds NaN or infinity.

    The message gives `name`, the number of such values, and the index of the first one.
    """
    bad = ~np.isfinite(array)
    if bad.any():
        first = np.argwhere(bad)[0].tolist()
        raise InputError(
            f"{name} has {bad.sum()} NaN or infinite values out of {array.size}, the first at index {first}: "
            "expected finite numbers; find out where they come from"
        )


def as_sample_rate(value: Any) -> int:
    """Return `value` as a sample rate in Hz.

    Raises:
        InputError: `value` is not a positive whole number.
    """
    try:
        rate = operator.index(value)
    except TypeError:
        rate = 0
    if rate <= 0 or isinstance(value, bool):
        raise InputError(
            f"the sample rate is {show(value)}: expected a positive whole number of Hz; AudioLDM uses 16000"
        )
    return rate
