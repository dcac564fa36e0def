"""One thread against two worker processes of one thread each: `ours` is the former, so the ratio is the speed-up.

`sweep_2workers`: a grid of runs of the embedded model. `piece_2workers`: one step of a piece of 8 tiles with a network
of audioldm-s-full's size, whose windows and guidance halves are spread over the workers.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from benchmarks.networks import large_model, large_unet
from benchmarks.pairs import Row, interleave, row
from spotnb import DistributedModel, SpotDiffusionConfig, SpotSampler, load_model, sweep
from tests.cluster import two_workers

GRID = {"prompt": ["jazz piano solo", "rain"], "method": ["spot", "tiles"], "seed": [0, 1], "duration": 10}


def sweep_2workers(rounds: int) -> Row:
    """Measure the speed-up of a sweep."""
    model = load_model("tiny", device="cpu", dtype="fp32")
    with _one_thread(), tempfile.TemporaryDirectory() as folder, two_workers() as client:
        fresh = (Path(folder) / str(k) for k in itertools.count())
        settings: dict[str, Any] = {"model": model, "progress": False}
        seconds = interleave(
            {
                "one": lambda: sweep(GRID, next(fresh), **settings),
                "two": lambda: sweep(GRID, next(fresh), client=client, **settings),
            },
            rounds,
            "sweep_2workers",
        )
        return row("sweep_2workers", seconds["one"], seconds["two"], at_least=1.7, dtype=model.dtype)


def piece_2workers(rounds: int) -> Row:
    """Measure the speed-up of one long piece."""
    model = large_model(large_unet())
    with _one_thread(), two_workers() as client:
        runs = {
            name: SpotSampler(taken, "rock song", 80.0, 50, 3.0, SpotDiffusionConfig(), "tiles", record="last")
            for name, taken in (("one", model), ("two", DistributedModel(model, client)))
        }
        seconds = interleave({name: run.step for name, run in runs.items()}, rounds, "piece_2workers")
        return row("piece_2workers", seconds["one"], seconds["two"], at_least=1.6, dtype=model.dtype)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
