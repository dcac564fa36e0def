"""Reconstruction guidance: what is made is drawn towards what agrees with the sound that is kept.

Noised known frames alone tell the network what lies beside a border, but nothing bends the new frames until the
network, looking back from them, would also have come to the known ones; so the border is heard. Here the gradient of
that disagreement does (Ho et al. 2022, Video Diffusion Models, arXiv:2204.03458, section 3.1, equation 7).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from spotnb.errors import SpotnbError
from spotnb.sampling.source import Source
from spotnb.sampling.windows import Prediction
from spotnb.tiling.layout import Layout


class KnownFrames(NamedTuple):
    """What of a window is kept sound: the clean latent `[1, C, w, F]`, and `[w]` bool, true where it is kept."""

    latent: Tensor
    kept: Tensor


def known_frames(source: Source | None, layout: Layout, tile: int) -> KnownFrames | None:
    """What a tile's window knows; None where it is all kept or all made, so that nothing is to be reconciled."""
    if source is None:
        return None
    start, stop = layout.tiles[tile].window
    frames = torch.arange(start, stop, device=source.kept.device)
    place = frames % layout.frames  # around the ring; past other ends lies padding, which is not kept
    kept = source.kept[place]
    if layout.edge != "circular":
        kept = kept & (frames == place)
    if kept.all() or not kept.any():
        return None
    return KnownFrames(source.latent[:, :, place], kept)


def reconstructed(
    predict: Callable[[Tensor], Prediction], window: Tensor, known: KnownFrames, alpha: float, scale: float
) -> Prediction:
    """The prediction for a window `[B, C, w, F]` that holds kept and made frames, its guided half drawn to the kept.

    The clean estimate's squared error in the kept frames has a gradient with respect to the noisy window; in the made
    frames the clean estimate moves by `scale * sqrt(alpha) / 2` against it. `alpha` is the timestep's cumulative one.

    Raises `SpotnbError` for a model whose prediction has no gradient.
    """
    with torch.inference_mode(False), torch.enable_grad():
        # Clones, for tensors of inference mode would take no part.
        x, latent, kept = window.clone().requires_grad_(), known.latent.clone(), known.kept[:, None].clone()
        predicted = predict(x)
        if not predicted.guided.requires_grad:
            raise SpotnbError(
                "the model's predict_noise gives no gradient, which reconstruction guidance needs where sound is kept; "
                "let it (it may run under torch.no_grad), or pass reconstruction_scale=0"
            )
        clean = (x - (1 - alpha) ** 0.5 * predicted.guided) / alpha**0.5
        error = ((clean - latent) * kept).square().sum()
        (gradient,) = torch.autograd.grad(error, x)
    unguided = None if predicted.unguided is None else predicted.unguided.detach()
    guided = predicted.guided.detach() + scale * alpha / 2 / (1 - alpha) ** 0.5 * torch.where(kept, 0.0, gradient)
    return Prediction(guided, unguided, predicted.prompted.detach())
