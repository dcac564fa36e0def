"""Compression of packed records, so that a page holds less than 5 MB of a run.

Each plane is predicted from planes that the page has by then: a latent is a sum of the previous latent and the clean
estimate (in DDIM exactly), and a clean estimate is much like the previous one. Only the differences between the codes
are sent, in as few bits as their frequencies allow (the Huffman codes of Deflate, RFC 1951). For a run of DDIM, that is
1.4 bits for a value of the latent and 4 bits for one of the estimate, in place of 8, and nothing is lost.

The latents of other solvers may be all but unpredictable. If a run exceeds the budget, its values get fewer codes. A
page with a kernel then requests the part that is looked at in full precision.

`static/inspector/coding.js` decodes. Both predict in float64, in the same order, so that both get the same codes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spotnb.widgets.packing import Packed
from spotnb.widgets.quantise import LEVELS, Quantised

BUDGET: Final = 3_450_000  # bytes; base64 in a page makes 4.6 MB of it
FEWEST: Final = 3  # levels
SOURCES: Final = {
    "x0": ((1, "x"), (1, "x0"), (2, "x0")),
    "x": ((1, "x"), (0, "x0"), (1, "x0")),
    "noise": ((0, "x"), (0, "x0"), (1, "x")),
}
"""The planes from which each plane is predicted: how many records before, and which. They are sent in this order."""

Values = NDArray[np.float64]


def encode_within(packed: Sequence[Packed], budget: int = BUDGET) -> tuple[dict[str, Any], bytes]:
    """Return what `encode` returns, with as many levels as fit into `budget` bytes."""
    levels = LEVELS
    values = sum(plane.codes.size for each in packed for plane in each.planes.values())
    while True:
        described, data = encode(packed, levels)
        if len(data) <= budget or levels <= FEWEST:
            return described, data
        saved = 8 * (len(data) - budget) / values if values else 0  # bits per value
        levels = max(FEWEST, int(levels * min(0.97, 2**-saved)))


def encode(packed: Iterable[Packed], levels: int = LEVELS) -> tuple[dict[str, Any], bytes]:
    """Return a description of records for JSON, and their compressed numbers and planes.

    Args:
        packed: Records that follow each other. The first one is predicted from nothing.
        levels: The largest code of a value.
    """
    records, chunks = [], []
    history: list[dict[str, Values]] = []  # of the records with planes, the latest first
    for each in packed:
        planes = {name: _coarser(plane, levels) for name, plane in each.planes.items()}
        terms: dict[str, list[list[Any]]] = {}
        differences = {}
        now: dict[str, Values] = {}
        for name in [name for name in SOURCES if name in planes]:
            plane = planes[name]
            exact = _values(plane)
            terms[name] = _fitted(exact, SOURCES[name], [now, *history])
            differences[name] = plane.codes - _predicted(plane, terms[name], [now, *history], levels)
            now[name] = exact
        if planes:
            history = [now, *history][:2]
        records.append(each.facts | {"terms": terms})
        chunks += [_numbers(each, planes), *(differences[name].tobytes() for name in planes)]
    return {"records": records, "levels": levels}, _deflated(chunks)


def _deflated(chunks: Iterable[bytes]) -> bytes:
    # Repeated sequences are rare in differences, and searching for them takes most of the time.
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_HUFFMAN_ONLY)
    # Each plane has its own frequencies, so each begins a block with its own codes.
    parts = [packer.compress(chunk) + packer.flush(zlib.Z_PARTIAL_FLUSH) for chunk in chunks]
    return b"".join([*parts, packer.flush()])


def _coarser(plane: Quantised, levels: int) -> Quantised:
    if levels == LEVELS:
        return plane
    codes = np.rint(np.minimum(plane.codes, LEVELS) * (levels / LEVELS)).astype(np.uint8)
    codes = np.where(plane.codes > LEVELS, plane.codes, codes)
    return Quantised(codes, plane.low, (plane.scale.astype(np.float64) * (LEVELS / levels)).astype(np.float32))


def _values(plane: Quantised) -> Values:
    """Return the values as the decoder computes them. Codes for NaN and infinity count like any others."""
    low, scale = (each.astype(np.float64).reshape(-1, 1, 1) for each in (plane.low, plane.scale))
    values: Values = low + plane.codes * scale
    return values


def _fitted(plane: Values, sources: Iterable[tuple[int, str]], known: list[dict[str, Values]]) -> list[list[Any]]:
    """Return `[age, name, factor]` for each known source, whose sum is nearest to the plane by least squares."""
    there = [(age, name) for age, name in sources if age < len(known) and name in known[age]]
    if not there:
        return []
    matrix = np.stack([known[age][name].ravel()[::5] for age, name in there], axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        normal, target = matrix.T @ matrix, matrix.T @ plane.ravel()[::5]
        if not (np.isfinite(normal).all() and np.isfinite(target).all()):
            return []
        factors = np.linalg.lstsq(normal, target, rcond=None)[0]
    return [[age, name, float(factor)] for (age, name), factor in zip(there, factors, strict=True)]


def _predicted(plane: Quantised, terms: list[list[Any]], known: list[dict[str, Values]], levels: int) -> Any:
    """Return the predicted codes, uint8. Keep the order of all operations: the decoder has the same."""
    low, scale = (each.astype(np.float64).reshape(-1, 1, 1) for each in (plane.low, plane.scale))
    total = np.zeros(plane.codes.shape)
    for age, name, factor in terms:
        total = total + factor * known[age][name]
    steps = np.floor((total - low) / np.where(scale > 0, scale, 1) + 0.5)
    return np.clip(steps, 0, levels).astype(np.uint8)


def _numbers(each: Packed, planes: dict[str, Quantised]) -> bytes:
    """Return the numbers of a record, with the scales of the planes as they are sent."""
    numbers = each.numbers.copy()
    for at, name in each.ranges(planes):
        numbers[at : at + len(planes[name].scale)] = planes[name].scale
    return numbers.astype("<f4").tobytes()
