"""Conversion of caller input to checked numpy arrays. Torch tensors are accepted without importing torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError
from spotnb.support.checks import as_plain, check_real, show

LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
"""The sample rates in Hz that spotnb takes: telephones use 8 kHz, and the fastest converters 768 kHz."""

MOST_CHANNELS = 64
"""The most channels of a sound: an array of more is a spectrogram."""

MOST_NUMBERS = 10**7
"""The longest list that is converted to an array: Python needs eight times the memory of an array for it."""
NUMBERS = "expected numbers, in rows of equal length"


def as_array(value: Any) -> NDArray[Any]:
    """Return `value` as a numpy array.

    A torch tensor is detached and moved to the CPU. A floating-point tensor becomes float32, because numpy has no
    bfloat16.

    Raises:
        InputError: `value` is not numeric, or is a masked array, whose hidden values would be used.
    """
    if _is_masked(value):
        raise InputError("the array is masked: expected one without hidden values; pass array.filled(0) or array.data")
    if isinstance(value, Sequence) and not hasattr(value, "dtype") and len(value) > MOST_NUMBERS:
        raise InputError(f"{show(value)} has {len(value)} items: expected at most {MOST_NUMBERS}; pass an array")
    try:
        if hasattr(value, "detach"):
            value = value.detach().cpu()
            value = value.float() if value.is_floating_point() else value
        array = np.asarray(value)
    except MemoryError:
        raise
    except Exception:  # whatever numpy, torch or a caller's own class raises
        raise InputError(f"cannot read {show_kind(value)} as an array: {NUMBERS}") from None
    if array.dtype.kind not in "biufc":
        raise InputError(f"cannot read {show_kind(value)} as an array: {NUMBERS}")
    return array


def show_kind(value: Any) -> str:
    """Return what an array or a sequence is, without its values, and `show(value)` of anything else."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and dtype is not None:
        return f"an array of shape {show(list(shape))} and type {show(str(dtype))}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return show(value)


def _is_masked(value: Any, depth: int = 3) -> bool:
    """Return whether a value is a masked array, or a list or tuple that holds one within `depth` levels."""
    if isinstance(value, list | tuple):
        plain = set(map(type, value)) <= {float, int}  # a long list of numbers needs no closer look
        return depth > 0 and not plain and any(_is_masked(each, depth - 1) for each in value)
    return isinstance(value, np.ma.MaskedArray) or hasattr(value, "get_mask")  # the latter is torch's MaskedTensor


def as_waveform(value: Any, name: str = "the waveform") -> NDArray[np.float32]:
    """Return `value` as a single-channel waveform `[samples]`, float32. `name` starts the error messages.

    Raises:
        InputError: `value` is not one-dimensional, is empty, is not floating-point, or holds NaN or infinity.
    """
    wave = _not_empty(value, name)
    if wave.ndim != 1:
        raise InputError(f"{name} has shape {list(wave.shape)}: expected [samples], one channel; pick a channel")
    return _as_samples(wave, name)


def as_sound(value: Any, name: str = "the waveform") -> NDArray[np.float32]:
    """Return `value` as a sound `[samples]` or `[channels, samples]`, float32. `name` starts the error messages.

    Raises:
        InputError: As for `as_waveform`, or `value` has another shape, more than 64 channels, or fewer samples than
            channels, as if it were transposed.
    """
    wave = _not_empty(value, name)
    if wave.ndim not in (1, 2) or (wave.ndim == 2 and not len(wave) <= min(MOST_CHANNELS, wave.shape[1])):
        hint = "transpose it" if wave.ndim == 2 and wave.shape[1] <= MOST_CHANNELS else "pass one of these"
        raise InputError(
            f"{name} has shape {list(wave.shape)}: expected [samples] or [channels, samples], with at most "
            f"{MOST_CHANNELS} channels; {hint}"
        )
    return _as_samples(wave, name)


def _not_empty(value: Any, name: str) -> NDArray[Any]:
    wave = as_array(value)
    if not wave.size:
        raise InputError(f"{name} is empty: expected at least one sample; pass a longer sound")
    return wave


def _as_samples(wave: NDArray[Any], name: str) -> NDArray[np.float32]:
    if wave.dtype.kind != "f":
        raise InputError(
            f"{name} is {wave.dtype}: expected floating-point samples in [-1, 1]; divide PCM by its largest value"
        )
    with np.errstate(all="ignore"):  # values that overflow float32 become infinite and are rejected below
        wave = wave.astype(np.float32, copy=False)
    require_finite(wave, name)
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
    """Return `value` as a sample rate in Hz. It may be an integral float, such as 44100.0, or an array of no axes.

    Raises:
        InputError: `value` is not a whole number from 1000 to 768000. A rate in kHz is the usual mistake.
    """
    hint = "give it in Hz; AudioLDM uses 16000"
    try:
        rate = check_real("the sample rate", as_plain(value), hint=hint)
    except InputError:
        rate = 0.0
    if not rate.is_integer() or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise InputError(
            f"the sample rate is {show(value)}: expected a whole number from {LOWEST_RATE} to {HIGHEST_RATE}; {hint}"
        )
    return int(rate)
