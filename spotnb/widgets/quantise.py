"""Latents as bytes: what a browser is sent of a trace, a quarter of its size. No torch.

One byte a value, with a lowest value and a scale for each step and channel: `value = low + code * scale` for the codes
0 to 252. The three codes above are NaN, minus infinity and plus infinity, for a picture must show what went wrong. The
scale is a 252nd of the channel's range, so a value comes back to within half of that, `range / 504`, or 0.2 % of the
range, beside float32 rounding; a channel of one value comes back exact.

The noise need not travel: a latent is `signal * x0 + level * noise`, see `noise_rule`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""`[C, T, F]`: one quantity at one step."""

LEVELS: Final = 252  # codes 0 to 252 are values
NAN, MINUS_INFINITY, PLUS_INFINITY = 253, 254, 255
STATISTICS: Final = ("mean", "std", "min", "max", "limit", "bad")
NOISE_ERROR: Final = 0.1  # noise has a standard deviation of one: a tenth of it is below what colours can tell
FITS: Final = 0.01


@dataclass(frozen=True)
class Quantised:
    """`codes` `[C, T, F]` uint8, `low` and `scale` `[C]` float32."""

    codes: NDArray[np.uint8]
    low: NDArray[np.float32]
    scale: NDArray[np.float32]

    @property
    def error(self) -> float:
        """How far any finite value may have moved, in float32 rounding beside: half of the largest scale."""
        return float(self.scale.max()) / 2

    def values(self) -> Plane:
        """The values again, `[C, T, F]` float32."""
        shape = (-1, 1, 1)
        low, scale = (numbers.astype(np.float64).reshape(shape) for numbers in (self.low, self.scale))
        values = (low + np.minimum(self.codes, LEVELS) * scale).astype(np.float32)
        for code, value in ((NAN, np.nan), (MINUS_INFINITY, -np.inf), (PLUS_INFINITY, np.inf)):
            values[self.codes == code] = value
        return values


def quantise(plane: Plane) -> Quantised:
    """Bytes of one quantity `[C, T, F]`, whatever it holds."""
    finite = np.isfinite(plane)
    whole = bool(finite.all())
    known = plane if whole else np.where(finite, plane, np.nan)
    some = finite.any(axis=(1, 2))
    low, high = np.zeros(len(plane), np.float32), np.zeros(len(plane), np.float32)
    low[some] = np.nanmin(known[some], axis=(1, 2))
    high[some] = np.nanmax(known[some], axis=(1, 2))
    # In float64, for the range of a channel may be more than float32 holds, and it would round twice.
    scale = ((high.astype(np.float64) - low) / LEVELS).astype(np.float32)
    divisor = np.where(scale > 0, scale, 1).astype(np.float64).reshape(-1, 1, 1)
    with np.errstate(invalid="ignore"):
        steps = np.nan_to_num((plane - low.astype(np.float64).reshape(-1, 1, 1)) / divisor, posinf=LEVELS)
    codes = np.clip(np.rint(steps), 0, LEVELS).astype(np.uint8)
    if not whole:
        codes[np.isnan(plane)] = NAN
        codes[np.isneginf(plane)] = MINUS_INFINITY
        codes[np.isposinf(plane)] = PLUS_INFINITY
    return Quantised(codes, low, scale)


def thinned(plane: Plane, factor: int) -> Plane:
    """Every `factor`-th frame of `[C, T, F]`; where a frame left out has NaN or infinity, the frame kept before it."""
    if factor == 1:
        return plane
    kept = plane[:, ::factor].copy()
    for channel, frame, bin_ in np.argwhere(~np.isfinite(plane)):
        kept[channel, frame // factor, bin_] = plane[channel, frame, bin_]
    return kept


def statistics(plane: Plane) -> NDArray[np.float32]:
    """`[C + 1, 6]`: of each channel, then of all: mean, std, min, max, colour limit, and how many are not finite.

    Of finite values alone, in float64. The colour limit is how far the values reach from zero, but no further than
    three standard deviations beyond the mean, so that one outlier does not pale everything else.
    """
    finite = np.isfinite(plane)
    count = finite.sum(axis=(1, 2))
    values = np.where(finite, plane, 0).astype(np.float64)
    sums = np.append(values.sum(axis=(1, 2)), 0)
    squares = np.append(np.square(values).sum(axis=(1, 2)), 0)
    low = np.append(np.where(finite, plane, np.inf).min(axis=(1, 2)), 0)
    high = np.append(np.where(finite, plane, -np.inf).max(axis=(1, 2)), 0)
    sums[-1], squares[-1], low[-1], high[-1] = sums.sum(), squares.sum(), low[:-1].min(), high[:-1].max()
    counts = np.append(count, count.sum())
    none = counts == 0
    divisor = np.maximum(counts, 1)
    mean = sums / divisor
    std = np.sqrt(np.maximum(squares / divisor - mean**2, 0))
    low[none] = high[none] = 0
    limit = np.minimum(np.maximum(np.abs(low), np.abs(high)), np.abs(mean) + 3 * std)
    sizes = np.append(np.full(len(plane), plane[0].size), plane.size)
    return np.stack([mean, std, low, high, limit, sizes - counts], axis=1).astype(np.float32)


@dataclass(frozen=True)
class NoiseRule:
    """`noise = (base - signal * x0) / level`, to within `error`; `base` is x "before" the step or "after" it."""

    base: str
    signal: float
    level: float
    error: float

    def to_dict(self) -> dict[str, Any]:
        return {"base": self.base, "signal": self.signal, "level": self.level, "error": self.error}


def noise_rule(noise: Plane, x0: Plane, x0_error: float, bases: dict[str, tuple[Plane, float]]) -> NoiseRule | None:
    """How the noise follows from x0 and a latent, by least squares, and so for any solver and without its tables.

    `bases`: the latent before or after the step, with the errors of their bytes, as `x0_error`. None where no pair
    fits to 1 %, or where the bytes' errors, divided by the noise level, would come to more than 0.1.
    """
    best: NoiseRule | None = None
    unknown = np.stack([x0.ravel(), noise.ravel()], axis=1).astype(np.float64)
    if not np.isfinite(unknown).all():
        return None
    normal = unknown.T @ unknown
    for name, (base, base_error) in bases.items():
        target = base.ravel().astype(np.float64)
        if not np.isfinite(target).all() or np.linalg.cond(normal) > 1e10:
            continue
        signal, level = np.linalg.solve(normal, unknown.T @ target)
        if level <= 0:
            continue
        left = np.abs(target - unknown @ (signal, level)).max() / level
        error = float((base_error + abs(signal) * x0_error) / level + left)
        if left <= FITS and error <= NOISE_ERROR and (best is None or error < best.error):
            best = NoiseRule(name, float(signal), float(level), error)
    return best
