"""Measurements on a GPU, in under eight minutes. `--dry-run` shows on a CPU, at tiny sizes, that all of them work.

    python -m benchmarks.gpu
    python -m benchmarks.gpu --dry-run

Weights are random, because no figure here depends on them; only the embedded model is real. Nothing is downloaded. Each
row is written to `benchmarks/gpu.json` (of a dry run, to `out/gpu.json`) as soon as it is measured.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.utils import logging as diffusers_logging

from benchmarks import gpu_rows as rows
from benchmarks.gpu_rows import Bench, Figures
from spotnb.support.files import atomic_write

FOLDER = Path(__file__).parent
BUDGET = 440.0
"""Seconds after which no further row begins."""


def all_rows(bench: Bench) -> Iterator[tuple[str, Callable[[], Figures]]]:
    """Yield the names of the rows and what measures them, the most important ones first."""
    yield "parity of CPU and device", partial(rows.parity, bench)
    yield "times a step makes the host wait", partial(rows.reads, bench)
    for size in ("s", "l"):
        for dtype in rows.DTYPES:
            yield f"audioldm-{size}, {dtype}", partial(rows.speed, bench, "audioldm", size, dtype)
    yield "out of memory", partial(rows.out_of_memory, bench)
    for minutes in (1, 10, 60):
        yield f"memory of {minutes} minutes", partial(rows.memory, bench, minutes)
    for family in ("audioldm2", "stable-audio"):
        yield f"{family}, bf16", partial(rows.speed, bench, family, "s", "bf16")
    yield "torch.compile", partial(rows.compiled, bench)


def machine(bench: Bench) -> Figures:
    """Return what was measured on."""
    facts: Figures = {
        "device": "cpu, a dry run" if bench.device.type != "cuda" else torch.cuda.get_device_name(bench.device),
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "python": platform.python_version(),
    }
    if bench.device.type == "cuda":
        properties: Any = torch.cuda.get_device_properties(bench.device)
        facts |= {"GB": round(properties.total_memory / 1e9, 1), "capability": [properties.major, properties.minor]}
    return facts


def run(bench: Bench, path: Path, budget: float = BUDGET) -> int:
    """Measure all rows, and write them to a file. Return the number of rows that failed."""
    results: Figures = {"machine": machine(bench), "rows": {}}
    began, failed = time.perf_counter(), 0
    for name, measure in all_rows(bench):
        if time.perf_counter() - began > budget:
            results["rows"][name] = {"left out": f"the {budget:.0f} s were over"}
            continue
        started = time.perf_counter()
        try:
            figures = measure()
        except Exception as error:  # one row that fails must not lose the others
            figures, failed = {"error": f"{type(error).__name__}: {error}"[:500]}, failed + 1
        results["rows"][name] = figures | {"measured in": round(time.perf_counter() - started, 1)}
        print(f"{name}: {results['rows'][name]}", flush=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
        if bench.device.type == "cuda":
            torch.cuda.empty_cache()
    return failed


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="run at tiny sizes on a CPU")
    parser.add_argument("--seconds", type=float, default=BUDGET, help="after so many, no further row begins")
    args = parser.parse_args()
    dry = args.dry_run
    if not dry and not torch.cuda.is_available():
        parser.error("there is no CUDA GPU here: expected one; --dry-run shows that the measurements work")
    warnings.filterwarnings("ignore", category=FutureWarning)
    diffusers_logging.set_verbosity_error()
    bench = Bench(torch.device("cpu" if dry else "cuda"), dry)
    return run(bench, Path("out/gpu.json") if dry else FOLDER / "gpu.json", args.seconds)


if __name__ == "__main__":
    raise SystemExit(main())
