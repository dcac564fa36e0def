"""The tempo ruler: the tempo that a prompt gives, passed to the network as waves in additional input channels.

An embedding acts as a bias in the UNet. It can give the tempo, but not the position of the next beat; the waves give
both. Frame 0 of a piece is the first beat, and every window receives the part of the waves at its position, so the beat
continues across tiles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

WAVES_A_BEAT = 0.25, 0.5, 1.0, 2.0
WAVE_CHANNELS = 2 * len(WAVES_A_BEAT)


def beat_waves(beats: Tensor, starts: Tensor, frames: int) -> Tensor:
    """Return cosines and sines with periods of a bar (four beats), half a bar, a beat and half a beat.

    Args:
        beats: Length of a beat in latent frames, `[N]`. 0 means that there is no tempo; all waves are then 0.
        starts: First frame of each window in the piece, `[N]`.
        frames: Length of a window in latent frames.

    Returns:
        The waves `[N, WAVE_CHANNELS, frames]`.
    """
    place = (torch.arange(frames, device=beats.device) + starts[:, None]) / beats.clamp(min=1)[:, None]
    angles = torch.stack([2 * math.pi * rate * place for rate in WAVES_A_BEAT], dim=1)
    return torch.cat([angles.cos(), angles.sin()], dim=1) * (beats > 0)[:, None, None]


@dataclass(frozen=True)
class TempoRuler:
    """Determines the tempo that a text embedding contains.

    Attributes:
        tellings: `[K, C]`, the first C channels of the embeddings of K tempi.
        beats: `[K]`, the length of a beat at each tempo, in latent frames.
    """

    tellings: Tensor
    beats: Tensor

    def to(self, device: torch.device) -> TempoRuler:
        """Return a copy on a device."""
        return TempoRuler(self.tellings.to(device), self.beats.to(device))

    @torch.no_grad()
    def __call__(self, embeds: Tensor) -> Tensor:
        """Return latent frames per beat `[N]` of the tempo nearest to each embedding `[N, D]`, or 0 if none is near."""
        products = embeds[:, : self.tellings.shape[1]].float() @ self.tellings.T
        similarity, nearest = (products / self.tellings.square().sum(1)).max(1)
        return torch.where(similarity > 0.5, self.beats[nearest], 0.0)
