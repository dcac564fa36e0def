"""Perceived loudness by ITU-R BS.1770-4, computed in pieces so that memory use does not grow with the duration."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# The only rate for which the standard gives filter coefficients. Filters redesigned for 16 kHz are 0.2 dB off.
RATE = 48000
BLOCK, HOP = RATE * 2 // 5, RATE // 10
# In seconds. The filters settle in less than `BEFORE`, and a block extends 0.3 s into `AFTER`.
PIECE, BEFORE, AFTER = 20, 2, 1
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0  # in LUFS, and in LU relative to the mean of the blocks above the first
MOST_CHANNELS = 5
OFFSET = -0.691  # gives a full-scale sine of 997 Hz a loudness of -3.01 LUFS


@np.errstate(all="ignore")  # silence and single precision are valid, whatever the caller made of them
def loudness(wave: NDArray[np.float32], rate: int) -> float:
    """Return the integrated loudness in LUFS of a finite, nonempty sound `[samples]` or `[channels, samples]`.

    As in the standard, the energies of the channels are added, so that a sound on two channels is 3 dB louder than on
    one. More than two channels are left, right, center, and two surround channels, which count 1.41 times. The loudness
    is NaN for more than five channels and for less than 0.4 s of sound, and minus infinity if no block reaches -70
    LUFS.
    """
    if 5 * wave.shape[-1] < 2 * rate or (wave.ndim == 2 and len(wave) > MOST_CHANNELS):
        return math.nan
    energies = np.concatenate(list(_block_energies(wave.T, rate)))
    audible = energies[energies >= _energy(ABSOLUTE_GATE)]
    if not audible.size:
        return -math.inf
    gated = audible[audible > audible.mean() * 10 ** (RELATIVE_GATE / 10)]
    return float(OFFSET + 10 * np.log10(gated.mean()))


def _energy(lufs: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(10 ** ((np.asarray(lufs) - OFFSET) / 10))


def _block_energies(wave: NDArray[np.float32], rate: int) -> Iterator[NDArray[np.float64]]:
    """Yield the mean squares of the weighted sound `[samples]` or `[samples, channels]`, summed over its channels.

    There is one for each complete block of 0.4 s, and a block begins every 0.1 s.
    """
    from pyloudnorm import Meter  # imported here because it imports scipy.signal

    meter = Meter(RATE, filter_class="DeMan")  # exactly the coefficients of the standard; the default's are close
    for start in range(0, -(-len(wave) // rate), PIECE):
        begin = max(0, start - BEFORE)
        piece = _at_standard_rate(wave[begin * rate : (start + PIECE + AFTER) * rate], rate)
        usable = BLOCK + (len(piece) - BLOCK) // HOP * HOP  # the standard omits an incomplete last block
        if usable < BLOCK:
            return
        meter.integrated_loudness(piece[:usable])
        first = 10 * (start - begin)
        yield _energy(np.array(meter.blockwise_loudness[first : first + 10 * PIECE]))


def _at_standard_rate(wave: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Return a piece of sound at 48 kHz, with every frequency below the Nyquist frequencies at its full level.

    Other resamplers attenuate the highest frequencies: by 2.7 dB at 7.8 kHz for a rate of 16 kHz.
    """
    if rate == RATE:
        return wave
    from scipy.signal import resample  # imported here because it takes half a second

    seconds = -(-len(wave) // rate) + 1  # at least one second of silence, so that the end does not reach the start
    padded = np.zeros((seconds * rate, *wave.shape[1:]), np.float32)
    padded[: len(wave)] = wave
    return np.asarray(resample(padded, seconds * RATE), np.float32)[: len(wave) * RATE // rate]
