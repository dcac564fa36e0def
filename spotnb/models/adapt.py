"""Conversion of what a caller passes as a model to an `AudioModel`."""

from __future__ import annotations

from typing import Any

from spotnb.errors import InputError
from spotnb.models.latent_diffusion import from_audioldm
from spotnb.models.members import check_members
from spotnb.models.protocol import AudioModel, has_decode
from spotnb.support.checks import show

PROPERTIES = tuple(AudioModel.__annotations__)
METHODS = tuple(name for name, value in vars(AudioModel).items() if callable(value) and not name.startswith("_"))
MARKS = ("apply_model", "first_stage_model", "cond_stage_model", "alphas_cumprod")  # identify a LatentDiffusion


def as_model(model: Any) -> AudioModel:
    """Return `model` itself if it is an `AudioModel`, or an adapter if it is audioldm's `LatentDiffusion`.

    Both are recognized by their attributes. `audioldm.build_model` returns a `LatentDiffusion`.

    Raises:
        InputError: `model` is neither, or one of its members has another type or value than it must have.
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
        check_members(model)
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
