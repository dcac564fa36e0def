"""Running out of memory: which errors say so, and computing in smaller batches when it happens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from spotnb.errors import SpotnbError

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")
SIGNS = (
    "out of memory",  # CUDA and MPS
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "can't allocate memory",  # the CPU
)
"""Parts of the messages of errors that have no type of their own."""


def says_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that a device has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)


def empty_cache(device: torch.device) -> None:
    """Return the memory that torch keeps for later to a device.

    Call it when the error is gone: its traceback holds the tensors of the attempt that failed.
    """
    if device.type == "cuda" and torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif device.type == "mps" and torch.backends.mps.is_available():
        torch.mps.empty_cache()


def in_batches(
    items: Sequence[T], size: int, compute: Callable[[Sequence[T]], Sequence[R]], device: torch.device, what: str
) -> Iterator[R]:
    """Yield the results of `compute` for batches of items, in order. The batches are halved when memory runs out.

    Args:
        items: The items.
        size: The number of items in a batch.
        compute: Returns the results of a batch.
        device: Where it computes.
        what: What an item is, for messages, such as "window of 256 frames to decode".

    Raises:
        SpotnbError: Memory runs out even with a single item.
    """
    done = 0
    while done < len(items):
        batch, results = items[done : done + size], None
        size = len(batch)
        try:
            results = compute(batch)
        except (RuntimeError, MemoryError) as error:
            require_several(error, size, device, what)
        if results is None:
            size = halved(size, device)
        else:
            yield from results
            done += size


def in_parts(
    x: Tensor, compute: Callable[[Tensor], Tensor], context: int, size: int, device: torch.device, what: str
) -> Tensor:
    """Return `compute(x)`, in two parts if memory runs out, and those in two parts again.

    Args:
        x: `[B, C, frames, F]`.
        compute: Turns it into sound `[..., size * frames]`.
        context: How many frames on either side a frame of the result depends on.
        size: Samples of the result per frame.
        device: Where it computes.
        what: What is computed, for messages.

    Raises:
        SpotnbError: Memory runs out with a part that is too short to be parted again.
    """
    frames = x.shape[2]
    try:
        return compute(x)
    except (RuntimeError, MemoryError) as error:
        require_several(error, 2 if frames > 4 * context + 1 else 1, device, f"{what} of {frames} frames")
    empty_cache(device)
    log.warning("out of memory on %s: continuing in two parts of %d frames", device, frames // 2)
    middle = frames // 2
    first = in_parts(x[:, :, : middle + context], compute, context, size, device, what)
    second = in_parts(x[:, :, middle - context :], compute, context, size, device, what)
    return torch.cat([first[..., : size * middle], second[..., size * context :]], dim=-1)


def require_several(error: BaseException, size: int, device: torch.device, what: str) -> None:
    """Return if memory ran out with a batch of several items, which can be halved.

    Raises:
        SpotnbError: Memory ran out with a single item.
        BaseException: `error` itself, if it means something else.
    """
    if not says_out_of_memory(error):
        raise error
    if size == 1:
        raise SpotnbError(
            f"out of memory on {device} with one {what} at a time; use the dtype bf16 or another device"
        ) from error


def halved(size: int, device: torch.device) -> int:
    """Return half of a batch size after memory has run out, and empty the cache."""
    empty_cache(device)
    log.warning("out of memory on %s: continuing with %d at a time", device, size // 2)
    return size // 2
