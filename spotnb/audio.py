"""Sound files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from spotnb.arrays import as_sample_rate, as_waveform
from spotnb.errors import InputError, SpotnbError
from spotnb.files import atomic_write
from spotnb.mel import SAMPLE_RATE

FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS")}

_BLOCK = 1 << 16  # libsndfile overflows its stack when it encodes minutes of Vorbis in one call


def save_audio(path: str | os.PathLike[str], waveform: Any, sample_rate: int = SAMPLE_RATE) -> Path:
    """Write a sound to a file, as loud as it is, and return the file's path.

    `path`: its suffix chooses the format: `.wav` or `.flac` (16 bits, what players everywhere take) or `.ogg` (Vorbis).
    A missing folder is made. A file that is there already is replaced in one step, once the new one is whole.
    `waveform`: `[samples]`, floating-point in [-1, 1]. `sample_rate`: Hz; 16000 is AudioLDM's.
    Raises `InputError` for another suffix, a shape or type that is no waveform, NaN, infinity, or a peak above 1 (it
    would be clipped, or quietly changed), and `SpotnbError` if the file cannot be written.
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"cannot tell the format of {str(path)!r}: end the name in one of {', '.join(FORMATS)}")
    wave, rate = as_waveform(waveform), as_sample_rate(sample_rate)
    peak = float(np.abs(wave).max())
    if peak > 1:
        raise InputError(f"the waveform peaks at {peak:.6g}, a file holds -1 to 1: divide it by its peak, or clip it")

    import soundfile

    kind, subtype = FORMATS[path.suffix.lower()]
    with atomic_write(path) as temporary:
        try:
            with soundfile.SoundFile(temporary, "w", samplerate=rate, channels=1, format=kind, subtype=subtype) as file:
                for start in range(0, len(wave), _BLOCK):
                    file.write(wave[start : start + _BLOCK])
        except soundfile.SoundFileError as error:
            raise SpotnbError(f"cannot write {path} as {kind} at {rate} Hz: {error}") from error
    return path
