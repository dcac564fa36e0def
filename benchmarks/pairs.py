"""Two contenders side by side: interleaved in one process, round by round, so that what slows one slows the other."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tqdm.auto import tqdm

from spotnb.files import atomic_write

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True)
class Row:
    """One figure: `ratio` is the median over the rounds of ours / theirs, `spread` half its interquartile range.

    `ours` and `theirs` are median seconds. `goal` is what the ratio shall not exceed, None where there is none.
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


def compare(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int, goal: float | None, dtype: str
) -> Row:
    """Time two contenders in turn, after a round that does not count; who begins changes each time."""
    ours(), theirs()
    times: dict[Callable[[], object], list[float]] = {ours: [], theirs: []}
    for k in tqdm(range(rounds), desc=name):
        for contender in (ours, theirs) if k % 2 else (theirs, ours):
            began = time.perf_counter()
            contender()
            times[contender].append(time.perf_counter() - began)
    ratios = [a / b for a, b in zip(times[ours], times[theirs], strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4)
    ratio = statistics.median(ratios)
    medians = (statistics.median(times[ours]), statistics.median(times[theirs]))
    met = None if goal is None else ratio <= goal
    figures = (ratio, (high - low) / 2, goal, met, *medians)
    rounded = [round(each, 4) if isinstance(each, float) else each for each in figures]
    return Row(name, *rounded, rounds, torch.get_num_threads(), dtype)  # type: ignore[arg-type]


def publish(rows: list[Row], path: Path = RESULTS) -> None:
    """Print the rows, and put them into the file of results in the place of those of the same names."""
    kept = json.loads(path.read_text()) if path.exists() else []
    names = {row.name for row in rows}
    whole = [each for each in kept if each["name"] not in names] + [asdict(row) for row in rows]
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(sorted(whole, key=lambda each: each["name"]), indent=1) + "\n")
    for row in rows:
        told = "" if row.met is None else ("met" if row.met else "NOT MET")
        print(f"{row.name:24} {row.ratio:6.3f} +- {row.spread:.3f}   goal {row.goal}   {told}")
