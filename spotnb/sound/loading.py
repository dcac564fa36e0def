"""Reading sound from files and arrays."""

from __future__ import annotations

import io
import logging
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError, SpotnbError
from spotnb.sound.lengths import LONGEST
from spotnb.sound.mel import SAMPLE_RATE
from spotnb.sound.resampling import resampled
from spotnb.support.arrays import HIGHEST_RATE, LOWEST_RATE, MOST_CHANNELS, as_array, as_sample_rate, as_sound
from spotnb.support.checks import check_int, exact, show
from spotnb.support.paths import check_path, show_path
from spotnb.support.system import require_memory

log = logging.getLogger(__name__)

LOUDEST = 16.0
"""The largest peak of floating-point sound, 24 dB above full scale. Larger values are whole numbers in disguise."""

_UNKNOWN_LENGTH = 2**63 - 1  # as libsndfile states it
_BLOCK = 1 << 20  # values that are decoded at once
_KINDS = "pass a wav, flac, ogg or mp3 file"
_TEXT = 'it is not open in binary mode, "rb"'


@np.errstate(all="ignore")
def load_audio(source: Any, sample_rate: int = SAMPLE_RATE, *, channels: int = 1) -> NDArray[np.float32]:
    """Return sound at `sample_rate` Hz from a file or an array: `[samples]`, or `[channels, samples]`.

    By default, channels are averaged. soxr converts the sample rate. What the conversion adds beyond full
    scale is clipped if the source stays within [-1, 1], so that the result can be saved.

    Args:
        source: One of these:

            - A path of a file that soundfile can read.
            - A binary file object, such as `io.BytesIO`. It is read from its start, and its position is kept.
            - An array `[samples]`, `[samples, channels]` or `[channels, samples]` at `sample_rate` (the shorter axis
              is taken as the channels).
            - A pair of an array and its sample rate, in either order, as librosa and scipy return it.

            Samples are floating-point in [-1, 1], or whole numbers of 8, 16 or 32 bits, which are divided by the full
            scale of their type; unsigned numbers are centered first. 24 bits in 32 count from the top, as scipy reads
            them: divide numbers that stay below 2**23 by 2**23 yourself.
        sample_rate: The sample rate of the result, in Hz.
        channels: The channels of the result, 1 to 64. With 1, it is `[samples]`. With more, the channels of a source
            that has the same number are kept; those of any other source are averaged, and the mean is repeated.

    Raises:
        InputError: The array has another shape or type, holds NaN or infinity, or peaks above 16, so that it is not in
            [-1, 1]; or the sound has an unusual sample rate or is too long.
        SpotnbError: The file is missing or cannot be decoded, or the sound does not fit into memory.
    """
    target = as_sample_rate(sample_rate)
    channels = check_int("channels", channels, 1, MOST_CHANNELS, hint="1 averages them, 2 is stereo")
    if isinstance(source, bytes | bytearray | memoryview):
        raise InputError(f"the sound is {show(bytes(source[:9]))}: expected a path; pass io.BytesIO(content)")
    if isinstance(source, str | os.PathLike):
        name, (wave, rate) = _decoded(check_path("the sound", source), channels)
    elif callable(getattr(source, "read", None)):
        name, (wave, rate) = _decoded(source, channels)
    else:
        name = "the waveform"
        array, rate = _parted(source, target)
        wave = as_sound(_mixed(_scaled(as_array(array), name), name, channels), name)
    peak = float(np.abs(wave).max())
    if peak > LOUDEST:
        raise InputError(
            f"{name} peaks at {exact(peak)}: expected samples in [-1, 1], and these look like whole numbers in "
            "floating point; divide them by their full scale, such as 32768"
        )
    try:
        sound = resampled(wave, rate, target)
    except SpotnbError as error:
        raise type(error)(f"{name}: {error}") from error
    return np.repeat(sound[None], channels, axis=0) if sound.ndim < min(channels, 2) else sound


def _parted(source: Any, target: int) -> tuple[Any, int]:
    """Return the array and the sample rate of a source, which is a pair of both in either order, or an array."""
    if isinstance(source, list | tuple) and len(source) == 2:
        first, second = (isinstance(each, list | tuple) or getattr(each, "ndim", 0) > 0 for each in source)
        if first != second:
            array, rate = source if first else source[::-1]
            return array, as_sample_rate(rate)
    return source, target


def _scaled(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return whole numbers divided by the full scale of their type, and other values as they are."""
    if array.dtype.kind not in "iu" or array.ndim not in (1, 2):
        return array
    if array.dtype.itemsize > 4:
        raise InputError(
            f"{name} is {array.dtype}: expected floating-point samples in [-1, 1], or whole numbers of 8, 16 or 32 "
            "bits; divide it by its full scale"
        )
    full = 2.0 ** (8 * array.dtype.itemsize - 1)
    middle = full if array.dtype.kind == "u" else 0.0
    return ((array.astype(np.float64) - middle) / full).astype(np.float32)


def _mixed(array: NDArray[Any], name: str, channels: int) -> NDArray[Any]:
    """Return the mean of the channels of an array, or `[channels, samples]` if it has the right number of them."""
    if array.ndim != 2 or not array.size or array.dtype.kind != "f":
        return array
    if min(array.shape) > MOST_CHANNELS:
        raise InputError(
            f"{name} has shape {list(array.shape)}: expected [samples], or at most {MOST_CHANNELS} channels of it"
        )
    axis = int(np.argmin(array.shape))
    if 1 < channels == array.shape[axis]:
        return array if axis == 0 else array.T
    return np.asarray(np.mean(array, axis=axis, dtype=array.dtype))


def _decoded(source: Any, channels: int) -> tuple[str, tuple[NDArray[np.float32], int]]:
    """Return the name of a file, which is a path or a file object, and its sound with its sample rate."""
    import soundfile

    name = show_path(source) if isinstance(source, Path) else _name_of(source)
    try:
        content = _regular(source) if isinstance(source, Path) else _content(source)
        with soundfile.SoundFile(content) as file:
            if file.format == "RAW":  # a guess from the suffix
                raise TypeError
            return name, _read(file, name, channels)
    except (soundfile.SoundFileError, OSError) as error:
        reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
        raise SpotnbError(f"cannot read {name} as sound: {reason.rstrip('.')}; {_KINDS}") from error
    except TypeError:
        raise SpotnbError(
            f"cannot read {name} as sound: it has no header that states its sample rate; pass a pair of an array, as "
            "from numpy.fromfile, and the rate"
        ) from None


def _regular(path: Path) -> Path:
    """Return the path of a file that can be opened without waiting. Raises `OSError` with the reason otherwise."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise OSError("it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is a device, a pipe or a socket")
    if not status.st_size:
        raise OSError("it is empty")
    with path.open("rb"):
        return path


def _name_of(file: Any) -> str:
    name = getattr(file, "name", None)
    return show_path(Path(name)) if isinstance(name, str) and name else f"the {type(file).__name__}"


def _content(file: Any) -> io.BytesIO:
    """Return everything in a file object. Raises `OSError` with the reason if that is not possible."""
    if isinstance(file, io.TextIOBase):
        raise OSError(_TEXT)
    try:
        place = file.tell()
        file.seek(0, io.SEEK_END)
        size = int(file.tell())
        require_memory(2 * size, f"the content of {_name_of(file)}", hint="pass its path")
        file.seek(0)
        content = file.read(size)  # of the size above: a device would go on forever
        file.seek(place)
    except (SpotnbError, MemoryError):
        raise
    except Exception as error:  # whatever a caller's own class raises
        raise OSError(f"{show(str(error) or error)}, where io.BytesIO(file.read()) may help") from error
    if not isinstance(content, bytes | bytearray | memoryview):
        raise OSError(_TEXT)
    if not content:
        raise OSError("it is empty")
    return io.BytesIO(content)


def _read(file: Any, name: str, channels: int) -> tuple[NDArray[np.float32], int]:
    """Decode an open file in blocks, because its header may state any length.

    Its channels are averaged, unless it has as many as are wanted.
    """
    try:
        rate = as_sample_rate(file.samplerate)
    except InputError:
        raise InputError(
            f"the sample rate of {name} is {file.samplerate}: expected {LOWEST_RATE} to {HIGHEST_RATE} Hz; pass a pair "
            "of an array and its rate"
        ) from None
    stated = None if file.frames == _UNKNOWN_LENGTH else file.frames
    kept = channels if file.channels == channels else 1
    _require_room(stated or 0, name, kept)
    file.seekable = lambda: False  # otherwise it seeks after each read, which fails at the end of an unknown length
    blocks: list[NDArray[np.float32]] = []
    samples = 0
    while len(block := file.read(max(1, _BLOCK // file.channels), dtype="float32", always_2d=True)):
        samples += len(block)
        _require_room(samples, name, kept)
        blocks.append(block if kept > 1 else block.mean(axis=1, dtype=np.float32))
    if stated is not None and samples < stated:
        log.warning("%s ends after %d of the %d samples that it states", name, samples, stated)
    if not samples:
        raise SpotnbError(f"cannot read {name} as sound: it holds no samples; {_KINDS} that is not empty")
    sound = np.concatenate(blocks)
    return as_sound(np.ascontiguousarray(sound.T) if kept > 1 else sound, name), rate


def _require_room(samples: int, name: str, channels: int) -> None:
    if samples > LONGEST:
        raise InputError(f"{name} holds or states {samples} samples: expected at most {LONGEST}; cut it into parts")
    require_memory(8 * samples * channels, f"the sound of {name}", hint="cut it into parts")
