"""Conversion of what a caller passes as a model to an `AudioModel`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spotnb.errors import InputError
from spotnb.models.latent_diffusion import TRAINED_STEPS, from_audioldm
from spotnb.models.protocol import AudioModel, has_decode
from spotnb.support.checks import as_plain, show

PROPERTIES = tuple(AudioModel.__annotations__)
METHODS = tuple(name for name, value in vars(AudioModel).items() if callable(value) and not name.startswith("_"))
COUNTS = (
    "sample_rate",
    "channels",
    "latent_bins",
    "samples_per_frame",
    "native_frames",
    "time_multiple",
    "audio_channels",
)
MARKS = ("apply_model", "first_stage_model", "cond_stage_model", "alphas_cumprod")  # identify a LatentDiffusion


def as_model(model: Any) -> AudioModel:
    """Return `model` itself if it is an `AudioModel`, or an adapter if it is audioldm's `LatentDiffusion`.

    Both are recognized by their attributes. `audioldm.build_model` returns a `LatentDiffusion`.

    Raises:
        InputError: `model` is neither.
    """
    if isinstance(model, str):
        raise InputError(f"model is the text {show(model)}: expected a model; load_model({show(model)}) loads one")
    if isinstance(model, type):
        raise InputError(f"model is the class {model.__name__}: expected an instance; load_model() returns one")
    missing = [name for name in PROPERTIES if not hasattr(model, name)]
    missing += [name for name in METHODS if not callable(getattr(model, name, None))]
    if not has_decode(model):
        missing += [name for name in ("decode_mel", "vocode") if not callable(getattr(model, name, None))]
    if not missing:
        _check_properties(model)
        checked: AudioModel = model
        return checked
    if all(hasattr(model, name) for name in MARKS):
        return from_audioldm(model)
    rest = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    rest += "; decode would do for decode_mel and vocode" if set(missing) <= {"decode_mel", "vocode"} else ""
    raise InputError(
        f"model is a {type(model).__name__}, which lacks {', '.join(missing[:3])}{rest}: expected an AudioModel or "
        "audioldm's LatentDiffusion; load_model() and audioldm.build_model() return one"
    )


def _check_properties(model: AudioModel) -> None:
    alphas = model.alphas_cumprod
    if not isinstance(alphas, Tensor) or alphas.shape != (TRAINED_STEPS,):
        raise InputError(
            f"the model's alphas_cumprod is {show(getattr(alphas, 'shape', alphas))}: expected a tensor "
            f"[{TRAINED_STEPS}]; set it to the noise schedule that the model was trained on"
        )
    if not bool(((alphas > 0) & (alphas <= 1)).all()) or bool((alphas.diff() > 0).any()):
        raise InputError(
            "the model's alphas_cumprod does not fall from at most 1 to above 0: expected the products of 1 - beta; "
            "set it to the noise schedule that the model was trained on"
        )
    for name in COUNTS:
        value = getattr(model, name, 1)  # audio_channels is optional
        if type(as_plain(value)) is not int or value < 1:
            raise InputError(f"the model's {name} is {show(value)}: expected a whole number of at least 1; correct it")
    for name, kind in (("device", torch.device), ("dtype", torch.dtype)):
        if not isinstance(getattr(model, name), kind):
            raise InputError(f"the model's {name} is {show(getattr(model, name))}: expected a torch.{name}; correct it")
