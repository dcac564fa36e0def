"""Conditioning as the sampler sees it: a table of rows, one for each text, of which it knows nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self

import torch
from torch import Tensor


class Conditioning(Protocol):
    """Rows of conditioning: a tensor `[N, D]`, or any other class with these methods that a model's `embed` returns.

    A model with several conditioning streams keeps them, and their masks, together in such a class.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, rows: list[int]) -> Self:
        """Return the rows with these numbers, in this order; a row may be asked for more than once."""
        ...

    def to(self, device: torch.device) -> Self:
        """Return the rows on a device."""
        ...


def joined(parts: Sequence[Any]) -> Any:
    """Join tables of rows into one. Those that are not tensors need a class method `join(parts)`."""
    return torch.cat(list(parts)) if isinstance(parts[0], Tensor) else type(parts[0]).join(parts)
