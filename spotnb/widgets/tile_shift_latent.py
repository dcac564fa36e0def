"""The latent behind the tiles of a `TileShiftDebugger`: the clean estimates of a run, or a real latent as an example.

Values are bytes from 1 to 255, where 128 is zero. The example is the finished latent of one run of the embedded model,
about 30 s long; `python -m docs.example_latent` writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spotnb.support.arrays import as_array
from spotnb.support.checks import check_int
from spotnb.tiling.clock import AUDIOLDM, Clock

EXAMPLE: Final = Path(__file__).with_name("example_latent.npz")
MOST_COLUMNS: Final = 2048
MOST_BYTES: Final = 4_000_000


@dataclass(frozen=True, eq=False)
class Backdrop:
    """The pictures behind the tiles.

    Attributes:
        codes: `[steps, columns, bins]` uint8.
        steps: The index of the step of each picture. It stays until the next one.
        factor: Every `factor`-th frame is a column.
        channel: The channel that is shown, or None if the rows are all channels.
        limit: The value at the ends of the color scale.
        example: The prompt of the example, or None for a run of the caller's.
    """

    codes: NDArray[np.uint8]
    steps: list[int]
    factor: int
    channel: int | None
    limit: float
    example: str | None = None

    def about(self) -> dict[str, Any]:
        """Return what describes the bytes in the scene of the widget."""
        _, columns, bins = self.codes.shape
        told = {name: getattr(self, name) for name in ("steps", "factor", "channel", "limit", "example")}
        return {**told, "columns": columns, "bins": bins}

    def words(self) -> str:
        """Return what is shown, as the legend of the view says it.

        >>> Backdrop(np.zeros((1, 4, 16), np.uint8), [0], 1, 3, 2.94).words()
        'clean latent, channel 3: −2.9 to 2.9'
        """
        what = "clean latent" if self.example is None else f"latent of an example, “{self.example}”"
        which = "all channels" if self.channel is None else f"channel {self.channel}"
        return f"{what}, {which}: −{self.limit:.1f} to {self.limit:.1f}"

    def plane(self, step: int) -> NDArray[np.float32]:
        """Return the values `[columns, bins]` that are shown at a step."""
        index = max(k for k, kept in enumerate(self.steps) if kept <= max(step, self.steps[0]))
        return _values(self.codes[index], self.limit)


def quantised(values: NDArray[np.float32], limit: float) -> NDArray[np.uint8]:
    """Return values as bytes, of which 1 and 255 are minus and plus `limit` and whatever lies beyond."""
    codes: NDArray[np.uint8] = np.clip(np.rint(128 + 127 * values / limit), 1, 255).astype(np.uint8)
    return codes


def _values(codes: NDArray[np.uint8], limit: float) -> NDArray[np.float32]:
    return ((codes.astype(np.float32) - 128) / 127 * limit).astype(np.float32)


def write_example(path: Path, plane: NDArray[np.float32], limit: float, channel: int, prompt: str) -> None:
    """Write one channel `[T, F]` of a latent as the differences of its bytes along time, which compress well."""
    steps = np.diff(quantised(plane, limit), axis=0, prepend=np.uint8(0))
    np.savez_compressed(path, differences=steps, limit=limit, channel=channel, prompt=prompt)


@cache
def _example() -> tuple[NDArray[np.uint8], float, int, str]:
    with np.load(EXAMPLE) as held:
        codes = np.cumsum(held["differences"], axis=0, dtype=np.uint8)
        return codes, float(held["limit"]), int(held["channel"]), str(held["prompt"])


def example_latent(frames: int, clock: Clock) -> Backdrop | None:
    """Return the start of the example, or None if it is too short or its latent frames have another length."""
    if clock != AUDIOLDM:
        return None
    codes, limit, channel, prompt = _example()
    if frames > len(codes):
        return None
    return Backdrop(codes[None, :frames], [0], 1, channel, limit, prompt)


def clean_estimates(trace: Any, frames: int, channel: int) -> Backdrop | None:
    """Return one channel of x0 at each step, in at most 4 MB, or None if a step has none.

    Longer latents are thinned to every k-th frame, and longer runs to every k-th step. All steps have the same scale,
    the largest of their 99.8 % quantiles.
    """
    records = [trace] if hasattr(trace, "layout") else trace
    count = len(records)
    factor = -(-frames // MOST_COLUMNS)
    columns = -(-frames // factor)
    planes: list[tuple[int, NDArray[np.float32]]] = []
    every = 1
    one_bin = False
    for index in range(count):
        if index % every:
            continue
        x0 = getattr(records[index], "x0", None)
        if x0 is None:
            return None
        array = as_array(x0)
        channel = check_int("channel", channel, 0, array.shape[1] - 1, hint="channels count from 0")
        one_bin = array.shape[3] == 1
        chosen = array[0, :, ::factor, 0].T if one_bin else array[0, channel, ::factor]
        plane = np.nan_to_num(chosen.astype(np.float32), posinf=0, neginf=0)
        if not planes:
            every = max(1, -(-count * columns * plane.shape[1] // MOST_BYTES))
        planes.append((index, plane))
    limit = max(float(np.quantile(np.abs(plane), 0.998)) for _, plane in planes) or 1.0
    stack = np.stack([plane for _, plane in planes])
    return Backdrop(
        quantised(stack, limit), [index for index, _ in planes], factor, None if one_bin else channel, limit
    )
