"""The names and calls of the original notebook, implemented with spotnb.

Replace the import cell of the original notebook by `from spotnb.original import *`. Its other cells then run unchanged,
with the embedded model, with any other model that `load_model` can load, and with models from the package `audioldm`.
The results differ intentionally:

- `spotdiffusion_text_to_audio` returns exactly the requested duration (the original returns 30.72 s for 30), and it
  does not use a global random generator.
- Timesteps decrease and tiles cover every frame. The grid moves instead of the sound, so nothing is rolled.
- Nothing is printed. Progress is shown as a bar, and everything else is returned.

No other module imports this one.
"""

from __future__ import annotations

import numbers
import os
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

try:
    import IPython.display as ipd
except ImportError as error:
    raise ImportError(
        f"spotnb.original plays sound through IPython, which cannot be imported ({error}); "
        "install it: pip install 'spotnb[notebooks]'"
    ) from error

import matplotlib.pyplot as plt
import numpy as np
import soundfile as sf
import torch
from torch import Tensor

from spotnb.errors import InputError
from spotnb.generate import spotdiffusion_text_to_audio
from spotnb.models import decode_mel
from spotnb.models.adapt import as_model
from spotnb.models.build_model import build_model
from spotnb.models.conditioning import joined
from spotnb.models.shelter import shelter
from spotnb.sampling.guidance import one_prompt
from spotnb.sampling.run import Run
from spotnb.sampling.settings import RunSettings
from spotnb.sound.lengths import duration_to_latent_t_size
from spotnb.support.checks import check_int, show
from spotnb.support.progress import progress_bar
from spotnb.tiling.config import SpotDiffusionConfig, should_use_spotdiffusion
from spotnb.tiling.layout import create_tiles
from spotnb.tiling.shifts import check_shape, generate_random_shift

__all__ = [
    "DDIMSampler",
    "SpotDiffusionConfig",
    "apply_shift",
    "build_model",
    "create_tiles",
    "duration_to_latent_t_size",
    "generate_random_shift",
    "ipd",
    "np",
    "os",
    "plt",
    "reverse_shift",
    "sf",
    "should_use_spotdiffusion",
    "sliding_window_vae_decode",
    "spotdiffusion_sample",
    "spotdiffusion_text_to_audio",
    "sys",
    "time",
    "torch",
]


class DDIMSampler:
    """A model, ready for `spotdiffusion_sample`.

    The algorithm is DDIM (Song et al. 2020, arXiv:2010.02502), see `spotnb.solvers.ddim`.

    Args:
        model: A model from `build_model`, any `AudioModel`, or audioldm's `LatentDiffusion`.

    Raises:
        InputError: `model` is not a model.
    """

    def __init__(self, model: Any) -> None:
        as_model(model)  # reject anything else here, not in the middle of a loop
        self.model = model


@shelter
def apply_shift(latent: Tensor, shift_time: int) -> Tensor:
    """Roll a latent `[B, C, T, F]` to the right by `shift_time` frames.

    Frames that leave at the end enter at the start. `reverse_shift` undoes this to the last bit, for every shift.

    The original notebook mirrors the latent at both ends, rolls it, and crops it to T frames. This loses the last
    `shift_time` frames for good and doubles as many frames of the start. The exhibit "cropped without unshift" in
    `spotnb.gallery` shows the effect. Runs of spotnb use neither function: `plan` moves the grid of tiles over a latent
    that stays in place, and only the padding that windows see past the ends is mirrored.

    Raises:
        InputError: The latent has another shape, or the shift is not a whole number.
    """
    return torch.roll(_checked_latent(latent), _checked_shift(shift_time), dims=2)


@shelter
def reverse_shift(latent: Tensor, shift_time: int) -> Tensor:
    """Roll a latent `[B, C, T, F]` back: `reverse_shift(apply_shift(latent, s), s)` equals `latent` bit for bit.

    Raises:
        InputError: The latent has another shape, or the shift is not a whole number.
    """
    return torch.roll(_checked_latent(latent), -_checked_shift(shift_time), dims=2)


def _checked_latent(latent: Any) -> Tensor:
    if isinstance(latent, Tensor) and latent.ndim == 4 and latent.shape[2]:
        return latent
    came = list(latent.shape) if hasattr(latent, "shape") else show(latent)
    raise InputError(f"latent is {came}: expected a tensor [batch, channels, time frames, frequency bins]")


def _checked_shift(shift_time: Any) -> int:
    if isinstance(shift_time, numbers.Integral) and not isinstance(shift_time, bool):
        return int(shift_time)
    raise InputError(
        f"shift_time is {show(shift_time)}: expected a whole number of latent frames; generate_random_shift draws one"
    )


def sliding_window_vae_decode(model: Any, latent: Tensor, window_size: int = 256, overlap_size: int = 64) -> Tensor:
    """Decode a latent `[B, C, T, F]` to a log-mel `[B, 1, 4T, 64]`.

    This is `spotnb.sliding_window_vae_decode`, which also takes models from `build_model` here.

    Args:
        model: A model from `build_model`, or any `AudioModel`.
        latent: The latent.
        window_size: The length of a window in latent frames (40 ms).
        overlap_size: The overlap of two windows in latent frames.

    Raises:
        InputError: `model` is not a model, or an argument is outside its limits.
        SpotnbError: The decoder returned NaN or infinity.
    """
    return decode_mel.sliding_window_vae_decode(as_model(model), _checked_latent(latent), window_size, overlap_size)


def spotdiffusion_sample(
    sampler: Any,
    shape: Sequence[int],
    conditioning: Tensor,
    unconditional_conditioning: Tensor | None,
    unconditional_guidance_scale: float = 3.0,
    eta: float = 0.1,
    x_T: Tensor | None = None,
    S: int = 200,
    config: SpotDiffusionConfig | None = None,
    *,
    seed: int | None = 0,
    progress: bool = True,
) -> Tensor:
    """Generate a latent from conditioning with SpotDiffusion (Frolov et al. 2024, arXiv:2407.15507).

    A latent that fits into one tile is generated in one window. Only the result is returned. To look at the steps in
    between, use a `spotnb.SpotSampler` instead.

    Args:
        sampler: A `DDIMSampler(model)`.
        shape: `[B, C, T, F]`. If T is not a multiple of the model's `time_multiple` (8 for AudioLDM), the run is
            slightly longer, and the surplus is cropped.
        conditioning: `[1, D]` or `[1, 1, D]`, from `model.get_learned_conditioning([prompt])`, or B rows, one for each
            item of the batch.
        unconditional_conditioning: Conditioning of the negative or empty prompt, in the same form. None turns guidance
            off.
        unconditional_guidance_scale: The guidance scale.
        eta: Noise added back at each step, from 0 (DDIM) to 1 (as much as DDPM).
        x_T: The initial noise, with the shape `shape`; None draws it. The embedded model adds its typical latent.
        S: The number of denoising steps, 1 to 1000.
        config: How the latent is tiled. None is `SpotDiffusionConfig()`.
        seed: The seed of every draw. Item i of the batch uses `seed + i`, so the same call gives the same latent. None
            draws a seed.
        progress: Whether to show a progress bar.

    Returns:
        A float32 latent of the shape `shape`.

    Raises:
        InputError: The shape does not fit the model, a tensor has an unexpected shape or holds NaN or infinity, or a
            setting is outside its limits.
        SpotnbError: The run would not fit into memory, or the network returned NaN or infinity.
    """
    if not hasattr(sampler, "model"):
        raise InputError(f"sampler is {show(sampler)}: expected DDIMSampler(model); create one from your model")
    model = as_model(sampler.model)
    batch, channels, frames, bins = check_shape(shape)
    if (channels, bins) != (model.channels, model.latent_bins):
        expected = [batch, model.channels, frames, model.latent_bins]
        raise InputError(f"shape is {show(list(shape))}: expected {expected} for {model.name}; fix channels or bins")
    width = model.embed([""]).shape[1]
    cond = _rows("conditioning", conditioning, batch, width)
    guided = unconditional_conditioning is not None
    uncond = _rows("unconditional_conditioning", unconditional_conditioning, batch, width) if guided else cond
    start = None if x_T is None else _checked_tensor("x_T", x_T, [(batch, channels, frames, bins)])
    first = secrets.randbits(31) if seed is None else check_int("seed", seed, 0, hint="None draws one")
    scale = unconditional_guidance_scale if guided else 1
    settings = RunSettings(
        "conditioning given as a tensor",
        steps=S,
        guidance_scale=scale,
        config=config,
        eta=eta,
        seed=first,
        record="last",
    )
    latents = []
    for item in progress_bar(range(batch), desc="items", shown=progress and batch > 1):
        prompts = one_prompt(joined([cond[item : item + 1], uncond[item : item + 1]]))
        run = Run.of(model, replace(settings, seed=first + item), prompts=prompts, frames=frames)
        state = run.start(None if start is None else start[item : item + 1])
        latents.append(run.finish(state, progress=progress).x[:, :, :frames])
    return torch.cat(latents)


def _rows(name: str, value: Any, batch: int, width: int) -> Tensor:
    """Return conditioning of one row or B rows as `[B, D]`."""
    counts = sorted({1, batch})
    forms = [shape for rows in counts for shape in ((rows, width), (rows, 1, width))]
    return _checked_tensor(name, value, forms).reshape(-1, width).expand(batch, -1)


def _checked_tensor(name: str, value: Any, shapes: Sequence[tuple[int, ...]]) -> Tensor:
    """Return `value` in float32 if it is a finite tensor of one of these shapes."""
    forms = " or ".join(str(list(shape)) for shape in shapes)
    if not isinstance(value, Tensor) or tuple(value.shape) not in shapes:
        came = f"of shape {list(value.shape)}" if isinstance(value, Tensor) else show(value)
        raise InputError(f"{name} is {came}: expected a tensor {forms}")
    if not torch.isfinite(value).all():
        raise InputError(f"{name} holds NaN or infinity: expected finite numbers; replace them")
    return value.float()
