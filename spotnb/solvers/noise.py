"""The random draws of a run, each from a separate stream.

A draw depends only on (seed, step, purpose) and its shape, and no generator is shared. Skipping, repeating or padding
one draw therefore never changes another. All draws are made on the CPU in float32, so that they are the same for every
device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

PURPOSES = ("start", "eta", "pad", "keep")


def draw(shape: Sequence[int], seed: int, step: int, purpose: str) -> Tensor:
    """Return standard normal noise of this shape, float32, on the CPU, without using the global random state."""
    return torch.randn(tuple(shape), generator=stream(seed, step, purpose), dtype=torch.float32, device="cpu")


def stream(seed: int, step: int, purpose: str) -> torch.Generator:
    """Return a new CPU generator for one draw."""
    # The spawn key is kept apart from the seed. In a single tuple, the second 32-bit word of a seed could be mistaken
    # for the step.
    sequence = np.random.SeedSequence(seed, spawn_key=(step, PURPOSES.index(purpose)))
    key = int(sequence.generate_state(1, np.uint64)[0]) & (2**63 - 1)
    return torch.Generator("cpu").manual_seed(key)


@dataclass(frozen=True)
class Draws:
    """The draws of a run with N candidates.

    Candidate i uses the seed `seed + i`, so that it can be generated again without the others.
    """

    seed: int
    candidates: int = 1
    _early: dict[tuple[Any, ...], Tensor] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seed of each candidate."""
        return tuple(self.seed + i for i in range(self.candidates))

    def normal(self, shape: Sequence[int], step: int, purpose: str) -> Tensor:
        """Return standard normal noise `[N, ...]`, where `shape` is the shape of one candidate."""
        early = self._early.pop((*shape, step, purpose), None)
        return torch.stack([draw(shape, seed, step, purpose) for seed in self.seeds]) if early is None else early

    def prepare(self, shape: Sequence[int], step: int, purpose: str) -> None:
        """Draw what `normal` will return for the same arguments, while a device computes something else."""
        self._early[(*shape, step, purpose)] = self.normal(shape, step, purpose)

    def streams(self, step: int, purpose: str) -> list[torch.Generator]:
        """Return one generator per candidate, for libraries that draw their own noise."""
        return [stream(seed, step, purpose) for seed in self.seeds]
