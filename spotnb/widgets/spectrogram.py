"""Packing of spectrograms for a page: at most 1024 columns in 128 levels, as differences along time.

A spectrogram of 30 s takes about 27 kB. Its columns are then 30 ms wide, which is less than a latent frame, and its
levels are less than 1 dB apart. `static/inspector/spectra.js` unpacks it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spotnb.plots.style import RANGE

COLUMNS: Final = 1024
LEVELS: Final = 127


@dataclass(frozen=True)
class Spectrum:
    """A packed spectrogram.

    Attributes:
        columns: The number of columns.
        factor: The number of mel frames whose mean is a column.
        data: The compressed differences of the levels.
    """

    columns: int
    factor: int
    data: bytes

    def about(self, step: int) -> dict[str, Any]:
        """Return what describes the data in a message or a page. `step` is the index of the record."""
        return {"step": step, "columns": self.columns, "factor": self.factor}


def pack_spectrum(mel: NDArray[np.float32]) -> Spectrum:
    """Pack a log-mel `[frames, 64]`."""
    factor = -(-len(mel) // COLUMNS)
    starts = np.arange(0, len(mel), factor)
    counts = np.diff([*starts, len(mel)])
    means = np.add.reduceat(mel.astype(np.float64), starts) / counts[:, None]
    low, high = RANGE
    levels = np.clip(np.rint((means - low) * (LEVELS / (high - low))), 0, LEVELS).astype(np.uint8)
    differences = np.diff(levels, axis=0, prepend=np.zeros((1, levels.shape[1]), np.uint8))  # modulo 256
    # Repeated sequences are rare in differences, and searching for them takes most of the time.
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_HUFFMAN_ONLY)
    return Spectrum(len(levels), factor, packer.compress(differences.tobytes()) + packer.flush())


def unpacked(spectrum: Spectrum) -> NDArray[np.float32]:
    """Return the columns of a packed spectrogram as natural logarithms `[columns, 64]`, as a page has them."""
    differences = np.frombuffer(zlib.decompress(spectrum.data), np.uint8).reshape(spectrum.columns, -1)
    levels = np.cumsum(differences, axis=0, dtype=np.uint8)  # modulo 256
    low, high = RANGE
    return (low + levels * ((high - low) / LEVELS)).astype(np.float32)
