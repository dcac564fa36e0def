"""What the members of a model must be. A model may be anyone's, so a wrong member is named before a run begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from spotnb.errors import InputError
from spotnb.models.devices import why_unusable
from spotnb.models.latent_diffusion import TRAINED_STEPS
from spotnb.support.checks import as_plain, check_int, check_text, show

if TYPE_CHECKING:
    from spotnb.models.protocol import AudioModel

COUNTS = ("sample_rate", "channels", "latent_bins", "samples_per_frame", "native_frames", "time_multiple")
OPTIONAL_COUNTS = {"audio_channels": 1, "decode_window": 1, "decode_context": 0, "tile_batch": 1}
"""The least value of each."""
OPTIONAL_METHODS = ("describe", "place", "typical_latent", "read_text", "unknown_words", "score")


def check_members(model: AudioModel) -> None:
    """Check the members of a model that has all required ones.

    Raises:
        InputError: A member has another type or value. The message names it.
    """
    check_text("the model's name", model.name, hint="correct it", blank=False)
    _check_schedule(model.alphas_cumprod)
    for name in COUNTS:
        check_int(f"the model's {name}", as_plain(getattr(model, name)), 1, hint="correct it")
    for name, least in OPTIONAL_COUNTS.items():
        if hasattr(model, name):
            value = as_plain(getattr(model, name))
            check_int(f"the model's {name}", value, least, hint="correct it, or leave it out for the default")
    for name in OPTIONAL_METHODS:
        if (method := getattr(model, name, None)) is not None and not callable(method):
            raise InputError(f"the model's {name} is {show(method)}: expected a method; correct it, or leave it out")
    _check_device(model.device)
    if not isinstance(dtype := model.dtype, torch.dtype) or not dtype.is_floating_point:
        raise InputError(
            f"the model's dtype is {show(dtype)}: expected one of torch's floating-point types; correct it"
        )


def _check_schedule(alphas: Any) -> None:
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


def _check_device(device: Any) -> None:
    if not isinstance(device, torch.device):
        raise InputError(f"the model's device is {show(device)}: expected a torch.device; correct it")
    if reason := why_unusable(device):
        raise InputError(
            f"the model's device is {show(str(device))}, which cannot be used ({reason}): expected one of this "
            "machine; move the model"
        )
