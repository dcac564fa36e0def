"""The record of a run, step by step, as numpy arrays: it opens without torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from spotnb.config import show
from spotnb.errors import InputError
from spotnb.layout import Layout

RECORD_MODES = ("all", "x0", "last")
Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class StepRecord:
    """One finished step.

    Attributes:
        step: counted from 0.
        timestep: t of the diffusion, 999 (noise) to 0 (sound).
        shift: how far the grid was moved, in latent frames.
        layout: the tiles.
        x: the latent after the step, `[B, C, T, F]` float32; None where the run was told not to keep it.
        x0: the clean latent predicted at the step, likewise.
        noise: the stitched noise prediction, likewise; None where it was not kept.
        seconds: what the step took.
    """

    step: int
    timestep: int
    shift: int
    layout: Layout
    x: Array | None
    x0: Array | None
    noise: Array | None
    seconds: float


@dataclass
class Trace(Sequence[StepRecord]):
    """The records that a run kept, in order. With `record="all"`, `trace[k]` is step k.

    `mode`: "all" keeps every array of every step; "x0" the clean estimates alone; "last" the latest record; a number
    k every k-th step and the latest. `manifest` is everything needed to repeat the run.
    """

    mode: str | int = "all"
    manifest: dict[str, Any] = field(default_factory=dict)
    records: list[StepRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        whole = isinstance(self.mode, Integral) and not isinstance(self.mode, bool) and self.mode >= 1
        if whole:
            self.mode = int(self.mode)
        elif self.mode not in RECORD_MODES:
            raise InputError(
                f"record is {show(self.mode)}: expected one of {', '.join(RECORD_MODES)}, or k to keep every k-th step"
            )

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> StepRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[StepRecord]: ...
    def __getitem__(self, index: int | slice) -> StepRecord | list[StepRecord]:
        return self.records[index]

    def __iter__(self) -> Iterator[StepRecord]:
        return iter(self.records)

    def at(self, step: int) -> StepRecord | None:
        """The record of a step, or None if it was not kept."""
        return next((record for record in reversed(self.records) if record.step == step), None)

    @property
    def keeps_all_arrays(self) -> bool:
        """Whether records hold x and noise beside x0."""
        return self.mode != "x0"

    def keeps(self, step: int) -> bool:
        """Whether the record of a step stays when later ones come."""
        return self.mode in ("all", "x0") or (isinstance(self.mode, int) and step % self.mode == 0)

    def append(self, record: StepRecord) -> None:
        """Add the record of the next step; the one before goes if the mode does not keep it.

        Records of this step or later ones, left by a run that was interrupted or sent back, are replaced.
        """
        records = [earlier for earlier in self.records if earlier.step < record.step]
        if records and not self.keeps(records[-1].step):
            records.pop()
        self.records = [*records, record]

    def truncate(self, steps: int) -> None:
        """Forget what comes after the first `steps` steps."""
        self.records = [record for record in self.records if record.step < steps]
