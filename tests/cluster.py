"""Models that can travel to the processes of a cluster."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import torch
from torch import Tensor

from spotnb.models.worker import keep_memory
from tests.networks import FunctionModel, neighbourly


def network(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
    """One window at a time, however many come: batches of any size have the same bits."""
    rows = [neighbourly(x[k : k + 1], t[k : k + 1], cond[k : k + 1]) for k in range(len(x))]
    return torch.cat(rows)


def page_faults(keep: bool) -> int:
    """Of 50 tensors of 4 MB, one after the other."""
    if keep:
        keep_memory()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        torch.ones(2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


class Marking(FunctionModel):
    """Leaves a file for each process that predicts, and takes a while."""

    def __init__(self, folder: Path) -> None:
        super().__init__(network)
        self.folder = folder

    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        (self.folder / str(os.getpid())).touch()
        time.sleep(0.02)
        return super().predict_noise(x, t, cond)
