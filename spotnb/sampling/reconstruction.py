"""Reconstruction guidance: new sound is drawn toward agreement with the sound that is kept.

Noised known frames alone tell the network what lies on the other side of a border. Nothing bends the new frames until
the network, looking back from them, would also have arrived at the known ones; so the border is heard. Here the
gradient of that disagreement bends them (Ho et al. 2022, Video Diffusion Models, arXiv:2204.03458, section 3.1,
equation 7).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from spotnb.errors import SpotnbError
from spotnb.sampling.guidance import Prediction
from spotnb.sampling.source import Source
from spotnb.tiling.layout import Layout


class KnownFrames(NamedTuple):
    """The kept sound in a window: the clean latent `[1, C, w, F]`, and `[w]` bool, true where it is kept."""

    latent: Tensor
    kept: Tensor


def known_frames(source: Source, layout: Layout, tile: int) -> KnownFrames | None:
    """Return what a tile's window knows; None where it is all kept or all new, so that nothing is to be reconciled."""
    places = np.arange(*layout.tiles[tile].window)
    frames = layout.frame_at(places)
    kept = source.kept[frames]
    if not layout.ring:
        kept = kept & (frames == places)  # past the ends lies padding, which is not kept
    if kept.all() or not kept.any():
        return None
    device = source.latent.device
    return KnownFrames(source.latent[:, :, torch.from_numpy(frames).to(device)], torch.from_numpy(kept).to(device))


def reconstructed(
    predict: Callable[[Tensor], Prediction], window: Tensor, known: KnownFrames, alpha_bar: float, scale: float
) -> Prediction:
    """Predict the noise in a window `[B, C, w, F]` that holds kept and new frames.

    The squared error of the clean estimate in the kept frames has a gradient with respect to the noisy window. In the
    new frames the clean estimate moves by `scale * sqrt(alpha_bar) / 2` against it.

    Args:
        predict: Predicts the noise in a window.
        window: The window.
        known: Its kept frames.
        alpha_bar: The cumulative product of the noise schedule at the timestep.
        scale: How strongly the new frames are moved.

    Raises:
        SpotnbError: The model's prediction has no gradient.
    """
    with torch.inference_mode(False), torch.enable_grad():
        # Clones, since tensors of inference mode would not take part.
        x, latent, kept = window.clone().requires_grad_(), known.latent.clone(), known.kept[:, None].clone()
        eps, eps_uncond, eps_cond = predict(x)
        if not eps.requires_grad:
            raise SpotnbError(
                "the model's predict_noise gives no gradient, which reconstruction guidance needs where sound is kept; "
                "let it (it may run under torch.no_grad), or pass reconstruction_scale=0"
            )
        x0 = (x - (1 - alpha_bar) ** 0.5 * eps) / alpha_bar**0.5
        error = ((x0 - latent) * kept).square().sum()
        (gradient,) = torch.autograd.grad(error, x)
    moved = eps.detach() + scale * alpha_bar / 2 / (1 - alpha_bar) ** 0.5 * torch.where(kept, 0.0, gradient)
    return Prediction(moved, None if eps_uncond is None else eps_uncond.detach(), eps_cond.detach())
