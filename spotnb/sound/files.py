"""Sound files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError, SpotnbError
from spotnb.sound.mel import SAMPLE_RATE
from spotnb.support.arrays import as_array, as_sample_rate, as_waveform
from spotnb.support.files import atomic_write

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
    path = check_format(path)
    wave, rate = as_waveform(waveform), as_sample_rate(sample_rate)
    peak = float(np.abs(wave).max())
    if peak > 1:
        raise InputError(f"the waveform peaks at {peak:.6g}, a file holds -1 to 1: divide it by its peak, or clip it")
    return write_audio(path, [wave], rate)


def check_format(path: str | os.PathLike[str]) -> Path:
    """A path with a suffix of `FORMATS`; raises `InputError` for another."""
    path = Path(path).expanduser()
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"cannot tell the format of {str(path)!r}: end the name in one of {', '.join(FORMATS)}")
    return path


def write_audio(path: Path, pieces: Iterable[NDArray[np.floating[Any]]], sample_rate: int) -> Path:
    """Write sound that comes in pieces `[samples]` in [-1, 1]; else as `save_audio`."""
    import soundfile

    kind, subtype = FORMATS[path.suffix.lower()]
    settings = {"samplerate": sample_rate, "channels": 1, "format": kind, "subtype": subtype}
    with atomic_write(path) as temporary:
        try:
            with soundfile.SoundFile(temporary, "w", **settings) as file:
                for piece in pieces:
                    for start in range(0, len(piece), _BLOCK):
                        file.write(piece[start : start + _BLOCK])
        except soundfile.SoundFileError as error:
            raise SpotnbError(f"cannot write {path} as {kind} at {sample_rate} Hz: {error}") from error
    return path


def load_audio(source: Any, sample_rate: int = SAMPLE_RATE) -> NDArray[np.float32]:
    """Sound `[samples]` at `sample_rate` Hz, one channel, from a file or an array.

    `source`: a path that soundfile reads; an array `[samples]`, `[samples, channels]` or `[channels, samples]` (the
    shorter axis is that of the channels) at `sample_rate`; or a pair of an array and its own rate. Channels are
    averaged and rates converted by librosa (soxr). Raises `InputError` for another shape or type, and `SpotnbError` for
    a file that is missing or no sound.
    """
    target = as_sample_rate(sample_rate)
    if isinstance(source, str | os.PathLike):
        wave, rate = _read(Path(source).expanduser())
    elif isinstance(source, tuple) and len(source) == 2:
        wave, rate = as_array(source[0]), as_sample_rate(source[1])
    else:
        wave, rate = as_array(source), target
    if wave.ndim == 2 and wave.size and wave.dtype.kind == "f":  # a mean would make PCM floating-point, and loud
        wave = np.mean(wave, axis=int(np.argmin(wave.shape)), dtype=wave.dtype)
    wave = as_waveform(wave)
    if rate == target:
        return wave
    from librosa import resample  # here, since it takes a second and is seldom needed

    return np.asarray(resample(wave, orig_sr=rate, target_sr=target), np.float32)


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    import soundfile

    try:
        wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise SpotnbError(f"cannot read {path} as sound: {error}; pass a wav, flac, ogg or mp3 file") from error
    return wave, rate
