"""The trace of a run: one record per kept step, with numpy arrays. It is stored and opened without torch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, overload

import numpy as np

from spotnb.errors import InputError
from spotnb.support.arrays import as_array
from spotnb.support.cards import Card, Shown
from spotnb.support.checks import LARGEST, check_flag, check_instance, check_int, check_name, show
from spotnb.support.paths import check_path
from spotnb.tiling.clock import Clock
from spotnb.trace.card import trace_card, trace_text
from spotnb.trace.record import RECORD_DTYPES, Array, DeferredRecord, StepRecord, check_record_mode

COUNTED = "steps count from 0"


@dataclass(repr=False)
class Trace(Shown, Sequence[StepRecord]):
    """The records that a run kept, in order. With `record="all"`, `trace[k]` is the record of step k.

    Attributes:
        mode: "all" keeps every array of every step; "x0" keeps only the clean estimates; "last" keeps only the latest
            record; a number k keeps every k-th record and the latest.
        dtype: Type of the arrays: "fp32", or "fp16", which takes half the memory and is precise enough for viewing.
        manifest: Everything needed to repeat the run.
        records: The records kept. In a loaded trace, each record is read from the file when it is accessed.
        sources: Latents of the known sound that the run started from, by the name of the setting.
    """

    mode: str | int = "all"
    dtype: str = "fp32"
    manifest: dict[str, Any] = field(default_factory=dict)
    records: Sequence[StepRecord] = field(default_factory=list)
    sources: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.mode = check_record_mode(self.mode)
        check_name("record_dtype", self.dtype, RECORD_DTYPES)
        check_instance("manifest", self.manifest, dict, hint="sampler.manifest() returns one")
        check_instance("sources", self.sources, dict, hint="leave it out")
        if not isinstance(self.records, Sequence):
            raise InputError(f"records is {show(self.records)}: expected a list; SpotSampler.step() returns a record")
        if isinstance(self.records, list | tuple | str | bytes):  # those of a file are checked when it is opened
            for record in self.records:
                check_instance("a record", record, StepRecord, hint="SpotSampler.step() returns one")

    @property
    def clock(self) -> Clock:
        """The rates of the run's model. Traces that do not state them are of AudioLDM's."""
        return Clock.of_manifest(self.manifest)

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
        """The steps that were kept, known without reading their arrays."""
        return getattr(self.records, "steps", None) or tuple(record.step for record in self.records)

    @property
    def timesteps(self) -> tuple[int, ...]:
        """The diffusion timesteps of the records, known without reading their arrays."""
        return getattr(self.records, "timesteps", None) or tuple(record.timestep for record in self.records)

    @property
    def shifts(self) -> tuple[int, ...]:
        """The shifts of the records, known without reading their arrays."""
        return getattr(self.records, "shifts", None) or tuple(record.shift for record in self.records)

    def _text_(self) -> str:
        return trace_text(self)

    def _card_(self) -> Card:
        return trace_card(self)

    def at(self, step: int) -> StepRecord | None:
        """Return the record of a step, or None if it was not kept."""
        step, steps = check_int("step", step, -LARGEST, hint=COUNTED), self.steps
        return self.records[steps.index(step)] if step in steps else None

    @property
    def itemsize(self) -> int:
        """The size of one array element in bytes."""
        return 4 if self.dtype == "fp32" else 2

    @property
    def keeps_all_arrays(self) -> bool:
        """Whether records hold x and noise in addition to x0."""
        return self.mode != "x0"

    def keeps(self, step: int) -> bool:
        """Return whether the record of a step is kept after later records are added."""
        return self.mode in ("all", "x0") or (isinstance(self.mode, int) and step % self.mode == 0)

    def array(self, value: Any) -> Array:
        """Return a tensor in the form that records hold: a read-only copy as a numpy array.

        With mode "last", the array shares the memory of the tensor instead. This is safe, because each step creates new
        tensors, and it matters, because short-lived copies would take up most of the memory of an hour of sound.
        """
        dtype: Any = np.float32 if self.dtype == "fp32" else np.float16
        source = as_array(value)
        array: Array = np.asarray(source, dtype).view() if self.mode == "last" else np.array(source, dtype)
        array.flags.writeable = False
        return array

    def append(self, record: StepRecord) -> None:
        """Add the record of the next step, and drop the previous one if the mode does not keep it.

        Records of the same or later steps are replaced. They exist if a run was interrupted or went back.
        """
        check_instance("record", record, StepRecord, hint="SpotSampler.step() returns one")
        records = [earlier for earlier in self.records if earlier.step < record.step]
        if records and not self.keeps(records[-1].step):
            records.pop()
        elif records and isinstance(records[-1], DeferredRecord):
            records[-1].settle()  # its copy, which began a step ago, is done by now
        self.records = [*records, record]

    def take_over(self, other: Sequence[StepRecord]) -> None:
        """Add the records of another trace, converted to the mode and dtype of this one.

        Records that lack an array or the precision that this trace keeps are skipped.
        """
        for record in other:
            arrays: dict[str, Any] = {"x": record.x, "x0": record.x0, "noise": record.noise}
            if not self.keeps_all_arrays:
                arrays |= {"x": None, "noise": None}
            elif record.x is None or record.noise is None:
                continue
            sizes = {array.dtype.itemsize for array in arrays.values() if array is not None}
            if sizes != {self.itemsize}:
                if min(sizes) < self.itemsize:  # half precision cannot be converted back to the exact values
                    continue
                arrays = {name: None if array is None else self.array(array) for name, array in arrays.items()}
            self.append(replace(record, **arrays))

    def truncate(self, steps: int) -> None:
        """Remove the records after the first `steps` steps of the run."""
        steps = check_int("steps", steps, 0, hint=COUNTED)
        self.records = [record for record in self.records if record.step < steps]

    def exact_before(self, step: int, since: int = 0, unbroken: bool = False) -> StepRecord | None:
        """Return the latest record before `step` from which the run can continue bit for bit, or None.

        Such a record needs float32 arrays.

        Args:
            step: The step that comes next.
            since: The first step that counts.
            unbroken: Whether every step from `since` on must have been kept, as a multistep solver requires.
        """
        step, since = check_int("step", step, 0, hint=COUNTED), check_int("since", since, 0, hint=COUNTED)
        unbroken = check_flag("unbroken", unbroken)
        if self.dtype != "fp32" or not self.keeps_all_arrays:
            return None
        kept = [k for k in self.steps if since <= k < step]
        if unbroken:
            kept = [k for i, k in enumerate(kept) if k == since + i]
        record = self.at(kept[-1]) if kept else None
        return (
            record if record is not None and all(a is not None for a in (record.x, record.x0, record.noise)) else None
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the trace to a `.npz` file and return the path of the file.

        The file is replaced only when the new one is complete. `spotnb.trace.file` describes the format.

        Raises:
            InputError: The suffix of `path` is not `.npz`.
            SpotnbError: The file cannot be written.
        """
        from spotnb.trace.file import save_trace

        return save_trace(self, check_path("path", path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Open a saved trace. Neither torch nor the model is needed.

        Arrays are read from the file when a record is accessed, so a ten-minute run opens at once.

        Raises:
            SpotnbError: The file is missing, damaged or not a trace, or was written by a newer version of spotnb.
        """
        from spotnb.trace.file import load_trace

        return cls(**load_trace(check_path("path", path)))

    @classmethod
    def of(cls, value: Any) -> Trace:
        """Return a trace itself, or open the trace file at a path.

        Raises:
            InputError: `value` is neither.
            SpotnbError: As for `load`.
        """
        if isinstance(value, str | os.PathLike):
            return cls.load(value)
        return check_instance("trace", value, Trace, hint="a sampler has one as .trace, and a path is read")
