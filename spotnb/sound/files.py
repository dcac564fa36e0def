"""Writing sound files."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spotnb.errors import InputError, SpotnbError
from spotnb.sound.lengths import LONGEST
from spotnb.sound.mel import SAMPLE_RATE
from spotnb.support.arrays import as_sample_rate, as_sound
from spotnb.support.checks import exact
from spotnb.support.files import atomic_write
from spotnb.support.paths import check_path, show_path

FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS")}
HIGHEST_VORBIS = 200_000
"""In Hz. Above this rate, libvorbis ends the process."""
MOST_FLAC_CHANNELS = 8
HIGHEST_FLAC, FINE_FLAC = 655_350, 65_535
"""In Hz. The header of a FLAC frame holds rates up to `FINE_FLAC`, and above it only multiples of 10 Hz."""

_BLOCK = 1 << 16  # samples per write: libsndfile overflows its stack when it encodes minutes of Vorbis in one call
_PROBE = 1 << 16  # bytes


@np.errstate(all="ignore")
def save_audio(path: str | os.PathLike[str], waveform: ArrayLike, sample_rate: int = SAMPLE_RATE) -> Path:
    """Write a sound to a file, without changing its level, and return the path of the file.

    Args:
        path: The suffix determines the format: `.wav` or `.flac` (16 bits, which every player accepts) or `.ogg`
            (Vorbis). A missing folder is created. An existing file is replaced only when the new one is complete.
        waveform: `[samples]` or `[channels, samples]`, floating-point in [-1, 1].
        sample_rate: In Hz. The default of 16000 is AudioLDM's.

    Raises:
        InputError: The suffix is not supported, the format does not have the sample rate or so many channels,
            `waveform` is not a finite sound, or its peak exceeds 1, so that the file would be clipped.
        SpotnbError: The file cannot be written, for example because the disk is full.
    """
    path = check_format(path)
    wave, rate = as_sound(waveform), as_sample_rate(sample_rate)
    peak = float(np.abs(wave).max())
    if peak > 1:
        raise InputError(f"the waveform peaks at {exact(peak)}: expected at most 1; divide it by its peak, or clip it")
    return write_audio(path, [wave], rate, channels_of(wave))


def check_format(path: str | os.PathLike[str]) -> Path:
    """Return `path` with `~` expanded. Raise `InputError` if its suffix is not one of `FORMATS`."""
    path = check_path("path", path)
    if path.suffix.lower() not in FORMATS:
        raise InputError(
            f"cannot tell the format of {show_path(path)!r} from its name: end the name in one of {', '.join(FORMATS)}"
        )
    return path


def channels_of(wave: NDArray[np.floating[Any]]) -> int:
    """Return the number of channels of a sound `[samples]` or `[channels, samples]`."""
    return 1 if wave.ndim == 1 else len(wave)


def write_audio(path: Path, pieces: Iterable[NDArray[np.floating[Any]]], sample_rate: int, channels: int = 1) -> Path:
    """Write sound that arrives in pieces, to a path that `check_format` has accepted.

    Args:
        path: The file.
        pieces: Parts of the sound in [-1, 1], `[samples]`, or `[channels, samples]` if there are several channels.
        sample_rate: In Hz.
        channels: The number of channels.

    Raises:
        InputError: The format does not have the sample rate or so many channels, or the sound is too long.
        SpotnbError: The file cannot be written, for example because the disk is full.
    """
    kind, _ = FORMATS[path.suffix.lower()]
    check_rate(kind, sample_rate)
    with atomic_write(path) as temporary:
        try:
            written = _encode(temporary, kind, pieces, sample_rate, channels)
            complete = _frames(temporary) == written
        except _EncodingError as error:
            complete, reason = False, str(error)
        else:
            reason = "the file is incomplete"
        if not complete:  # libsndfile does not report why, and for the last bytes not even that
            _require_space(temporary)
            raise SpotnbError(f"cannot write {show_path(path)} as {kind} at {sample_rate} Hz: {reason}; try .wav")
    return path


def flac_bytes(waveform: NDArray[np.floating[Any]], sample_rate: int) -> bytes:
    """Return a sound `[samples]` or `[channels, samples]` in [-1, 1] as the content of a FLAC file, for a page.

    The file has 16 bits per sample.

    Raises:
        InputError: FLAC does not have the sample rate or so many channels.
    """
    check_rate("FLAC", sample_rate)
    buffer = io.BytesIO()
    _encode(buffer, "FLAC", [waveform], sample_rate, channels_of(waveform))
    return buffer.getvalue()


def check_rate(kind: str, sample_rate: int) -> None:
    """Raise `InputError` if files of a kind, which is one of `FORMATS`, cannot have a sample rate in Hz."""
    if kind == "OGG" and sample_rate > HIGHEST_VORBIS:
        raise InputError(f"the sample rate is {sample_rate}: expected at most {HIGHEST_VORBIS} for .ogg; use .wav")
    if kind == "FLAC" and (sample_rate > HIGHEST_FLAC or (sample_rate > FINE_FLAC and sample_rate % 10)):
        raise InputError(
            f"the sample rate is {sample_rate}: expected for FLAC at most {FINE_FLAC}, or a multiple of 10 up to "
            f"{HIGHEST_FLAC}; use .wav"
        )


class _EncodingError(Exception):
    """libsndfile reported an error."""


def _encode(
    target: Path | io.BytesIO, kind: str, pieces: Iterable[NDArray[np.floating[Any]]], sample_rate: int, channels: int
) -> int:
    """Write pieces of sound as a file of a kind, and return their number of samples."""
    import soundfile

    if kind == "FLAC" and channels > MOST_FLAC_CHANNELS:
        raise InputError(f"the sound has {channels} channels: expected at most {MOST_FLAC_CHANNELS} for FLAC; use .wav")
    subtype = dict(FORMATS.values())[kind]
    written = 0
    try:
        with soundfile.SoundFile(target, "w", sample_rate, channels, subtype, format=kind) as file:
            for piece in pieces:
                written += piece.shape[-1]
                if written > LONGEST:
                    raise InputError(f"the sound is longer than {LONGEST} samples: expected a shorter one; split it")
                for start in range(0, piece.shape[-1], _BLOCK):
                    file.write(piece[..., start : start + _BLOCK].T)
    except soundfile.SoundFileError as error:
        raise _EncodingError(getattr(error, "error_string", "") or str(error)) from error
    return written


def _frames(path: Path) -> int:
    """Return the number of frames that can be decoded from a file, or -1 if its header states another number."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            stated = file.frames
            decoded = sum(map(len, _blocks(file)))
    except soundfile.SoundFileError:
        return -1
    return int(decoded) if decoded == stated else -1


def _blocks(file: Any) -> Iterator[NDArray[np.float32]]:
    while len(block := file.read(_BLOCK, dtype="float32")):
        yield block


def _require_space(path: Path) -> None:
    """Raise the `OSError` of the system if nothing more can be appended to a file."""
    with path.open("ab", buffering=0) as file:
        for _ in range(2):  # the first write may be cut short without an error
            file.write(bytes(_PROBE))
        os.fsync(file.fileno())
