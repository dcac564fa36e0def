"""The rows as a table, a figure, and `benchmarks/results.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from benchmarks.pairs import Row
from spotnb.support.files import atomic_write

RESULTS = Path(__file__).parent / "results.json"
FIGURE = Path("out") / "bench.png"
AT_LEAST = ("sound_per_second", "sweep_2workers", "piece_2workers")


def load() -> list[Row]:
    return [Row(**each) for each in json.loads(RESULTS.read_text())] if RESULTS.exists() else []


def publish(row: Row) -> None:
    """Put a row into the file of results, in the place of the one of its name."""
    rows = sorted([*(each for each in load() if each.name != row.name), row], key=lambda each: each.name)
    with atomic_write(RESULTS) as temporary:
        temporary.write_text(json.dumps([asdict(each) for each in rows], indent=1) + "\n")


def table(rows: Sequence[Row]) -> str:
    lines = [f"{'':24}{'ratio':>8} {'spread':>7}  {'goal':>7}  {'':8}{'ours':>9}{'theirs':>9}  rounds, threads, dtype"]
    for row in rows:
        sign = ">=" if row.name in AT_LEAST else "<="
        goal = "" if row.goal is None else f"{sign} {row.goal:g}"
        told = "" if row.met is None else ("met" if row.met else "NOT MET")
        figures = f"{row.ratio:8.3f} {row.spread:7.3f}  {goal:>7}  {told:8}{row.ours:9.3f}{row.theirs:9.3f}"
        lines.append(f"{row.name:24}{figures}  {row.rounds}, {row.threads}, {row.dtype}")
    return "\n".join(lines)


def draw(rows: Sequence[Row], path: Path = FIGURE) -> Path:
    """Each ratio over its goal, so that one line parts what is met from what is not."""
    rows = [row for row in rows if row.goal is not None]
    fig, ax = plt.subplots(figsize=(7, 0.4 + 0.35 * len(rows)), layout="constrained")
    for y, row in enumerate(rows):
        assert row.goal is not None
        parts = [row.ratio / row.goal, row.spread / row.goal]
        if row.name in AT_LEAST:
            parts = [row.goal / row.ratio, row.spread * row.goal / row.ratio**2]
        ax.barh(y, parts[0], xerr=parts[1], color="#35608d" if row.met else "#d1495b", height=0.6)
        ax.annotate(f"{row.ratio:.2f}", (parts[0], y), (4, 0), textcoords="offset points", va="center")
    ax.axvline(1, color="black", linewidth=1)
    ax.set(xlabel="ratio over its goal (to the left of the line: met)", yticks=range(len(rows)))
    ax.set_yticklabels([row.name for row in rows])
    ax.invert_yaxis()
    with atomic_write(path) as temporary:
        fig.savefig(temporary, dpi=150)
    plt.close(fig)
    return path
