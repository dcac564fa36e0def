"""Default batch sizes of a network, and whether its rows are computed in parallel.

Both follow from the device and the size of the network rather than from timing, so that a machine always produces the
same sound. The manifest records the batch size that was used.
"""

from __future__ import annotations

import torch
from torch import nn

SMALL = 50_000_000
"""Number of parameters below which a network on a CPU benefits from large batches and from parallel rows (`by_rows`).

Measured on two cores with AVX512-BF16: 30 s of sound from the embedded model (7 million parameters) take 4.5 s with 2
windows per batch and 2.9 s with 8, which need 40 MB more memory. A window of audioldm-s (185 million parameters) takes
3 % less time with 2 windows per batch than with one, and larger batches bring no further gain. Its rows take 5 % more
time in parallel than one after the other.
"""


def is_small(network: nn.Module) -> bool:
    """Return whether a network has fewer than `SMALL` parameters."""
    return sum(weight.numel() for weight in network.parameters()) < SMALL


def suggested_tile_batch(network: nn.Module, device: torch.device) -> int:
    """Return the default number of windows per forward pass. With guidance, each window takes two rows of the batch."""
    if device.type == "cpu":
        return 8 if is_small(network) else 2
    return 16 if device.type == "cuda" else 4
