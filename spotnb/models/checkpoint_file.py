"""The file of an original AudioLDM checkpoint, opened as tensors only and divided into the weights of its networks."""

from __future__ import annotations

import logging
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from spotnb.errors import SpotnbError
from spotnb.models.checkpoint_names import (
    Weights,
    averaged,
    text_weights,
    unet_weights,
    vae_weights,
    vocoder_weights,
)
from spotnb.solvers.protocol import TRAINED_STEPS
from spotnb.support.checks import show
from spotnb.support.paths import show_path
from spotnb.support.reasons import reason_of

log = logging.getLogger(__name__)

ADVICE = "expected a checkpoint of the package audioldm, such as audioldm-s-full.ckpt"
SHARED = 2
"""The most bytes of tensors per byte of the file. Tensors may share data, but a small file must not fill the memory."""
WRAPPER, AVERAGES = "model.", "model_ema."
PARTS = {
    "unet": "model.diffusion_model.",
    "vae": "first_stage_model.",
    "vocoder": "first_stage_model.vocoder.",
    "text_encoder": "cond_stage_model.model.",
}


class Parts(NamedTuple):
    """What a checkpoint holds, under the names of diffusers and transformers.

    Attributes:
        weights: The weights of the UNet, the autoencoder, the vocoder and the text encoder.
        alphas: The noise schedule, `[1000]`.
        scale: The factor between the autoencoder's latents and those of the UNet.
        averaged: Whether the weights of the UNet are moving averages (EMA).
    """

    weights: dict[str, Weights]
    alphas: Tensor
    scale: float
    averaged: bool


def read_parts(path: Path) -> Parts:
    """Read an original checkpoint.

    CLAP's audio branch, its training heads, position numbers and the loss of the autoencoder are left out.

    Raises:
        SpotnbError: The file is missing, damaged or of another kind, or it holds more than tensors.
    """
    state = _state(path)
    found = {part: _with_prefix(state, prefix) for part, prefix in PARTS.items()}
    if missing := [prefix.rstrip(".") for part, prefix in PARTS.items() if not found[part]]:
        raise SpotnbError(f"{show_path(path)} has no {missing[0]}: {ADVICE}")
    averages = _with_prefix(state, AVERAGES)
    wrapped = averaged(_with_prefix(state, WRAPPER), averages)
    try:
        weights = {
            "unet": unet_weights(_with_prefix(wrapped, "diffusion_model.")),
            "vae": vae_weights(found["vae"]),
            "vocoder": vocoder_weights(found["vocoder"]),
            "text_encoder": text_weights(_without_numbers(found["text_encoder"])),
        }
    except (ArithmeticError, LookupError, ValueError) as error:
        log.debug("converting %s", path, exc_info=True)
        raise SpotnbError(f"{show_path(path)} has weights of another network ({reason_of(error)}): {ADVICE}") from None
    return Parts(weights, _schedule(path, state), _scale(path, state), bool(averages))


def _state(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint by name. They stay in the file until they are used."""
    try:
        status = path.stat()
    except OSError as error:
        raise SpotnbError(f"cannot read {show_path(path)}: {reason_of(error)}") from None
    if not stat.S_ISREG(status.st_mode):
        raise SpotnbError(f"{show_path(path)} is not a file: {ADVICE}")
    mapped = zipfile.is_zipfile(path)
    try:
        if mapped:
            with zipfile.ZipFile(path) as archive:
                if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                    raise SpotnbError(f"{show_path(path)} is compressed: expected a file as torch.save writes it")
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except SpotnbError:
        raise
    except Exception as error:  # torch and zipfile raise many types of errors
        log.debug("reading %s", path, exc_info=True)
        raise SpotnbError(f"cannot read {show_path(path)} ({reason_of(error)}): {ADVICE}; fetch it again") from None
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, Mapping) or not all(isinstance(name, str) for name in state):
        raise SpotnbError(f"{show_path(path)} holds a {type(content).__name__} without a state_dict: {ADVICE}")
    for name, value in state.items():
        if not isinstance(value, Tensor) or value.layout != torch.strided:
            kind = type(value).__name__
            raise SpotnbError(f"{show_path(path)} has {show(name)[:40]} as a {kind}: expected a tensor; fetch it again")
    if sum(value.nbytes for value in state.values()) > SHARED * status.st_size:
        raise SpotnbError(f"{show_path(path)} has tensors that are larger than the file: {ADVICE}; fetch it again")
    return dict(state)


def _with_prefix(state: Mapping[str, Tensor], prefix: str) -> Weights:
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}


def _without_numbers(weights: Weights) -> Weights:
    """Leave out the numbers of positions, which newer versions of RoBERTa do not store."""
    return {name: value for name, value in weights.items() if not name.endswith(("position_ids", "token_type_ids"))}


def _schedule(path: Path, state: Mapping[str, Tensor]) -> Tensor:
    alphas = state.get("alphas_cumprod")
    if alphas is None or alphas.shape != (TRAINED_STEPS,) or not alphas.is_floating_point():
        came = "no alphas_cumprod" if alphas is None else f"an alphas_cumprod of shape {list(alphas.shape)}"
        raise SpotnbError(f"{show_path(path)} has {came}: {ADVICE}")
    alphas = alphas.float().clone()
    if not (alphas.isfinite().all() and (alphas > 0).all() and (alphas <= 1).all() and (alphas.diff() < 0).all()):
        raise SpotnbError(f"{show_path(path)}: the noise of alphas_cumprod does not grow from step to step: {ADVICE}")
    return alphas


def _scale(path: Path, state: Mapping[str, Tensor]) -> float:
    scale = state.get("scale_factor", torch.ones(()))
    value = float(scale) if scale.numel() == 1 else 0.0
    if not 1e-4 <= value <= 1e4:
        raise SpotnbError(
            f"{show_path(path)} has a scale_factor of {value:g}: expected 0.0001 to 10000; fetch it again"
        )
    return value
