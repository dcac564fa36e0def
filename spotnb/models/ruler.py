"""A tempo that a prompt tells, given to the network as waves beside the latent: a ruler that its beats lie along.

A bias, which is all that an embedding can be to a UNet, says how fast, but not where the next beat is. Frame 0 of a
piece is a first beat, and every window's part of the ruler is cut where the window is: so the beat goes on over tiles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

WAVES_A_BEAT = 0.25, 0.5, 1.0, 2.0
WAVE_CHANNELS = 2 * len(WAVES_A_BEAT)


def beat_waves(beats: Tensor, starts: Tensor, frames: int) -> Tensor:
    """Cosines and sines `[N, WAVE_CHANNELS, frames]`: periods of a bar (four beats), its half, a beat, its half.

    `beats` `[N]` is how many latent frames a beat lasts, 0 where there is none (silence); `starts` `[N]`, the frames of
    the piece before each window.
    """
    place = (torch.arange(frames, device=beats.device) + starts[:, None]) / beats.clamp(min=1)[:, None]
    angles = torch.stack([2 * math.pi * rate * place for rate in WAVES_A_BEAT], dim=1)
    return torch.cat([angles.cos(), angles.sin()], dim=1) * (beats > 0)[:, None, None]


@dataclass(frozen=True)
class TempoRuler:
    """Finds the tempo that an embedding tells.

    Attributes:
        tellings: `[K, C]`, the first C channels of the embeddings that tell each of K tempi.
        beats: `[K]`, how many latent frames a beat of each lasts.
    """

    tellings: Tensor
    beats: Tensor

    def to(self, device: torch.device) -> TempoRuler:
        return TempoRuler(self.tellings.to(device), self.beats.to(device))

    @torch.no_grad()
    def __call__(self, embeds: Tensor) -> Tensor:
        """Frames a beat `[N]` of the tempo that is nearest to each embedding `[N, D]`; 0 where none is near."""
        found = embeds[:, : self.tellings.shape[1]].float() @ self.tellings.T
        likeness, nearest = (found / self.tellings.square().sum(1)).max(1)
        return torch.where(likeness > 0.5, self.beats[nearest], 0.0)
