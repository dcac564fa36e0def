"""The record of a run, step by step, as numpy arrays: it is kept, saved and opened without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral
from pathlib import Path
from typing import Any, Self, overload

import numpy as np

from spotnb.errors import InputError
from spotnb.support.arrays import as_array
from spotnb.support.checks import check_name, show
from spotnb.trace.record import Array, StepRecord

RECORD_MODES = ("all", "x0", "last")
RECORD_DTYPES = ("fp32", "fp16")


def check_record_mode(mode: Any) -> str | int:
    """Return what a trace keeps: one of `RECORD_MODES`, or a whole number k for every k-th step."""
    if isinstance(mode, Integral) and not isinstance(mode, bool) and int(mode) >= 1:
        return int(mode)
    if isinstance(mode, str) and mode in RECORD_MODES:
        return mode
    raise InputError(f"record is {show(mode)}: expected one of {', '.join(RECORD_MODES)}, or k to keep every k-th step")


@dataclass
class Trace(Sequence[StepRecord]):
    """The records that a run kept, in order. With `record="all"`, `trace[k]` is step k.

    Attributes:
        mode: "all" keeps every array of every step; "x0" the clean estimates alone; "last" the latest record; a number
            k every k-th step and the latest.
        dtype: of the arrays: "fp32", or "fp16" for half the memory, for viewing.
        manifest: everything needed to repeat the run.
        records: those kept. In a loaded trace each is read from the file when it is asked for.
        sources: latents of the known sound that the run started from, by the name of its setting.
    """

    mode: str | int = "all"
    dtype: str = "fp32"
    manifest: dict[str, Any] = field(default_factory=dict)
    records: Sequence[StepRecord] = field(default_factory=list)
    sources: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.mode = check_record_mode(self.mode)
        check_name("record_dtype", self.dtype, RECORD_DTYPES)

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> StepRecord: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[StepRecord]: ...
    def __getitem__(self, index: int | slice) -> StepRecord | Sequence[StepRecord]:
        return self.records[index]

    def __iter__(self) -> Iterator[StepRecord]:
        return iter(self.records)

    @property
    def steps(self) -> tuple[int, ...]:
        """Which steps were kept, without reading any."""
        return getattr(self.records, "steps", None) or tuple(record.step for record in self.records)

    def at(self, step: int) -> StepRecord | None:
        """The record of a step, or None if it was not kept."""
        steps = self.steps
        return self.records[steps.index(step)] if step in steps else None

    @property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return 4 if self.dtype == "fp32" else 2

    @property
    def keeps_all_arrays(self) -> bool:
        """Whether records hold x and noise beside x0."""
        return self.mode != "x0"

    def keeps(self, step: int) -> bool:
        """Whether the record of a step stays when later ones come."""
        return self.mode in ("all", "x0") or (isinstance(self.mode, int) and step % self.mode == 0)

    def array(self, value: Any) -> Array:
        """A tensor as records hold it: a copy, which nobody can change.

        The record of a run that keeps the last one only shares the memory of the run's tensors instead (each step makes
        new ones): copies that are soon thrown away would be most of what a sound of an hour takes.
        """
        dtype: Any = np.float32 if self.dtype == "fp32" else np.float16
        found = as_array(value)
        array: Array = np.asarray(found, dtype).view() if self.mode == "last" else np.array(found, dtype)
        array.flags.writeable = False
        return array

    def append(self, record: StepRecord) -> None:
        """Add the record of the next step; the one before goes if the mode does not keep it.

        Records of this step or later ones, left by a run that was interrupted or sent back, are replaced.
        """
        records = [earlier for earlier in self.records if earlier.step < record.step]
        if records and not self.keeps(records[-1].step):
            records.pop()
        self.records = [*records, record]

    def take_over(self, other: Sequence[StepRecord]) -> None:
        """Add records of another trace as this one holds them, without those that lack what this one keeps."""
        for record in other:
            arrays: dict[str, Any] = {"x": record.x, "x0": record.x0, "noise": record.noise}
            if not self.keeps_all_arrays:
                arrays |= {"x": None, "noise": None}
            elif record.x is None or record.noise is None:
                continue
            sizes = {array.dtype.itemsize for array in arrays.values() if array is not None}
            if sizes != {self.itemsize}:
                if min(sizes) < self.itemsize:  # what half precision has lost does not come back
                    continue
                arrays = {name: None if array is None else self.array(array) for name, array in arrays.items()}
            self.append(replace(record, **arrays))

    def truncate(self, steps: int) -> None:
        """Forget what comes after the first `steps` steps."""
        self.records = [record for record in self.records if record.step < steps]

    def exact_before(self, step: int, unbroken_from: int | None = None) -> StepRecord | None:
        """The latest record before a step from which the run can go on, bit for bit.

        It needs float32 arrays, and with `unbroken_from` the records of all steps from that one on.
        """
        if self.dtype != "fp32" or not self.keeps_all_arrays:
            return None
        kept = [k for k in self.steps if k < step]
        if unbroken_from is not None:
            kept = [k for i, k in enumerate(kept) if k == unbroken_from + i]
        return self.at(kept[-1]) if kept else None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the trace to a `.npz` file, whole or not at all, and return its path. See `spotnb.trace.file`."""
        from spotnb.trace.file import save_trace

        return save_trace(self, Path(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Open a saved trace; neither torch nor the model is needed.

        Arrays are read from the file as records are asked for, so a ten-minute run opens at once. Raises `SpotnbError`
        for a file that is missing, cut short, no trace, or written by a newer spotnb.
        """
        from spotnb.trace.file import load_trace

        return cls(**load_trace(Path(path)))
