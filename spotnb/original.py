"""The vocabulary of the original notebook in one room, over ours.

`from spotnb.original import *` takes the place of its import cell, and its other cells run as they are written, on the
embedded model, on any other that `load_model` finds, and on what the package `audioldm` builds. What differs is meant:

- `spotdiffusion_text_to_audio` gives exactly the seconds that were asked for (the original: 30.72 s for 30), and draws
  from no global generator;
- timesteps fall, tiles cover every frame, and the grid moves instead of the sound, so nothing is rolled;
- nothing is printed: progress is a bar, the rest is returned.

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
from importlib import import_module
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
from tqdm.auto import tqdm

from spotnb.errors import InputError, SpotnbError
from spotnb.generate import spotdiffusion_text_to_audio
from spotnb.models import decode
from spotnb.models.adapt import as_model
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.conditioning import joined
from spotnb.models.load import load_model
from spotnb.sampling.guidance import one_prompt
from spotnb.sampling.run import Run
from spotnb.sampling.settings import RunSettings
from spotnb.sound.lengths import duration_to_latent_t_size
from spotnb.support.checks import check_int, show
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

AUDIOLDM_NAMES = {
    "audioldm-s-full": "cvssp/audioldm",
    "audioldm-s-full-v2": "cvssp/audioldm-s-full-v2",
    "audioldm-m-full": "cvssp/audioldm-m-full",
    "audioldm-l-full": "cvssp/audioldm-l-full",
    "audioldm-s-text-ft": None,
    "audioldm-m-text-ft": None,
}
"""The checkpoints by the names of the package `audioldm`, and where they are in diffusers' format, if they are."""


class BuiltModel(DiffusersAudioLDM):
    """A model from `load_model` that also answers to the names of audioldm's `LatentDiffusion`.

    Attributes:
        latent_f_size: latent bins, 16.
        latent_t_size: the frames it was trained for, 256; here it is for reading alone.
        cond_stage_model: its text encoder.
    """

    def __init__(self, loaded: DiffusersAudioLDM) -> None:
        vars(self).update(vars(loaded))  # all pieces are there already, and are shared
        self.latent_f_size: int = self.latent_bins
        self.latent_t_size: int = self.native_frames
        self.cond_stage_model = TextStage(self)

    def get_learned_conditioning(self, texts: Sequence[str]) -> Tensor:
        """Conditioning `[N, 1, D]` of N texts. Raises `InputError` for anything but a list of texts."""
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts) or not len(texts):
            raise InputError(f"texts are {show(texts)}: expected a list of texts; for one of them, [text]")
        return self.embed(list(texts))[:, None]


class TextStage:
    """The text encoder of a `BuiltModel` under audioldm's name. It reads texts, and knows no other mode."""

    def __init__(self, model: BuiltModel) -> None:
        self._model = model

    @property
    def embed_mode(self) -> str:
        """What is embedded: "text". Setting it to anything else raises `InputError`."""
        return "text"

    @embed_mode.setter
    def embed_mode(self, mode: str) -> None:
        if mode != "text":
            raise InputError(f"embed_mode is {show(mode)}: expected 'text'; to start from sound, see init_audio")

    def get_unconditional_condition(self, batchsize: int) -> Tensor:
        """Conditioning `[batchsize, 1, D]` of no prompt."""
        count = check_int("batchsize", batchsize, 1, hint="give the number of rows")
        return self._model.get_learned_conditioning([""] * count)


def build_model(model_name: str = "tiny", *, device: str = "auto", dtype: str = "auto") -> Any:
    """A model by name.

    Args:
        model_name: "tiny", the embedded model; one of the `cvssp/audioldm…` checkpoints or a local folder, see
            `load_model`; or one of audioldm's own names, such as "audioldm-m-full".
        device, dtype: see `load_model`. audioldm chooses for itself.

    Returns a `BuiltModel`; for audioldm's own names its `LatentDiffusion`, with one thing mended: its text encoder
    no longer drops the prompt one time in ten. Every function of spotnb takes both.

    Raises:
        InputError: an unknown name.
        SpotnbError: as `load_model`; or the package `audioldm` is needed and cannot be imported, or fails.
    """
    if not isinstance(model_name, str) or model_name not in AUDIOLDM_NAMES:
        return BuiltModel(load_model(model_name, device=device, dtype=dtype))
    twin = AUDIOLDM_NAMES[model_name]
    instead = f"take {twin!r}, the same weights in diffusers' format, or 'tiny'" if twin else "take 'tiny'"
    try:
        audioldm = import_module("audioldm")
    except (ImportError, OSError) as error:  # a broken torchaudio is an OSError
        raise SpotnbError(
            f"{model_name!r} belongs to the package audioldm, which cannot be imported ({_line(error)}); "
            f"install it, or {instead}"
        ) from error
    try:
        built = audioldm.build_model(model_name=model_name)
    except Exception as error:  # no network, no disk, a checkpoint cut short: each a kind of its own
        raise SpotnbError(f"audioldm cannot build {model_name!r} ({_line(error)}); mend that, or {instead}") from error
    built.cond_stage_model.unconditional_prob = 0.0
    return built


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


class DDIMSampler:
    """A model, ready for `spotdiffusion_sample`; DDIM (Song et al. 2020, arXiv:2010.02502) is `spotnb.solvers.ddim`'s.

    `model`: from `build_model`, any `AudioModel`, or audioldm's `LatentDiffusion`. Raises `InputError` for anything
    else.
    """

    def __init__(self, model: Any) -> None:
        as_model(model)  # what is none is an error here, not in the middle of a loop
        self.model = model


def apply_shift(latent: Tensor, shift_time: int) -> Tensor:
    """A latent `[B, C, T, F]` rolled to the right by `shift_time` frames: what leaves at the end enters at the start.

    `reverse_shift` undoes it, to the last bit, for every shift. The original mirrored the latent at both ends, rolled
    that, and cropped it to T again, which loses `shift_time` frames of the end for good and doubles as many of the
    start; "cropped without unshift" in `spotnb.gallery` shows what becomes of that. Runs of spotnb use neither:
    `plan` moves the grid of tiles over a latent that stays where it is, and mirrors only what windows see past the
    ends.

    Raises `InputError` for another shape, or a shift that is no whole number.
    """
    return torch.roll(_checked_latent(latent), _checked_shift(shift_time), dims=2)


def reverse_shift(latent: Tensor, shift_time: int) -> Tensor:
    """A latent `[B, C, T, F]` rolled back: `reverse_shift(apply_shift(latent, s), s)` equals `latent` bit for bit.

    Raises `InputError` as `apply_shift` does.
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
    """Log-mel `[B, 1, 4T, 64]` of a latent `[B, C, T, F]`: `spotnb.sliding_window_vae_decode`, for `build_model`'s too.

    Sizes are latent frames (40 ms). Raises as that does, and `InputError` for what is no model.
    """
    return decode.sliding_window_vae_decode(as_model(model), _checked_latent(latent), window_size, overlap_size)


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
    """Make a latent from conditioning: SpotDiffusion (Frolov et al. 2024, arXiv:2407.15507), or one window if it fits.

    Only the latent is returned; for what happens between noise and latent, drive a `spotnb.SpotSampler` instead.

    Args:
        sampler: from `DDIMSampler(model)`.
        shape: `[B, C, T, F]`. Where T is no multiple of what the model takes (8), the run is that little longer, and
            its surplus is cropped.
        conditioning: `[1, D]` or `[1, 1, D]`, as `model.get_learned_conditioning([prompt])` gives it; or with B rows,
            one for each item of the batch.
        unconditional_conditioning: likewise, of what to be guided away from; None for no guidance.
        unconditional_guidance_scale: how strongly the prompt pulls.
        eta: noise put back at each step, 0 (DDIM) to 1 (as much as DDPM).
        x_T: the start noise, of the same shape; None draws it.
        S: denoising steps, 1 to 1000.
        config: how the latent is tiled; None is `SpotDiffusionConfig()`.
        seed: of every draw: item i of the batch uses `seed + i`, so the same call gives the same latent. None draws a
            seed.
        progress: whether to show a bar.

    Returns a latent of this shape, float32.

    Raises:
        InputError: the shape is not the model's, a tensor has another shape than expected or holds NaN or infinity, or
            a setting is outside its limits.
    """
    if not hasattr(sampler, "model"):
        raise InputError(f"sampler is {show(sampler)}: expected DDIMSampler(model); make one of your model")
    model = as_model(sampler.model)
    batch, channels, frames, bins = check_shape(shape)
    if (channels, bins) != (model.channels, model.latent_bins):
        expected = [batch, model.channels, frames, model.latent_bins]
        raise InputError(f"shape is {show(list(shape))}: expected {expected} for {model.name}; mend channels or bins")
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
    for item in tqdm(range(batch), desc="items", disable=not progress or batch == 1):
        prompts = one_prompt(joined([cond[item : item + 1], uncond[item : item + 1]]))
        run = Run.of(model, replace(settings, seed=first + item), prompts=prompts, frames=frames)
        state = run.start(None if start is None else start[item : item + 1])
        latents.append(run.finish(state, progress=progress).x[:, :, :frames])
    return torch.cat(latents)


def _rows(name: str, value: Any, batch: int, width: int) -> Tensor:
    """Conditioning as `[B, D]`, from one row or B."""
    counts = sorted({1, batch})
    forms = [shape for rows in counts for shape in ((rows, width), (rows, 1, width))]
    return _checked_tensor(name, value, forms).reshape(-1, width).expand(batch, -1)


def _checked_tensor(name: str, value: Any, shapes: Sequence[tuple[int, ...]]) -> Tensor:
    """`value`, if it is a finite tensor of one of these shapes, in float32."""
    forms = " or ".join(str(list(shape)) for shape in shapes)
    if not isinstance(value, Tensor) or tuple(value.shape) not in shapes:
        came = f"of shape {list(value.shape)}" if isinstance(value, Tensor) else show(value)
        raise InputError(f"{name} is {came}: expected a tensor {forms}")
    if not torch.isfinite(value).all():
        raise InputError(f"{name} holds NaN or infinity: expected finite numbers; mend them")
    return value.float()
