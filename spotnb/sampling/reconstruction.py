"""Reconstruction guidance, which makes new sound agree with the sound that is kept.

The noised known frames show the network the other side of a border. But nothing makes the new frames such that the
network, looking back from them, would also predict the known frames. The border is therefore audible. Reconstruction
guidance moves the new frames along the gradient of that disagreement (Ho et al. 2022, Video Diffusion Models,
arXiv:2204.03458, section 3.1, equation 7).
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
    """The kept sound in a window.

    Attributes:
        latent: The clean latent, `[1, C, w, F]`.
        kept: Which frames are kept, `[w]` bool.
    """

    latent: Tensor
    kept: Tensor


def known_frames(source: Source, layout: Layout, tile: int) -> KnownFrames | None:
    """Return the kept sound in a tile's window, or None if the window is all kept or all new."""
    places = np.arange(*layout.tiles[tile].window)
    frames = layout.frame_at(places)
    kept = source.kept[frames]
    if not layout.ring:
        kept = kept & (frames == places)  # padding past the ends is not kept
    if kept.all() or not kept.any():
        return None
    device = source.latent.device
    return KnownFrames(source.latent[:, :, torch.from_numpy(frames).to(device)], torch.from_numpy(kept).to(device))


def reconstructed(
    predict: Callable[[Tensor], Prediction], window: Tensor, known: KnownFrames, alpha_bar: float, scale: float
) -> Prediction:
    """Predict the noise in a window that holds both kept and new frames.

    The error is the squared difference between the clean estimate and the known sound in the kept frames. In the new
    frames, the clean estimate moves by `-scale * sqrt(alpha_bar) / 2` times the gradient of the error with respect to
    the noisy window.

    Args:
        predict: The function that predicts the noise in a window.
        window: The window, `[B, C, w, F]`.
        known: The kept frames of the window.
        alpha_bar: The cumulative product of the noise schedule at the timestep.
        scale: The strength of the guidance.

    Raises:
        SpotnbError: The model's prediction has no gradient.
    """
    with torch.inference_mode(False), torch.enable_grad():
        # Clones, because tensors created in inference mode cannot take part in autograd.
        x, latent, kept = window.clone().requires_grad_(), known.latent.clone(), known.kept[:, None].clone()
        eps, eps_uncond, eps_cond = predict(x)
        if not eps.requires_grad:
            raise SpotnbError(
                "the model's predict_noise gives no gradient, which reconstruction guidance needs where sound is kept; "
                "enable gradients (it may run under torch.no_grad), or pass reconstruction_scale=0"
            )
        x0 = (x - (1 - alpha_bar) ** 0.5 * eps) / alpha_bar**0.5
        error = ((x0 - latent) * kept).square().sum()
        (gradient,) = torch.autograd.grad(error, x)
    moved = eps.detach() + scale * alpha_bar / 2 / (1 - alpha_bar) ** 0.5 * torch.where(kept, 0.0, gradient)
    return Prediction(moved, None if eps_uncond is None else eps_uncond.detach(), eps_cond.detach())
