"""Interleave contenders in one process, round by round, so that anything that slows one slows the others too."""

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
    """One figure: `ratio` is the median of ours / theirs over the rounds, and `spread` is half its interquartile range.

    `ours` and `theirs` are medians, in seconds unless the benchmark's docstring names another unit. `goal` is the upper
    limit of the ratio, or its lower limit for the names in `benchmarks.results.AT_LEAST`; None means that there is no
    goal.
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
    """Time each contender in each round, after a warm-up round; a different contender begins each round.

    Returns:
        The seconds of each contender, one value per round.
    """
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
    """Return the figure of paired measurements, one pair per round."""
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
