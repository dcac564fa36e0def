"""Compiling of a denoising network with `torch.compile`."""

from __future__ import annotations

from typing import Any

import torch

from spotnb.errors import InputError, SpotnbError
from spotnb.support.checks import check_flag
from spotnb.support.reasons import reason_of

NETWORKS = ("unet", "transformer")
"""The attributes under which a model of a family keeps its denoising network."""


def check_compile(compile_: Any, device: torch.device) -> bool:
    """Return `compile_` if the device gains from compiling.

    Raises:
        InputError: It is not True or False, or the device is not a CUDA GPU. CPUs were measured to gain nothing.
        SpotnbError: What torch needs to compile is not installed.
    """
    if not check_flag("compile", compile_):
        return False
    if device.type != "cuda":
        raise InputError(f"compile is True, but a {device.type} gains nothing from it: leave it out, or use a CUDA GPU")
    try:
        torch.compile(torch.neg)(torch.zeros(1, device=device))
    except Exception as error:  # a missing compiler or triton each raise a different type
        raise SpotnbError(f"torch cannot compile here ({reason_of(error)[:60]}): leave compile out") from None
    return True


def compile_network(model: Any, **options: Any) -> None:
    """Compile the denoising network of a model in place. The first run then takes a minute or two longer.

    Windows mostly have one width. When another one comes, torch compiles once more for any width; so the number of
    widths does not matter, and windows are not padded to fewer, which would change what the network sees.

    Args:
        model: A model from `load_model`.
        **options: Of `torch.compile`.
    """
    for name in NETWORKS:
        if hasattr(model, name):
            setattr(model, name, torch.compile(getattr(model, name), **options))
    model.notes["compiled"] = True
