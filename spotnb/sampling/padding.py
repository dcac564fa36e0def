"""The padding that windows show past the ends of the latent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from spotnb.models.shelter import shelter
from spotnb.solvers.noise import Draws
from spotnb.solvers.own import like
from spotnb.solvers.protocol import Solver
from spotnb.tiling.edges import EdgePolicy
from spotnb.tiling.layout import Layout

REFLECT = EdgePolicy()


class Padding(NamedTuple):
    """The frames that are mirrored past the ends of the latent, for the windows that reach beyond them.

    Attributes:
        of: The mirrored tensor: "clean estimate" (with new noise), "noisy latent", "nothing" (before there is an
            estimate, the padding is made like the initial latent), or "none" (there is no padding).
        left: The frames of the latent that appear before frame 0, from left to right.
        right: The frames of the latent that appear after the last frame, from left to right.
    """

    of: str
    left: tuple[int, ...]
    right: tuple[int, ...]


def mirror(x: Tensor, left: int, right: int, policy: EdgePolicy = REFLECT) -> tuple[Tensor, Tensor]:
    """Return the frames that `policy` shows past both ends of `x` `[B, C, T, F]`: by default their mirror images."""
    frames = x.shape[2]
    places = np.concatenate([np.arange(-left, 0), np.arange(frames, frames + right)])
    outside = x[:, :, torch.from_numpy(policy.frame_at(places, frames)).to(x.device)]
    return outside[:, :, :left], outside[:, :, left:]


def pad_latent(x: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Return `x` `[B, C, T, F]` with frames before and after it. Either side may be empty."""
    return torch.cat([part for part in (left, x, right) if part.shape[2]], dim=2)


def padding_of(layout: Layout, estimate: Tensor | None) -> Padding:
    """Return which frames are mirrored into the padding, and of which tensor."""
    (left, right), frames = layout.pad, layout.frames
    before = tuple(layout.frame_at(place) for place in range(-left, 0))
    after = tuple(layout.frame_at(place) for place in range(frames, frames + right))
    if not left and not right:
        return Padding("none", (), ())
    of = layout.policy.padding
    return Padding("nothing", (), ()) if of == "clean estimate" and estimate is None else Padding(of, before, after)


@shelter
def padded_latent(
    x: Tensor, estimate: Tensor | None, layout: Layout, solver: Solver, draws: Draws, step: int
) -> Tensor:
    """Return the padded latent of a step, at the scale that the network expects. Windows are cut from it.

    Args:
        x: The noisy latent `[B, C, T, F]`, at the solver's scale.
        estimate: The clean estimate of the previous step; before the first step the typical latent, or None.
        layout: The tiles of the step. `layout.pad` holds the sizes of the padding.
        solver: The solver, which knows the noise level of the step.
        draws: The source of the padding's noise.
        step: The step.

    Returns:
        `[B, C, left + T + right, F]`.
    """
    x = like(solver, "scale_model_input", solver.scale_model_input(x, step), x)
    policy = layout.policy
    left, right = layout.pad
    if not left and not right:
        return x
    if policy.padding == "noisy latent":
        return pad_latent(x, *mirror(x, left, right, policy))
    ends = draws.normal((x.shape[1], left + right, x.shape[3]), step, "pad").to(x)
    if estimate is not None:
        shown = torch.cat(mirror(estimate, left, right, policy), dim=2)
        noised = like(solver, "add_noise", solver.add_noise(shown, ends, step), ends)
        ends = solver.scale_model_input(noised, step)
    return pad_latent(x, ends[:, :, :left], ends[:, :, left:])
