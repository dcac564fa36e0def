"""What windows show past the ends of the latent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import Solver
from spotnb.tiling.edges import EdgePolicy
from spotnb.tiling.layout import Layout


class Padding(NamedTuple):
    """What lies past the ends of the latent, for the windows that reach there.

    Attributes:
        of: What is mirrored: "clean estimate" (with new noise), "noisy latent", or, before there is an estimate,
            "nothing" (the padding is noise alone). Where nothing is padded it is "none".
        left: The frames of the latent that stand before frame 0, in the order in which they stand there.
        right: The same after the last frame.
    """

    of: str
    left: tuple[int, ...]
    right: tuple[int, ...]


def mirror(x: Tensor, left: int, right: int) -> tuple[Tensor, Tensor]:
    """Return what lies past the ends of `x` `[B, C, T, F]` when it is mirrored, the border frame not repeated."""
    frames = x.shape[2]
    places = np.concatenate([np.arange(-left, 0), np.arange(frames, frames + right)])
    outside = x[:, :, torch.from_numpy(EdgePolicy().frame_at(places, frames)).to(x.device)]
    return outside[:, :, :left], outside[:, :, left:]


def pad_latent(x: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Return `x` `[B, C, T, F]` with frames put before and after it; either may be empty."""
    return torch.cat([part for part in (left, x, right) if part.shape[2]], dim=2)


def padding_of(layout: Layout, estimate: Tensor | None) -> Padding:
    """Return which frames are mirrored into the padding, and of what."""
    (left, right), frames = layout.pad, layout.frames
    before = tuple(layout.frame_at(place) for place in range(-left, 0))
    after = tuple(layout.frame_at(place) for place in range(frames, frames + right))
    if not left and not right:
        return Padding("none", (), ())
    of = layout.policy.padding
    return Padding("nothing", (), ()) if of == "clean estimate" and estimate is None else Padding(of, before, after)


def padded_latent(
    x: Tensor, estimate: Tensor | None, layout: Layout, solver: Solver, draws: Draws, step: int
) -> Tensor:
    """Return what the windows of a step are cut from, `[B, C, left + T + right, F]`, at the network's scale.

    Args:
        x: The noisy latent `[B, C, T, F]`, at the solver's scale.
        estimate: The clean estimate of the step before, or None before the first step.
        layout: The tiles of the step; `layout.pad` has the sizes.
        solver: Gives the noise level of the step.
        draws: Where the noise of the padding comes from.
        step: The step.
    """
    x = solver.scale_model_input(x, step)
    left, right = layout.pad
    if not left and not right:
        return x
    if layout.policy.padding == "noisy latent":
        return pad_latent(x, *mirror(x, left, right))
    ends = draws.normal((x.shape[1], left + right, x.shape[3]), step, "pad").to(x)
    if estimate is not None:
        mirrored = torch.cat(mirror(estimate, left, right), dim=2)
        ends = solver.scale_model_input(solver.add_noise(mirrored, ends, step), step)
    return pad_latent(x, ends[:, :, :left], ends[:, :, left:])
