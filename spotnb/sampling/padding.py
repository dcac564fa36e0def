"""What windows show past the ends of the latent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import Solver
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
    (left, right), frames = layout.pad, layout.frames
    if not left and not right:
        return x
    outside = torch.from_numpy(layout.frame_at(np.r_[-left:0, frames : frames + right])).to(x.device)
    if layout.policy.padding == "noisy latent":
        ends = x[:, :, outside]
    else:
        ends = draws.normal((x.shape[1], left + right, x.shape[3]), step, "pad").to(x)
        if estimate is not None:
            ends = solver.scale_model_input(solver.add_noise(estimate[:, :, outside], ends, step), step)
    return torch.cat([part for part in (ends[:, :, :left], x, ends[:, :, left:]) if part.shape[2]], dim=2)
