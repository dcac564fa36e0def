"""Traces on disk: a zip of `.npy` members, which `numpy.load` opens too, as long as no pickle is allowed.

`trace.npy` holds JSON in UTF-8 bytes: format, version, manifest, and of each record all but its arrays. Each array is
a member of its own, `x/0007.npy`, uncompressed, since noise does not compress, so that one step can be read alone.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, overload

import numpy as np

from spotnb.errors import InputError, SpotnbError
from spotnb.support.checks import show
from spotnb.support.files import atomic_write
from spotnb.trace.header import FORMAT, VERSION, layout_of, record_of, row_of, upgraded
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace

ARRAYS = ("x", "x0", "noise")
HEADER = "trace.npy"
TYPES: dict[str, np.dtype[Any]] = {"fp32": np.dtype("<f4"), "fp16": np.dtype("<f2")}


def save_trace(trace: Trace, path: Path) -> Path:
    """Write a trace. Raises `InputError` for a suffix other than `.npz`, `SpotnbError` if it cannot be written."""
    path = path.expanduser()
    if path.suffix.lower() != ".npz":
        raise InputError(f"a trace is saved as .npz, got {str(path)!r}: end the name in .npz")
    rows = []
    with atomic_write(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, array in trace.sources.items():
            _write(archive, f"sources/{name}.npy", np.asarray(array, np.float32))
        for record in trace:
            arrays = {name: getattr(record, name) for name in ARRAYS}
            kept = {name: array for name, array in arrays.items() if array is not None}
            for name, array in kept.items():
                _write(archive, _member(name, record.step), array)
            rows.append(row_of(record, kept))
        header = {
            "format": FORMAT,
            "version": VERSION,
            "mode": trace.mode,
            "dtype": trace.dtype,
            "manifest": trace.manifest,
            "sources": {name: list(np.shape(array)) for name, array in trace.sources.items()},
            "records": rows,
        }
        text = json.dumps(header, ensure_ascii=False, allow_nan=False)
        _write(archive, HEADER, np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8))
    return path


def load_trace(path: Path) -> dict[str, Any]:
    """What makes the `Trace` of a file again, with records that are read when they are asked for."""
    path = path.expanduser()
    with _opened(path) as archive:
        members = {info.filename: info.file_size for info in archive.infolist()}
        checksums = {info.filename: info.CRC for info in archive.infolist()}
        if HEADER not in members:
            raise SpotnbError(f"{path} is no trace: expected a file that Trace.save wrote; pass one")
        header = json.loads(bytes(_read(archive, HEADER, np.dtype(np.uint8), None)).decode("utf-8", "surrogatepass"))
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise SpotnbError(f"{path} is no trace: expected a file that Trace.save wrote; pass one")
        header = upgraded(header, path)
        dtype = TYPES[header["dtype"]]
        for row in header["records"]:
            for name, shape in row["arrays"].items():
                if members.get(_member(name, row["step"]), 0) < math.prod(shape) * dtype.itemsize:
                    raise SpotnbError(f"{path} is damaged: {name} of step {row['step']} is missing or cut short")
        sources = {
            name: _read(archive, f"sources/{name}.npy", TYPES["fp32"], tuple(shape))
            for name, shape in header["sources"].items()
        }
        records = StoredRecords(path.absolute(), header["records"], dtype, checksums)
        if header["records"]:
            layout_of(header["records"][0]["layout"])
    return {
        "mode": header["mode"],
        "dtype": header["dtype"],
        "manifest": header["manifest"],
        "records": records,
        "sources": sources,
    }


class StoredRecords(Sequence[StepRecord]):
    """The records of a file, each read when it is asked for."""

    def __init__(self, path: Path, rows: list[dict[str, Any]], dtype: np.dtype[Any], checksums: dict[str, int]) -> None:
        self._path, self._rows, self._dtype, self._checksums = path, rows, dtype, checksums

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(row["step"] for row in self._rows)

    @overload
    def __getitem__(self, index: int) -> StepRecord: ...
    @overload
    def __getitem__(self, index: slice) -> StoredRecords: ...
    def __getitem__(self, index: int | slice) -> StepRecord | StoredRecords:
        if isinstance(index, slice):
            return StoredRecords(self._path, self._rows[index], self._dtype, self._checksums)
        row = self._rows[index]
        with _opened(self._path) as archive:
            arrays = {}
            for name, shape in row["arrays"].items():
                member = _member(name, row["step"])
                if self._checksums[member] != archive.getinfo(member).CRC:
                    raise SpotnbError(f"{self._path} was replaced by another trace since it was opened: load it again")
                arrays[name] = _read(archive, member, self._dtype, tuple(shape))
            return record_of(row, arrays)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The file, with whatever may be wrong with it told in one line."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError:
        raise SpotnbError(f"there is no trace at {path}: check the path") from None
    except SpotnbError:
        raise
    except OSError as error:
        raise SpotnbError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    except Exception as error:  # zipfile, zlib and numpy each have several kinds for what is wrong with a file
        # A zip's directory stands at its end: what was cut off or is something else has none.
        raise SpotnbError(
            f"{path} is no trace, or is damaged or cut short ({show(error)}): expected what Trace.save wrote; "
            "save it again, or pass another file"
        ) from error


def _member(name: str, step: int) -> str:
    return f"{name}/{step:04}.npy"


def _write(archive: zipfile.ZipFile, member: str, array: np.ndarray[Any, Any]) -> None:
    with archive.open(member, "w", force_zip64=True) as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def _read(
    archive: zipfile.ZipFile, member: str, dtype: np.dtype[Any], shape: tuple[int, ...] | None
) -> np.ndarray[Any, Any]:
    """A member, if its header says what it should: numpy would allocate whatever that asks for."""
    with archive.open(member) as file:
        np.lib.format.read_magic(file)
        found, _, kind = np.lib.format.read_array_header_1_0(file)
        expected = (archive.getinfo(member).file_size - file.tell(),) if shape is None else shape
        if kind != dtype or found != expected:
            raise ValueError(f"{member} holds {kind} {found}, not {dtype} {expected}")
    with archive.open(member) as file:
        array: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
    array.flags.writeable = False
    return array
