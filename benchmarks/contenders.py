"""What a user would pick instead, each one denoising step, written from the descriptions and not copied.

All are given the network as a function of noisy latents, timesteps and embeddings, take classifier-free guidance in one
call per window, and share DDIM's update (Song et al. 2021, arXiv:2010.02502, eq. 12), so that they do the same work on
the same schedule.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

PADDING = 64  # frames that the original notebook mirrors at either end


class Setting(NamedTuple):
    """One step of a run: the network, what it is told, and the noise level before and after."""

    network: Any
    cond: Tensor
    uncond: Tensor
    scale: float
    timestep: int
    alpha: float
    alpha_after: float
    tile: int


def guided(setting: Setting, x: Tensor) -> Tensor:
    both = torch.cat([setting.uncond, setting.cond])
    t = torch.full((2,), setting.timestep, dtype=torch.long)
    away, towards = setting.network.predict_noise(torch.cat([x, x]), t, both).chunk(2)
    return away + setting.scale * (towards - away)


def updated(setting: Setting, x: Tensor, noise: Tensor) -> Tensor:
    clean = (x - (1 - setting.alpha) ** 0.5 * noise) / setting.alpha**0.5
    return setting.alpha_after**0.5 * clean + (1 - setting.alpha_after) ** 0.5 * noise


def original_step(setting: Setting, x: Tensor, shift: int) -> Tensor:
    """The original notebook's: the noisy latent mirrored by 64 frames at its ends, rolled, cut into tiles of which the
    last may be short, each moved on by itself, rolled back and cropped."""
    rolled = torch.roll(pad(x, (0, 0, PADDING, PADDING), mode="reflect"), shift, dims=2)
    moved = torch.zeros_like(rolled)
    for start in range(0, rolled.shape[2], setting.tile):
        part = rolled[:, :, start : start + setting.tile]
        moved[:, :, start : start + setting.tile] = updated(setting, part, guided(setting, part))
    return torch.roll(moved, -shift, dims=2)[:, :, PADDING:-PADDING]


def multidiffusion_step(setting: Setting, x: Tensor, overlap: float) -> Tensor:
    """MultiDiffusion (Bar-Tal et al. 2023, arXiv:2302.08113, eq. 5): overlapping windows, each moved on by itself and
    averaged."""
    stride = int(setting.tile * (1 - overlap))
    total, count = torch.zeros_like(x), torch.zeros(x.shape[2])
    for start in [*range(0, x.shape[2] - setting.tile, stride), x.shape[2] - setting.tile]:
        inside = slice(start, start + setting.tile)
        part = x[:, :, inside]
        total[:, :, inside] += updated(setting, part, guided(setting, part))
        count[inside] += 1
    return total / count[:, None]


def full_step(setting: Setting, x: Tensor) -> Tensor:
    """Plain DDIM over the full length."""
    return updated(setting, x, guided(setting, x))
