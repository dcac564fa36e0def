"""Standard errors of figures that several clips share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

GROUPS = 12


def mean_and_error(values: Iterable[float]) -> list[float]:
    """Return the mean of the values that are not NaN, and its standard error, which is NaN for fewer than two."""
    known = np.array([value for value in values if not np.isnan(value)], float)
    mean = float(known.mean()) if len(known) else float("nan")
    return [mean, float(known.std(ddof=1) / len(known) ** 0.5) if len(known) > 1 else float("nan")]


def jackknife_error(figure: Callable[[NDArray], float], rows: NDArray, groups: int = GROUPS) -> float:
    """Return the standard error of a figure of many rows, such as a Fréchet distance.

    Each of the groups is left out once (Efron & Tibshirani 1993, "An introduction to the bootstrap", section 11.7).
    Rows are dealt to the groups in turn, since clips lie in the order of their classes.
    """
    groups = min(groups, len(rows))
    figures = np.array([figure(np.delete(rows, np.s_[k::groups], axis=0)) for k in range(groups)])
    return float(np.sqrt((groups - 1) / groups * np.square(figures - figures.mean()).sum()))
