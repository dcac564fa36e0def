"""A tempo that a prompt tells, given to the network as waves beside the latent: a ruler to lay its beats along.

A bias, which is all that an embedding can be to a UNet, says which tempo but not how far it is to the next beat: the
network would have to count. Every window's ruler begins anew, for which beat a frame is on is the network's to choose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

WAVES_A_BEAT = 0.5, 1.0, 2.0


@dataclass(frozen=True)
class TempoRuler:
    """Cosines and sines of half a beat's, a beat's and two beats' rate; silence where an embedding tells no tempo.

    Attributes:
        tellings: `[K, C]`, the first C channels of the embeddings that tell each of K tempi.
        beats: `[K]`, how many latent frames a beat of each lasts.
    """

    tellings: Tensor
    beats: Tensor

    @property
    def channels(self) -> int:
        return 2 * len(WAVES_A_BEAT)

    def to(self, device: torch.device) -> TempoRuler:
        return TempoRuler(self.tellings.to(device), self.beats.to(device))

    @torch.no_grad()
    def __call__(self, embeds: Tensor, frames: int) -> Tensor:
        """Waves `[N, channels, frames]` for embeddings `[N, D]`: those of the nearest tempo."""
        found = embeds[:, : self.tellings.shape[1]].float() @ self.tellings.T
        likeness, nearest = (found / self.tellings.square().sum(1)).max(1)
        told = (likeness > 0.5).float()  # an embedding between one that tells a tempo and one that does not
        place = torch.arange(frames, device=embeds.device) / self.beats[nearest][:, None]
        angles = torch.stack([2 * math.pi * rate * place for rate in WAVES_A_BEAT], dim=1)
        return torch.cat([angles.cos(), angles.sin()], dim=1) * told[:, None, None]
