"""A cluster of two processes, and models that can be sent to them."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spotnb.research.worker import keep_memory
from tests.networks import FunctionModel, neighbourly


@contextmanager
def two_workers() -> Iterator[Any]:
    """Yield a client of two single-threaded worker processes."""
    from distributed import Client, LocalCluster

    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with LocalCluster(**settings) as cluster, Client(cluster) as client:
        yield client


def network(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
    """Predict one window at a time, so that batches of any size give the same bits."""
    rows = [neighbourly(x[k : k + 1], t[k : k + 1], cond[k : k + 1]) for k in range(len(x))]
    return torch.cat(rows)


def page_faults(keep: bool) -> int:
    """Count the page faults of 50 tensors of 4 MB, one after the other."""
    if keep:
        keep_memory()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        torch.ones(2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


class Marking(FunctionModel):
    """A slow model that leaves a file for each process in which it predicts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(network)
        self.folder = folder

    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        (self.folder / str(os.getpid())).touch()
        time.sleep(0.02)
        return super().predict_noise(x, t, cond)
