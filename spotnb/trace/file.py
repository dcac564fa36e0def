"""Trace files: a zip archive of `.npy` members without pickled objects, which `numpy.load` can open as well.

`trace.npy` holds JSON in UTF-8 bytes: the format, the version, the manifest, and the fields of each record except its
arrays. Each array is a separate member such as `x/0007.npy`, so that a single step can be read. Members are not
compressed, because noise does not compress.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, overload

import numpy as np

from spotnb.errors import InputError, SpotnbError
from spotnb.support.checks import show
from spotnb.support.files import atomic_write
from spotnb.support.paths import show_path
from spotnb.tiling.edges import POLICIES
from spotnb.trace.form import ARRAYS, check_header
from spotnb.trace.header import FORMAT, VERSION, layout_of, record_of, row_of, upgraded
from spotnb.trace.record import StepRecord

HEADER = "trace.npy"
LARGEST_HEADER = 2**26
"""Bytes of the largest header, which describes a thousand steps of an hour of sound."""
TYPES: dict[str, np.dtype[Any]] = {"fp32": np.dtype("<f4"), "fp16": np.dtype("<f2")}


class SavedTrace(Protocol):
    """What a file holds; `spotnb.trace.trace.Trace` explains it."""

    mode: str | int
    dtype: str
    manifest: dict[str, Any]
    sources: dict[str, Any]

    def __iter__(self) -> Iterator[StepRecord]: ...


def save_trace(trace: SavedTrace, path: Path) -> Path:
    """Write a trace to a `.npz` file and return the path of the file.

    Raises:
        InputError: The suffix of `path` is not `.npz`.
        SpotnbError: The file cannot be written.
    """
    if path.suffix.lower() != ".npz":
        raise InputError(f"the path of the trace is {show_path(path)!r}: expected a .npz file; end the name in .npz")
    rows = []
    with atomic_write(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, array in trace.sources.items():
            _write(archive, f"sources/{name}.npy", _as(TYPES["fp32"], array))
        for record in trace:
            arrays = {name: getattr(record, name) for name in ARRAYS}
            kept = {name: _as(TYPES[trace.dtype], array) for name, array in arrays.items() if array is not None}
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
        _write(archive, HEADER, np.frombuffer(_encoded(header), np.uint8))
    return path


def _encoded(header: dict[str, Any]) -> bytes:
    """Return a header as JSON in UTF-8, checked, so that no file is written that cannot be opened."""
    try:
        check_header(header)
        text = json.dumps(header, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"the trace cannot be stored ({error}): expected the records and the manifest of one run"
        ) from error
    if len(text) > LARGEST_HEADER:
        raise InputError(f"the trace has a header of {len(text)} bytes: expected {LARGEST_HEADER}; keep fewer records")
    return text


def load_trace(path: Path) -> dict[str, Any]:
    """Open a trace file and return the arguments of its `Trace`. Records are read from the file when accessed.

    Raises:
        SpotnbError: The file is missing, damaged or not a trace, or was written by a newer version of spotnb.
    """
    with _opened(path) as archive:
        members = {info.filename: info.file_size for info in archive.infolist()}
        checksums = {info.filename: info.CRC for info in archive.infolist()}
        header = _header(archive, path)
        dtype = TYPES[header["dtype"]]
        for row in header["records"]:
            for name, shape in row["arrays"].items():
                if members.get(_member(name, row["step"]), 0) < math.prod(shape) * dtype.itemsize:
                    raise SpotnbError(
                        f"{show_path(path)} is damaged: {name} of step {row['step']} is missing or incomplete; "
                        "save it again"
                    )
        sources = {
            name: _read(archive, f"sources/{name}.npy", TYPES["fp32"], tuple(shape))
            for name, shape in header["sources"].items()
        }
        records = StoredRecords(path.absolute(), header["records"], dtype, checksums)
    return {
        "mode": header["mode"],
        "dtype": header["dtype"],
        "manifest": header["manifest"],
        "records": records,
        "sources": sources,
    }


def _header(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    """Return the header of a file, converted to the current version and checked."""
    shown = show_path(path)
    if HEADER not in archive.namelist():
        raise SpotnbError(f"{shown} is not a trace: expected a file written by Trace.save; pass one")
    if archive.getinfo(HEADER).file_size > LARGEST_HEADER + 1000:
        raise SpotnbError(
            f"{shown} is not a trace: its header is larger than {LARGEST_HEADER} bytes; pass another file"
        )
    text = bytes(_read(archive, HEADER, np.dtype(np.uint8), None)).decode("utf-8", "surrogatepass")
    header = json.loads(text, parse_constant=_no_number)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise SpotnbError(f"{shown} is not a trace: expected a file written by Trace.save; pass one")
    try:
        header = upgraded(header, path)
        check_header(header)
        for row in header["records"]:
            _require_edge(row["layout"]["edge"], shown)
            layout_of(row["layout"])
    except InputError as error:
        raise SpotnbError(f"{shown} is not a trace, or is damaged: {error}") from None
    return header


def _require_edge(edge: str, shown: str) -> None:
    if edge not in POLICIES:
        raise SpotnbError(
            f"{shown[-60:]} was recorded with the edge policy {show(edge)[:40]}, which this process does not know: "
            "register_edge it first, or import the code that does"
        )


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number")


class StoredRecords(Sequence[StepRecord]):
    """The records of a trace file, each read from the file when it is accessed."""

    def __init__(self, path: Path, rows: list[dict[str, Any]], dtype: np.dtype[Any], checksums: dict[str, int]) -> None:
        self._path, self._rows, self._dtype, self._checksums = path, rows, dtype, checksums

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps of the records, known without reading them."""
        return tuple(row["step"] for row in self._rows)

    @property
    def timesteps(self) -> tuple[int, ...]:
        """The timesteps of the records, known without reading them."""
        return tuple(row["timestep"] for row in self._rows)

    @property
    def shifts(self) -> tuple[int, ...]:
        """The shifts of the records, known without reading them."""
        return tuple(row["shift"] for row in self._rows)

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
                    raise SpotnbError(
                        f"{show_path(self._path)} was replaced by another trace after it was opened: load it again"
                    )
                arrays[name] = _read(archive, member, self._dtype, tuple(shape))
            return record_of(row, arrays)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Yield the open archive. Report any error while reading it as a one-line `SpotnbError`."""
    shown = show_path(path)
    try:
        if path.exists() and not path.is_file():  # opening a pipe would block
            raise OSError(None, "it is a folder" if path.is_dir() else "it is a device, a pipe or a socket")
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError:
        raise SpotnbError(f"there is no trace at {shown}: check the path") from None
    except SpotnbError:
        raise
    except OSError as error:
        raise SpotnbError(f"cannot read {shown}: {error.strerror or error}; check the path") from error
    except Exception as error:  # zipfile, zlib, json and numpy raise many types of errors for a damaged file
        raise SpotnbError(
            f"{shown} is not a trace, or is damaged or incomplete ({show(error)}): pass another file"
        ) from error


def _member(name: str, step: int) -> str:
    return f"{name}/{step:04}.npy"


def _as(dtype: np.dtype[Any], array: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(array, dtype)
    except (TypeError, ValueError) as error:
        raise InputError(f"the trace has the array {show(array)}: expected numbers; record a run") from error


def _write(archive: zipfile.ZipFile, member: str, array: np.ndarray[Any, Any]) -> None:
    with archive.open(member, "w", force_zip64=True) as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def _read(
    archive: zipfile.ZipFile, member: str, dtype: np.dtype[Any], shape: tuple[int, ...] | None
) -> np.ndarray[Any, Any]:
    """Return a member, after checking its size and header, because numpy allocates whatever size a header claims."""
    about = archive.getinfo(member)
    if about.compress_type != zipfile.ZIP_STORED or about.file_size != about.compress_size:
        raise ValueError(f"{member} is compressed")
    with archive.open(member) as file:
        np.lib.format.read_magic(file)
        stored, _, kind = np.lib.format.read_array_header_1_0(file)
        expected = (about.file_size - file.tell(),) if shape is None else shape
        if kind != dtype or stored != expected:
            raise ValueError(f"{member} holds {kind} {stored}, not {dtype} {expected}")
    with archive.open(member) as file:
        array: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
    array.flags.writeable = False
    return array
