"""Training on a GPU as on a CPU: precision, and batches that are ready before the GPU asks for them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from spotnb.models.load import pick_dtype

Batch = TypeVar("Batch")
PROCESSES, AHEAD = min(4, os.cpu_count() or 1), 3  # that prepare batches, and how many each of them has ready


def autocast(device: torch.device | str = "cpu") -> torch.autocast:
    """Return a context that computes in bfloat16 if the device has instructions for it.

    On a processor without them, an autoencoder in bfloat16 takes several times as long as in float32.
    """
    device = torch.device(device)
    fast = pick_dtype("auto", device) == torch.bfloat16
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=fast)


def moved(batch: Batch, device: torch.device) -> Batch:
    """Return a batch with its tensors on a device. It can be a tensor, or a tuple or dict of whatever is in a batch."""
    found: Any = batch
    if isinstance(batch, Tensor):
        found = batch.to(device, non_blocking=True)
    elif isinstance(batch, dict):
        found = {key: moved(value, device) for key, value in batch.items()}
    elif isinstance(batch, tuple):
        values = [moved(value, device) for value in batch]
        found = type(batch)(*values) if hasattr(batch, "_fields") else tuple(values)
    return found


class _Made(Dataset[Batch]):
    """What a function makes of each index."""

    def __init__(self, make: Callable[[int], Batch]) -> None:
        self._make = make

    def __getitem__(self, index: int) -> Batch:
        return self._make(index)


def _as_it_is(batch: Batch) -> Batch:
    return batch


class Ahead(Generic[Batch]):
    """Batches by index, on a device. For a GPU, other processes prepare the next ones meanwhile.

    Threads would not do: captions are written in Python, and the thread that gives the GPU its work would have to wait.

    Args:
        make: Makes the batch of an index, on the CPU, from this index alone.
        device: Where the batches are needed.
    """

    def __init__(self, make: Callable[[int], Batch], device: torch.device | str) -> None:
        self._make, self.device = make, torch.device(device)
        self._coming: Iterator[Batch] = iter(())
        self._next = -1

    def __call__(self, index: int) -> Batch:
        """Return the batch of an index. Asking for one index after the other is fastest."""
        if self.device.type == "cpu":
            return self._make(index)
        if index != self._next:
            self._coming = iter(self._loader(index))
        self._next = index + 1
        return moved(next(self._coming), self.device)

    def _loader(self, first: int) -> DataLoader[Batch]:
        return DataLoader(
            _Made(self._make),
            batch_size=None,
            sampler=itertools.count(first),
            num_workers=PROCESSES,
            collate_fn=_as_it_is,
            pin_memory=self.device.type == "cuda",
            prefetch_factor=AHEAD,
            multiprocessing_context="fork",  # so that `make` need not be pickled
        )

    def close(self) -> None:
        """Let the processes end."""
        self._coming, self._next = iter(()), -1
