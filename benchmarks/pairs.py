"""Contenders side by side: interleaved in one process, round by round, so that what slows one slows the others."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from tqdm.auto import tqdm

Seconds = dict[str, list[float]]


@dataclass(frozen=True)
class Row:
    """One figure: `ratio` is the median over the rounds of ours / theirs, `spread` half its interquartile range.

    `ours` and `theirs` are medians: of seconds, unless the benchmark's docstring names another unit. `goal` is what the
    ratio shall not exceed, or, for the names in `benchmarks.results.AT_LEAST`, what it shall reach; None if there is
    none.
    """

    name: str
    ratio: float
    spread: float
    goal: float | None
    met: bool | None
    ours: float
    theirs: float
    rounds: int
    threads: int
    dtype: str


def interleave(contenders: Mapping[str, Callable[[], object]], rounds: int, label: str) -> Seconds:
    """Seconds of each contender in each round, after a round that does not count; who begins changes each time."""
    for contender in contenders.values():
        contender()
    names = list(contenders)
    seconds: Seconds = {name: [] for name in names}
    for k in tqdm(range(rounds), desc=label):
        first = k % len(names)
        for name in names[first:] + names[:first]:
            began = time.perf_counter()
            contenders[name]()
            seconds[name].append(time.perf_counter() - began)
    return seconds


def row(
    name: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    dtype: torch.dtype | str,
) -> Row:
    """The figure of paired measurements, one pair a round."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    ratio = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratio, ratio, ratio)
    goal = at_most if at_least is None else at_least
    met = None if goal is None else (ratio <= goal if at_least is None else ratio >= goal)
    return Row(
        name=name,
        ratio=round(ratio, 4),
        spread=round((high - low) / 2, 4),
        goal=goal,
        met=met,
        ours=round(statistics.median(ours), 4),
        theirs=round(statistics.median(theirs), 4),
        rounds=len(ratios),
        threads=torch.get_num_threads(),
        dtype=str(dtype).removeprefix("torch."),
    )
