"""Packing of the records of a trace for a browser, as a few facts, numbers and planes of bytes per record.

The bytes of a record begin with numbers (float32, little-endian): the low and the scale of each channel for x, x0 and
noise, then the statistics of x, x0, noise and the difference x minus x0. The planes follow, `[C, columns, F]` each, in
the order of `planes`.

The noise is sent only if the page cannot compute it from x and x0, see `noise_rule`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spotnb.support.arrays import as_array
from spotnb.trace.record import StepRecord
from spotnb.widgets.quantise import STATISTICS, Plane, Quantised, noise_rule, quantise, statistics, thinned

ARRAYS: Final = ("x", "x0", "noise")
QUANTITIES: Final = (*ARRAYS, "difference")
COLUMNS: Final = 2048  # more columns than a screen shows
BUDGET: Final = 12_000_000  # values in all planes, before they are compressed, see `spotnb.widgets.coding`


@dataclass(frozen=True)
class Packed:
    """A record for a page.

    Attributes:
        facts: A description, ready for JSON.
        numbers: The ranges and statistics, float32.
        planes: The planes that are sent, in order.
    """

    facts: dict[str, Any]
    numbers: NDArray[np.float32]
    planes: dict[str, Quantised]

    @property
    def data(self) -> bytes:
        """The numbers and planes as bytes."""
        return self.numbers.astype("<f4").tobytes() + b"".join(plane.codes.tobytes() for plane in self.planes.values())

    def ranges(self, names: Iterable[str]) -> Iterator[tuple[int, str]]:
        """Return where the scales of these planes begin in `numbers`."""
        for name in names:
            channels = len(self.planes[name].scale)
            yield (2 * ARRAYS.index(name) + 1) * channels, name


@dataclass(frozen=True)
class Thinning:
    """The part of a long run that is sent at first, so that no more than 2048 frames and 12 million values are sent.

    The page requests the rest when it is viewed.

    Attributes:
        factor: Every `factor`-th frame is sent.
        every: The planes of every `every`-th record are sent.
    """

    factor: int = 1
    every: int = 1

    @classmethod
    def of(cls, frames: int, cells: int, records: int) -> Thinning:
        """Return the thinning of a run.

        Args:
            frames: The length of the latent.
            cells: The number of values in one frame, over all channels.
            records: The number of records at the end of the run.
        """
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
    """Pack a record for a page.

    Args:
        record: The record.
        before: The record of the previous step, if it was kept.
        candidate: The index of the candidate.
        factor: Only every `factor`-th frame of `span` is packed.
        planes: Whether to pack the planes. The facts and the statistics are always packed.
        span: `(start, stop)` in frames; None is all frames.
    """
    recorded = {name: _plane(record, name, candidate) for name in ARRAYS}
    shown = {name: None if plane is None else quantise(_cut(plane, span, factor)) for name, plane in recorded.items()}
    rule, sent = None, [name for name in ARRAYS if recorded[name] is not None]
    x, x0, noise = (recorded[name] for name in ARRAYS)
    if x is not None and x0 is not None and noise is not None:
        bases = {"after": (x, _error(shown["x"]))}
        if before is not None and before.step == record.step - 1:
            earlier = _plane(before, "x", candidate)
            if earlier is not None and span is None:
                bases["before"] = (earlier, quantise(_cut(earlier, span, factor)).error)
        rule = noise_rule(noise, x0, _error(shown["x0"]), bases)
        # The page has the previous latent only if its planes were sent, which is the case if those of this record are.
        if rule is not None:
            sent.remove("noise")
    difference = None if x is None or x0 is None else _less(x, x0)
    numbers = [_numbers(shown[name], record) for name in ARRAYS]
    numbers += [_statistics(plane, record) for plane in (*recorded.values(), difference)]
    sent = sent if planes else []
    facts: dict[str, Any] = {
        "step": record.step,
        "timestep": record.timestep,
        "shift": record.shift,
        "tiles": [[*tile.window, *tile.segment] for tile in record.layout.tiles],
        "blended": record.layout.blended,
        "has": [
            name for name, plane in zip(QUANTITIES, (*recorded.values(), difference), strict=True) if plane is not None
        ],
        "planes": sent,
        "noise": None if rule is None else rule.to_dict(),
    }
    kept = {name: quantised for name in sent if (quantised := shown[name]) is not None}
    packed = Packed(facts, np.concatenate(numbers).astype(np.float32), kept)
    facts["bytes"] = packed.numbers.nbytes + sum(plane.codes.nbytes for plane in kept.values())
    return packed


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


def _statistics(plane: Plane | None, record: StepRecord) -> Any:
    if plane is None:
        return np.zeros((_channels(record) + 1) * len(STATISTICS), np.float32)
    return statistics(plane).ravel()


def _channels(record: StepRecord) -> int:
    return int(next(array for name in ARRAYS if (array := getattr(record, name)) is not None).shape[1])
