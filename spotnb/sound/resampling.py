"""Conversion of sample rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError
from spotnb.sound.lengths import LONGEST
from spotnb.support.system import require_memory

_BYTES = 16  # of memory per sample of the longer sound


@np.errstate(all="ignore")
def resampled(wave: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """Return a sound `[samples]` or `[channels, samples]` converted from the sample rate `rate` to `wanted`, in Hz.

    soxr converts it. Its filter can overshoot: a sound within [-1, 1] is limited to [-1, 1] afterwards.

    Raises:
        InputError: The result would be too long.
        SpotnbError: The result would not fit into memory.
    """
    if rate == wanted:
        return wave
    samples = -(-wave.shape[-1] * wanted // rate)
    what = f"{wave.shape[-1] / rate:.6g} s of sound at {wanted} Hz"
    if samples > LONGEST:
        raise InputError(f"{what} has {samples} samples: expected at most {LONGEST}; check its rate of {rate} Hz")
    require_memory(
        _BYTES * max(samples * wave.size // wave.shape[-1], wave.size),
        what,
        hint="check its sample rate, or pass a shorter sound",
    )
    import soxr  # imported here because it is rarely needed

    converted = np.asarray(soxr.resample(wave.T, rate, wanted).T, np.float32)
    missing = samples - converted.shape[-1]  # soxr rounds the length, and we round it up
    converted = np.pad(converted, [(0, 0)] * (converted.ndim - 1) + [(0, missing)])
    return np.clip(converted, -1, 1) if np.abs(wave).max() <= 1 else converted
