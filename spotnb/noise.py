"""Every random draw of a run, each from its own stream.

There is no running generator: a draw depends on (seed, step, purpose) and its shape alone, so skipping, repeating or
padding one never moves another. Draws are made on the CPU in float32, so that every device gets the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

PURPOSES = ("start", "eta", "pad", "keep")


def draw(shape: Sequence[int], seed: int, step: int, purpose: str) -> Tensor:
    """Standard normal noise of this shape, float32, on the CPU; the global random state is not touched."""
    # A spawn key stands apart from the seed; as one tuple, a seed of two 32-bit words would run into the step.
    sequence = np.random.SeedSequence(seed, spawn_key=(step, PURPOSES.index(purpose)))
    key = int(sequence.generate_state(1, np.uint64)[0]) & (2**63 - 1)
    generator = torch.Generator("cpu").manual_seed(key)
    return torch.randn(tuple(shape), generator=generator, dtype=torch.float32, device="cpu")
