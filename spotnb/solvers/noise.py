"""Every random draw of a run, each from its own stream.

There is no running generator: a draw depends on (seed, step, purpose) and its shape alone, so skipping, repeating or
padding one never moves another. Draws are made on the CPU in float32, so that every device gets the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

PURPOSES = ("start", "eta", "pad", "keep")


def draw(shape: Sequence[int], seed: int, step: int, purpose: str) -> Tensor:
    """Standard normal noise of this shape, float32, on the CPU; the global random state is not touched."""
    return torch.randn(tuple(shape), generator=stream(seed, step, purpose), dtype=torch.float32, device="cpu")


def stream(seed: int, step: int, purpose: str) -> torch.Generator:
    """A fresh generator for one draw, on the CPU."""
    # A spawn key stands apart from the seed; as one tuple, a seed of two 32-bit words would run into the step.
    sequence = np.random.SeedSequence(seed, spawn_key=(step, PURPOSES.index(purpose)))
    key = int(sequence.generate_state(1, np.uint64)[0]) & (2**63 - 1)
    return torch.Generator("cpu").manual_seed(key)


@dataclass(frozen=True)
class Draws:
    """The draws of a run of N candidates: candidate i has the seed `seed + i`, so that it can be made again alone."""

    seed: int
    candidates: int = 1

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(self.seed + i for i in range(self.candidates))

    def normal(self, shape: Sequence[int], step: int, purpose: str) -> Tensor:
        """Noise `[N, ...]`; `shape` is that of one candidate."""
        return torch.stack([draw(shape, seed, step, purpose) for seed in self.seeds])

    def streams(self, step: int, purpose: str) -> list[torch.Generator]:
        """A generator for each candidate, for libraries that draw by themselves."""
        return [stream(seed, step, purpose) for seed in self.seeds]
