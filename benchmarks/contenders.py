"""The alternatives to spotnb, one denoising step of each, written from their descriptions and not copied.

All of them call the network as a function of noisy latents, timesteps and embeddings, do classifier-free guidance in
one call per window, and share the DDIM update (Song et al. 2021, arXiv:2010.02502, eq. 12), so that they do the same
work on the same schedule.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

PADDING = 64  # frames that the original notebook mirrors at each end


class Setting(NamedTuple):
    """One step of a run: the network, its conditioning, and the noise level before and after."""

    network: Any
    cond: Tensor
    uncond: Tensor
    scale: float
    timestep: int
    alpha: float
    alpha_after: float
    tile: int


def guided(setting: Setting, x: Tensor) -> Tensor:
    """Return the guided noise prediction for `x` (classifier-free guidance, Ho and Salimans 2022, arXiv:2207.12598)."""
    both = torch.cat([setting.uncond, setting.cond])
    t = torch.full((2,), setting.timestep, dtype=torch.long)
    uncond, cond = setting.network.predict_noise(torch.cat([x, x]), t, both).chunk(2)
    return uncond + setting.scale * (cond - uncond)


def updated(setting: Setting, x: Tensor, noise: Tensor) -> Tensor:
    """Return the latent after one DDIM step (Song et al. 2021, arXiv:2010.02502, eq. 12, with eta = 0)."""
    clean = (x - (1 - setting.alpha) ** 0.5 * noise) / setting.alpha**0.5
    return setting.alpha_after**0.5 * clean + (1 - setting.alpha_after) ** 0.5 * noise


def original_step(setting: Setting, x: Tensor, shift: int) -> Tensor:
    """Return the latent after one step of the original notebook.

    The noisy latent is mirrored by 64 frames at its ends, rolled, and cut into tiles, the last of which may be short.
    Each tile is updated separately. The result is rolled back and cropped.
    """
    rolled = torch.roll(pad(x, (0, 0, PADDING, PADDING), mode="reflect"), shift, dims=2)
    moved = torch.zeros_like(rolled)
    for start in range(0, rolled.shape[2], setting.tile):
        part = rolled[:, :, start : start + setting.tile]
        moved[:, :, start : start + setting.tile] = updated(setting, part, guided(setting, part))
    return torch.roll(moved, -shift, dims=2)[:, :, PADDING:-PADDING]


def multidiffusion_step(setting: Setting, x: Tensor, overlap: float) -> Tensor:
    """Return the latent after one step of MultiDiffusion (Bar-Tal et al. 2023, arXiv:2302.08113, eq. 5).

    The windows overlap by the fraction `overlap`. Each window is updated separately, and the results are averaged.
    """
    stride = int(setting.tile * (1 - overlap))
    total, count = torch.zeros_like(x), torch.zeros(x.shape[2])
    for start in [*range(0, x.shape[2] - setting.tile, stride), x.shape[2] - setting.tile]:
        inside = slice(start, start + setting.tile)
        part = x[:, :, inside]
        total[:, :, inside] += updated(setting, part, guided(setting, part))
        count[inside] += 1
    return total / count[:, None]


def full_step(setting: Setting, x: Tensor) -> Tensor:
    """Return the latent after one step of plain DDIM over the full length."""
    return updated(setting, x, guided(setting, x))
