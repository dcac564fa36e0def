"""Training on a GPU as on a CPU: precision, and batches that are ready before the GPU asks for them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from spotnb.models.load import pick_dtype

Batch = TypeVar("Batch")
AHEAD, THREADS = 6, 3  # batches in preparation, and threads that prepare them


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


def _pinned(batch: Any) -> Any:
    """Return a batch with its tensors in page-locked memory, from where they are copied while the GPU computes."""
    if isinstance(batch, Tensor):
        return batch.pin_memory()
    if isinstance(batch, dict):
        return {key: _pinned(value) for key, value in batch.items()}
    if isinstance(batch, tuple):
        values = [_pinned(value) for value in batch]
        return type(batch)(*values) if hasattr(batch, "_fields") else tuple(values)
    return batch


class Ahead(Generic[Batch]):
    """Batches by index, on a device. For a GPU, threads prepare the next ones meanwhile.

    Args:
        make: Makes the batch of an index, on the CPU, from this index alone.
        device: Where the batches are needed.
    """

    def __init__(self, make: Callable[[int], Batch], device: torch.device | str) -> None:
        self._make, self.device = make, torch.device(device)
        self._coming: dict[int, Future[Batch]] = {}
        self._pool = None if self.device.type == "cpu" else ThreadPoolExecutor(THREADS)

    def __call__(self, index: int) -> Batch:
        """Return the batch of an index. Asking for one index after the other is fastest."""
        if self._pool is None:
            return self._make(index)
        for coming in range(index, index + AHEAD):
            if coming not in self._coming:
                self._coming[coming] = self._pool.submit(self._prepared, coming)
        self._coming = {at: future for at, future in self._coming.items() if at >= index}
        return moved(self._coming.pop(index).result(), self.device)

    def _prepared(self, index: int) -> Batch:
        batch = self._make(index)
        return _pinned(batch) if self.device.type == "cuda" else batch

    def close(self) -> None:
        """Let the threads end."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
