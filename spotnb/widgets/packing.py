"""Records of a trace as a browser gets them: a few facts each, and one run of bytes.

The bytes of a record are its numbers (float32, little-endian): low and scale of each channel for each of x, x0 and
noise, then the statistics of each of x, x0, noise and their difference; and behind them the planes that travel,
`[C, columns, F]` each, in the order that `planes` names.

The noise travels only where the page cannot work it out from x and x0, see `noise_rule`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from spotnb.support.arrays import as_array
from spotnb.trace.record import StepRecord
from spotnb.widgets.quantise import STATISTICS, Plane, Quantised, noise_rule, quantise, statistics, thinned

ARRAYS: Final = ("x", "x0", "noise")
QUANTITIES: Final = (*ARRAYS, "difference")
COLUMNS: Final = 2048  # across: more than a screen shows
BUDGET: Final = 12_000_000  # bytes of all planes


@dataclass(frozen=True)
class Packed:
    """What a page knows of a record, ready for JSON, and its bytes."""

    facts: dict[str, Any]
    data: bytes


@dataclass(frozen=True)
class Thinning:
    """What travels at first of a long run: every `factor`-th frame, and the planes of every `every`-th record.

    So many frames are left that there are at most 2048, and so many records that their planes come to 12 MB at most.
    The page asks for the rest where it is looked at.
    """

    factor: int = 1
    every: int = 1

    @classmethod
    def of(cls, frames: int, cells: int, records: int) -> Thinning:
        """`cells`: values of one frame, all channels; `records`: how many there will be."""
        factor = -(-frames // COLUMNS)
        one = 2 * -(-frames // factor) * cells  # x and x0
        return cls(factor, max(1, -(-records * one // BUDGET)))


def pack(
    record: StepRecord,
    before: StepRecord | None,
    candidate: int = 0,
    *,
    factor: int = 1,
    planes: bool = True,
    span: tuple[int, int] | None = None,
) -> Packed:
    """A record as a page gets it.

    `before`: the record of the step before, if it was kept. `factor`: every so many frames of `span`, which is all
    frames by default. Without `planes` the facts and the statistics alone.
    """
    found = {name: _plane(record, name, candidate) for name in ARRAYS}
    shown = {name: None if plane is None else quantise(_cut(plane, span, factor)) for name, plane in found.items()}
    rule, travelling = None, [name for name in ARRAYS if found[name] is not None]
    x, x0, noise = (found[name] for name in ARRAYS)
    if x is not None and x0 is not None and noise is not None:
        bases = {"after": (x, _error(shown["x"]))}
        if before is not None and before.step == record.step - 1:
            earlier = _plane(before, "x", candidate)
            if earlier is not None and span is None:
                bases["before"] = (earlier, quantise(_cut(earlier, span, factor)).error)
        rule = noise_rule(noise, x0, _error(shown["x0"]), bases)
        # The latent before is at hand only where its planes travel, which they do with those of this record.
        if rule is not None:
            travelling.remove("noise")
    difference = None if x is None or x0 is None else _less(x, x0)
    numbers = [_numbers(shown[name], record) for name in ARRAYS]
    numbers += [_told(plane, record) for plane in (*found.values(), difference)]
    sent = travelling if planes else []
    facts: dict[str, Any] = {
        "step": record.step,
        "timestep": record.timestep,
        "shift": record.shift,
        "tiles": [[*tile.window, *tile.segment] for tile in record.layout.tiles],
        "has": [
            name for name, plane in zip(QUANTITIES, (*found.values(), difference), strict=True) if plane is not None
        ],
        "planes": sent,
        "noise": None if rule is None else rule.to_dict(),
    }
    parts = [np.concatenate(numbers).astype("<f4").tobytes()]
    parts += [quantised.codes.tobytes() for name in sent if (quantised := shown[name]) is not None]
    facts["bytes"] = sum(map(len, parts))
    return Packed(facts, b"".join(parts))


def _plane(record: StepRecord, name: str, candidate: int) -> Plane | None:
    array = getattr(record, name)
    return None if array is None else as_array(array)[candidate].astype(np.float32, copy=False)


def _cut(plane: Plane, span: tuple[int, int] | None, factor: int) -> Plane:
    return thinned(plane if span is None else plane[:, slice(*span)], factor)


def _less(x: Plane, x0: Plane) -> Plane:
    with np.errstate(invalid="ignore", over="ignore"):
        return x - x0


def _error(quantised: Quantised | None) -> float:
    return 0.0 if quantised is None else quantised.error


def _numbers(quantised: Quantised | None, record: StepRecord) -> Any:
    if quantised is None:
        return np.zeros(2 * _channels(record), np.float32)
    return np.concatenate([quantised.low, quantised.scale])


def _told(plane: Plane | None, record: StepRecord) -> Any:
    if plane is None:
        return np.zeros((_channels(record) + 1) * len(STATISTICS), np.float32)
    return statistics(plane).ravel()


def _channels(record: StepRecord) -> int:
    return int(next(array for name in ARRAYS if (array := getattr(record, name)) is not None).shape[1])
