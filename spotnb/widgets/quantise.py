"""Quantization of latents to bytes, which makes the data for a browser four times smaller. This needs no torch.

Each value takes one byte, with a lowest value and a scale for each step and channel: `value = low + code * scale` for
the codes 0 to 252. The three codes above are NaN, minus infinity and plus infinity, because a picture must show errors.
The scale is 1/252 of the channel's range, so the error of a value is at most half of that, `range / 504` or 0.2 % of
the range, plus float32 rounding. A channel with only one value is exact.

The noise does not have to be sent, because a latent is `signal * x0 + level * noise`, see `noise_rule`.
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
NOISE_ERROR: Final = 0.1  # noise has a standard deviation of 1, and colors cannot show a tenth of that
FITS: Final = 0.01  # the largest residual of a rule, in units of the noise


@dataclass(frozen=True)
class Quantised:
    """A quantized plane.

    Attributes:
        codes: `[C, T, F]` uint8.
        low: The lowest value of each channel, `[C]` float32.
        scale: The step from one code to the next in each channel, `[C]` float32.
    """

    codes: NDArray[np.uint8]
    low: NDArray[np.float32]
    scale: NDArray[np.float32]

    @property
    def error(self) -> float:
        """The largest possible error of a finite value, apart from float32 rounding: half of the largest scale."""
        return float(self.scale.max()) / 2

    def values(self) -> Plane:
        """Return the dequantized values, `[C, T, F]` float32."""
        shape = (-1, 1, 1)
        low, scale = (numbers.astype(np.float64).reshape(shape) for numbers in (self.low, self.scale))
        values = (low + np.minimum(self.codes, LEVELS) * scale).astype(np.float32)
        for code, value in ((NAN, np.nan), (MINUS_INFINITY, -np.inf), (PLUS_INFINITY, np.inf)):
            values[self.codes == code] = value
        return values


def quantise(plane: Plane) -> Quantised:
    """Quantize a plane `[C, T, F]`, which may hold NaN and infinity."""
    finite = np.isfinite(plane)
    all_finite = bool(finite.all())
    known = plane if all_finite else np.where(finite, plane, np.nan)
    some = finite.any(axis=(1, 2))
    low, high = np.zeros(len(plane), np.float32), np.zeros(len(plane), np.float32)
    low[some] = np.nanmin(known[some], axis=(1, 2))
    high[some] = np.nanmax(known[some], axis=(1, 2))
    # In float64, because the range of a channel may exceed float32, and float32 would round twice.
    scale = ((high.astype(np.float64) - low) / LEVELS).astype(np.float32)
    divisor = np.where(scale > 0, scale, 1).astype(np.float64).reshape(-1, 1, 1)
    with np.errstate(invalid="ignore"):
        steps = np.nan_to_num((plane - low.astype(np.float64).reshape(-1, 1, 1)) / divisor, posinf=LEVELS)
    codes = np.clip(np.rint(steps), 0, LEVELS).astype(np.uint8)
    if not all_finite:
        codes[np.isnan(plane)] = NAN
        codes[np.isneginf(plane)] = MINUS_INFINITY
        codes[np.isposinf(plane)] = PLUS_INFINITY
    return Quantised(codes, low, scale)


def thinned(plane: Plane, factor: int) -> Plane:
    """Return every `factor`-th frame of `[C, T, F]`. NaN and infinity move to the nearest kept frame on their left."""
    if factor == 1:
        return plane
    kept = plane[:, ::factor].copy()
    for channel, frame, bin_ in np.argwhere(~np.isfinite(plane)):
        kept[channel, frame // factor, bin_] = plane[channel, frame, bin_]
    return kept


def statistics(plane: Plane) -> NDArray[np.float32]:
    """Return statistics of the finite values, computed in float64.

    The color limit is the largest absolute value, but at most the absolute mean plus three standard deviations, so that
    a single outlier does not make everything else pale.

    Returns:
        `[C + 1, 6]` with a row for each channel and a last row for all: mean, std, min, max, color limit, and the
        number of values that are not finite.
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
    """The rule `noise = (base - signal * x0) / level`.

    Attributes:
        base: The latent in the rule: x "before" or "after" the step.
        signal: The factor of x0.
        level: The factor of the noise.
        error: The largest error of the noise.
    """

    base: str
    signal: float
    level: float
    error: float

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as plain values for JSON."""
        return {"base": self.base, "signal": self.signal, "level": self.level, "error": self.error}


def noise_rule(noise: Plane, x0: Plane, x0_error: float, bases: dict[str, tuple[Plane, float]]) -> NoiseRule | None:
    """Fit a rule that computes the noise from x0 and a latent. Least squares work for any solver, without its tables.

    Args:
        noise: The noise.
        x0: The clean estimate.
        x0_error: The quantization error of x0.
        bases: The latents "before" and "after" the step, each with its quantization error.

    Returns:
        The best rule, or None if no latent fits to 1 %, or if the quantization errors, divided by the noise level,
        would exceed 0.1.
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
