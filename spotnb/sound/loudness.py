"""How loud ears find a sound of any length: ITU-R BS.1770-4, in pieces, so that memory does not grow with it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# The one rate for which the standard gives filters. Designed anew for 16 kHz they are 0.2 dB off.
RATE = 48000
BLOCK, HOP = RATE * 2 // 5, RATE // 10
PIECE, BEFORE, AFTER = 60, 2, 1  # seconds; the filters forget in less than `BEFORE`, a block reaches 0.3 s `AFTER`
ABSOLUTE_GATE, RELATIVE_GATE = -70.0, -10.0  # LUFS, and relative to the mean of what passes the first one
OFFSET = -0.691  # what makes a full-scale sine of 997 Hz -3.01 LUFS


def loudness(wave: NDArray[np.float32], rate: int) -> float:
    """Integrated loudness in LUFS of a waveform `[samples]`, finite and not empty.

    NaN for less than 0.4 s, and minus infinity where no block reaches -70 LUFS.
    """
    if 5 * len(wave) < 2 * rate:
        return math.nan
    energies = np.concatenate(list(_block_energies(wave, rate)))
    heard = energies[energies >= _energy(ABSOLUTE_GATE)]
    if not heard.size:
        return -math.inf
    gated = heard[heard > heard.mean() * 10 ** (RELATIVE_GATE / 10)]
    return float(OFFSET + 10 * np.log10(gated.mean()))


def _energy(lufs: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(10 ** ((np.asarray(lufs) - OFFSET) / 10))


def _block_energies(wave: NDArray[np.float32], rate: int) -> Iterator[NDArray[np.float64]]:
    """Mean squares of the weighted sound, one for each 0.1 s at which a whole block of 0.4 s begins."""
    from pyloudnorm import Meter  # here, since it imports scipy.signal

    meter = Meter(RATE, filter_class="DeMan")  # the standard's own coefficients; the default's come close
    for start in range(0, -(-len(wave) // rate), PIECE):
        begin = max(0, start - BEFORE)
        piece = resampled(wave[begin * rate : (start + PIECE + AFTER) * rate], rate, RATE)
        whole = BLOCK + (len(piece) - BLOCK) // HOP * HOP  # the standard leaves out a last block that is not full
        if whole < BLOCK:
            return
        meter.integrated_loudness(piece[:whole])
        first = 10 * (start - begin)
        yield _energy(np.array(meter.blockwise_loudness[first : first + 10 * PIECE]))


def resampled(wave: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """A waveform at another rate, in Hz."""
    if rate == wanted:
        return wave
    from scipy.signal import resample_poly  # here, since it takes half a second to import

    common = math.gcd(rate, wanted)
    return np.asarray(resample_poly(wave, wanted // common, rate // common), np.float32)
