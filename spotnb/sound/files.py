"""Reading and writing sound files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spotnb.errors import InputError, SpotnbError
from spotnb.sound.mel import SAMPLE_RATE
from spotnb.support.arrays import as_array, as_sample_rate, as_waveform
from spotnb.support.files import atomic_write

FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS")}

_BLOCK = 1 << 16  # samples per write: libsndfile overflows its stack when it encodes minutes of Vorbis in one call


def save_audio(path: str | os.PathLike[str], waveform: ArrayLike, sample_rate: int = SAMPLE_RATE) -> Path:
    """Write a sound to a file, without changing its level, and return the path of the file.

    Args:
        path: The suffix determines the format: `.wav` or `.flac` (16 bits, which every player accepts) or `.ogg`
            (Vorbis). A missing folder is created. An existing file is replaced only when the new one is complete.
        waveform: `[samples]`, floating-point in [-1, 1].
        sample_rate: In Hz. The default of 16000 is AudioLDM's.

    Raises:
        InputError: The suffix is not supported, `waveform` is not a finite waveform, or its peak exceeds 1, so that
            the file would be clipped.
        SpotnbError: The file cannot be written.
    """
    path = check_format(path)
    wave, rate = as_waveform(waveform), as_sample_rate(sample_rate)
    peak = float(np.abs(wave).max())
    if peak > 1:
        raise InputError(f"the waveform peaks at {peak:.6g}: expected at most 1; divide it by its peak, or clip it")
    return write_audio(path, [wave], rate)


def check_format(path: str | os.PathLike[str]) -> Path:
    """Return `path` with `~` expanded. Raise `InputError` if its suffix is not one of `FORMATS`."""
    path = Path(path).expanduser()
    if path.suffix.lower() not in FORMATS:
        raise InputError(
            f"cannot tell the format of {str(path)!r} from its name: end the name in one of {', '.join(FORMATS)}"
        )
    return path


def write_audio(path: Path, pieces: Iterable[NDArray[np.floating[Any]]], sample_rate: int) -> Path:
    """Write sound that arrives in pieces `[samples]` in [-1, 1], to a path that `check_format` has accepted.

    Raises:
        SpotnbError: The file cannot be written.
    """
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


def load_audio(
    source: str | os.PathLike[str] | ArrayLike | tuple[ArrayLike, int], sample_rate: int = SAMPLE_RATE
) -> NDArray[np.float32]:
    """Return single-channel sound `[samples]` at `sample_rate` Hz from a file or an array.

    Channels are averaged, and librosa (soxr) converts the sample rate.

    Args:
        source: A path of a file that soundfile can read; an array `[samples]`, `[samples, channels]` or
            `[channels, samples]` at `sample_rate` (the shorter axis is taken as the channels); or a pair of an array
            and its sample rate.
        sample_rate: The sample rate of the result, in Hz.

    Raises:
        InputError: The array has another shape or type, or holds NaN or infinity.
        SpotnbError: The file is missing or cannot be decoded.
    """
    target = as_sample_rate(sample_rate)
    if isinstance(source, str | os.PathLike):
        wave, rate = _read(Path(source).expanduser())
    elif isinstance(source, tuple) and len(source) == 2:
        wave, rate = as_array(source[0]), as_sample_rate(source[1])
    else:
        wave, rate = as_array(source), target
    if wave.ndim == 2 and wave.size and wave.dtype.kind == "f":  # as_waveform rejects PCM, which a mean would hide
        wave = np.mean(wave, axis=int(np.argmin(wave.shape)), dtype=wave.dtype)
    wave = as_waveform(wave)
    if rate == target:
        return wave
    from librosa import resample  # imported here because it takes a second and is rarely needed

    return np.asarray(resample(wave, orig_sr=rate, target_sr=target), np.float32)


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    import soundfile

    try:
        wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise SpotnbError(f"cannot read {path} as sound: {error}; pass a wav, flac, ogg or mp3 file") from error
    return wave, rate
