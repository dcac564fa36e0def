"""Side-by-side measurements: `python -m benchmarks [NAME ...]`, see `benchmarks/README.md`.

Each row is written to `benchmarks/results.json` as soon as it is measured; at the end `out/bench.png` shows all rows.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator, Sequence

import torch
from diffusers.utils import logging as diffusers_logging

from benchmarks import ceiling, clusters, lengths, overhead, results, rivals
from benchmarks.pairs import Row

FULL, QUICK = 5, 3  # rounds of the slow benchmarks; the fast ones take three times as many
ROWS: dict[str, Callable[[int], Row]] = {
    "overhead_tiny": lambda rounds: overhead.measure("overhead_tiny", 3 * rounds),
    "overhead_recorded": lambda rounds: overhead.measure("overhead_recorded", 3 * rounds),
    "overhead_large": lambda rounds: overhead.measure("overhead_large", rounds),
    "pipeline_10s": rivals.measure_pipeline,
    "cost_30min": lambda rounds: lengths.cost_30min(max(2, rounds // 2)),
    "megabytes_per_minute": lambda _: lengths.megabytes_per_minute(),
    "sound_per_second": lengths.sound_per_second,
    "first_sound": lengths.first_sound,
    "sweep_2workers": clusters.sweep_2workers,
    "piece_2workers": clusters.piece_2workers,
    "ceiling_fp32": lambda rounds: ceiling.ceiling("ceiling_fp32", 3 * rounds),
    "ceiling_bf16": lambda rounds: ceiling.ceiling("ceiling_bf16", 3 * rounds),
}
NAMES = (*rivals.GOALS, *ROWS)
QUICK_NAMES = ("overhead_tiny", "overhead_recorded", "original_large", "sound_per_second", "first_sound")


def measure(names: Sequence[str], rounds: int) -> Iterator[Row]:
    """Yield the rows of the named benchmarks as they are measured, first those that share the loop of `rivals`."""
    if steps := [name for name in names if name in rivals.GOALS]:
        yield from rivals.measure_steps(steps, rounds)
    for name in names:
        if name in ROWS:
            yield ROWS[name](rounds)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(NAMES)}; default: the quick ones")
    parser.add_argument("--full", action="store_true", help="run all of them, with more rounds")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--threads", type=int, help=f"default: 2, but 1 for {', '.join(rivals.ON_ONE_THREAD)}")
    args = parser.parse_args()
    if unknown := set(args.names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; expected some of {', '.join(NAMES)}")
    warnings.filterwarnings("ignore", category=FutureWarning)
    diffusers_logging.set_verbosity_error()
    torch.manual_seed(0)
    names, rows = args.names or (NAMES if args.full else QUICK_NAMES), []
    for threads in (2, 1):
        torch.set_num_threads(args.threads or threads)
        own = [name for name in names if (name in rivals.ON_ONE_THREAD) == (threads == 1)]
        for row in measure(own, args.rounds or (FULL if args.full else QUICK)):
            results.publish(row)
            rows.append(row)
            print(results.table([row]), flush=True)
    print(f"\n{results.table(rows)}\n\n{results.draw(rows)}")


if __name__ == "__main__":
    main()
