"""Side-by-side measurements: `python -m benchmarks [NAME ...]`, see `benchmarks/README.md`.

Rows go to `benchmarks/results.json` as they are measured, and to `out/bench.png`.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterable

import torch
from diffusers.utils import logging as diffusers_logging

from benchmarks import ceiling, clusters, lengths, overhead, results, rivals
from benchmarks.pairs import Row

FULL, QUICK = 5, 3  # rounds of the slow ones; the fast ones take three times as many
LENGTHS: dict[str, Callable[[int], Row]] = {
    "cost_30min": lambda rounds: lengths.cost_30min(max(2, rounds // 2)),
    "megabytes_per_minute": lambda _: lengths.megabytes_per_minute(),
    "sound_per_second": lengths.sound_per_second,
    "first_sound": lengths.first_sound,
}
CLUSTERS: dict[str, Callable[[int], Row]] = {
    "sweep_2workers": clusters.sweep_2workers,
    "piece_2workers": clusters.piece_2workers,
}
NAMES = (
    *("overhead_tiny", "overhead_recorded", "overhead_large"),
    *(*rivals.GOALS, "pipeline_10s"),
    *LENGTHS,
    *CLUSTERS,
    *ceiling.DTYPES,
)
QUICK_NAMES = ("overhead_tiny", "overhead_recorded", "original_large", "sound_per_second", "first_sound")


def measure(names: Iterable[str], rounds: int) -> Iterable[Row]:
    """The rows of some names, as they come; those of one loop together."""
    steps = [name for name in names if name in rivals.GOALS]
    for name in names:
        if name in rivals.GOALS:
            if name == steps[0]:
                yield from rivals.measure_steps(steps, rounds)
        elif name.startswith("overhead"):
            yield overhead.measure(name, rounds if name == "overhead_large" else 3 * rounds)
        elif name == "pipeline_10s":
            yield rivals.measure_pipeline(rounds)
        elif name in ceiling.DTYPES:
            yield ceiling.ceiling(name, 3 * rounds)
        else:
            yield (LENGTHS | CLUSTERS)[name](rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(NAMES)}; default: the quick ones")
    parser.add_argument("--full", action="store_true", help="all of them, in more rounds")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if unknown := set(args.names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; expected some of {', '.join(NAMES)}")
    warnings.filterwarnings("ignore", category=FutureWarning)
    diffusers_logging.set_verbosity_error()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    names = args.names or (NAMES if args.full else QUICK_NAMES)
    rows = []
    for row in measure(list(names), args.rounds or (FULL if args.full else QUICK)):
        results.publish(row)
        rows.append(row)
        print(results.table([row]), flush=True)
    print(f"\n{results.table(rows)}\n\n{results.draw(rows)}")


if __name__ == "__main__":
    main()
