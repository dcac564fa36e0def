"""Quantized values: accuracy, marked values, and the source of the noise."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spotnb.widgets.quantise import (
    MINUS_INFINITY,
    NAN,
    PLUS_INFINITY,
    STATISTICS,
    noise_rule,
    quantise,
    statistics,
    thinned,
)

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)


def planes(bound: float = 1e38, **kinds: bool) -> st.SearchStrategy[np.ndarray]:
    kinds = {"allow_nan": False, "allow_infinity": False} | kinds
    limits = {} if kinds["allow_infinity"] else {"min_value": -bound, "max_value": bound}
    if limits:
        limits = {name: float(np.float32(value)) for name, value in limits.items()}
    return hnp.arrays(np.float32, SHAPES, elements=st.floats(width=32, **limits, **kinds))


@given(planes())
def test_values_come_back_within_half_a_step(plane: np.ndarray) -> None:
    back = quantise(plane)
    span = np.ptp(plane.astype(np.float64), axis=(1, 2), keepdims=True)
    rounding = 1e-6 * np.abs(plane.astype(np.float64)).max(axis=(1, 2), keepdims=True) + 1e-44 * 252
    assert (np.abs(back.values().astype(np.float64) - plane) <= span / 504 + rounding).all()
    assert back.error == pytest.approx(span.max() / 504, rel=1e-6, abs=1e-44)


@given(planes(allow_nan=True, allow_infinity=True))
def test_nan_and_infinity_are_marked_and_change_nothing_else(plane: np.ndarray) -> None:
    back = quantise(plane)
    assert ((back.codes == NAN) == np.isnan(plane)).all()
    assert ((back.codes == MINUS_INFINITY) == np.isneginf(plane)).all()
    assert ((back.codes == PLUS_INFINITY) == np.isposinf(plane)).all()
    assert np.isfinite(back.low).all()
    assert np.isfinite(back.scale).all()


def test_a_channel_of_one_value_is_exact() -> None:
    plane = np.full((2, 3, 4), 0.1, np.float32)
    assert (quantise(plane).values() == plane).all()


def test_thinning_keeps_what_went_wrong() -> None:
    plane = np.zeros((1, 10, 2), np.float32)
    plane[0, 5, 1] = np.nan
    kept = thinned(plane, 4)
    assert kept.shape == (1, 3, 2)
    assert np.argwhere(np.isnan(kept)).tolist() == [[0, 1, 1]]
    assert thinned(plane, 1) is plane


def test_statistics_are_those_of_the_values() -> None:
    plane = np.random.default_rng(0).normal(2, 3, (3, 50, 16)).astype(np.float32)
    plane[1, 3, 3], plane[1, 4, 4] = np.nan, np.inf
    found = statistics(plane)
    for row, part in zip(found, [*plane, plane], strict=True):
        told = dict(zip(STATISTICS, row.tolist(), strict=True))
        good = part[np.isfinite(part)].astype(np.float64)
        assert told["mean"] == pytest.approx(good.mean(), rel=1e-5)
        assert told["std"] == pytest.approx(good.std(), rel=1e-5)
        assert (told["min"], told["max"]) == (good.min(), good.max())
        assert told["bad"] == part.size - good.size
        assert 0 < told["limit"] <= np.abs(good).max()
    assert (statistics(np.full((2, 3, 4), np.nan, np.float32))[:, :5] == 0).all()


@pytest.mark.parametrize(("level", "travels"), [(0.9, False), (0.5, False), (0.05, True)])
def test_noise_is_derived_where_bytes_are_fine_enough(level: float, travels: bool) -> None:
    random = np.random.default_rng(1)
    x0, noise = (random.normal(size=(8, 64, 16)).astype(np.float32) for _ in range(2))
    signal = (1 - level**2) ** 0.5
    x = (signal * x0 + level * noise).astype(np.float32)
    one, other = quantise(x), quantise(x0)
    rule = noise_rule(noise, x0, other.error, {"after": (x, one.error)})
    assert (rule is None) == travels
    if rule is None:
        return
    assert (rule.signal, rule.level) == (pytest.approx(signal, rel=1e-4), pytest.approx(level, rel=1e-4))
    derived = (one.values() - rule.signal * other.values()) / rule.level
    assert np.abs(derived - noise).max() <= rule.error * 1.0001
    assert rule.error <= 0.1


def test_noise_that_follows_from_neither_latent_travels() -> None:
    random = np.random.default_rng(2)
    x, x0, noise = (random.normal(size=(2, 9, 4)).astype(np.float32) for _ in range(3))
    assert noise_rule(noise, x0, 0.001, {"before": (x, 0.001)}) is None
    assert noise_rule(noise * np.nan, x0, 0.001, {"before": (x, 0.001)}) is None


def test_no_torch_is_needed() -> None:
    code = "import sys; sys.modules['torch'] = None; import spotnb.widgets.quantise, spotnb.widgets.packing"
    subprocess.run([sys.executable, "-c", code], check=True)
