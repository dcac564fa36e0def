"""What a caller passes as a model: taken if it is one, adapted if it is audioldm's, refused in a line if neither."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from spotnb.errors import InputError
from spotnb.models.latent_diffusion import TRAINED_STEPS, from_audioldm
from spotnb.models.protocol import AudioModel
from spotnb.support.checks import show

PROPERTIES = tuple(AudioModel.__annotations__)
METHODS = tuple(name for name, value in vars(AudioModel).items() if callable(value) and not name.startswith("_"))
MARKS = ("apply_model", "first_stage_model", "cond_stage_model", "alphas_cumprod")  # of a LatentDiffusion


def as_model(model: Any) -> AudioModel:
    """`model` itself if it is an `AudioModel`; a `LatentDiffusion`, what `audioldm.build_model` returns, adapted.

    Both are recognised by what they have. Raises `InputError` for anything else.
    """
    if isinstance(model, str):
        raise InputError(f"model is the text {show(model)}: expected a model; load_model({show(model)}) loads one")
    if isinstance(model, type):
        raise InputError(f"model is the class {model.__name__}: expected an object of it; load_model() gives one")
    missing = [name for name in PROPERTIES if not hasattr(model, name)]
    missing += [name for name in METHODS if not callable(getattr(model, name, None))]
    if not missing:
        alphas = model.alphas_cumprod
        if not isinstance(alphas, Tensor) or alphas.shape != (TRAINED_STEPS,):
            raise InputError(
                f"the model's alphas_cumprod is {show(getattr(alphas, 'shape', alphas))}: expected a tensor "
                f"[{TRAINED_STEPS}]; give it the noise schedule that the model was trained on"
            )
        taken: AudioModel = model
        return taken
    if all(hasattr(model, name) for name in MARKS):
        return from_audioldm(model)
    rest = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    raise InputError(
        f"model is a {type(model).__name__}, which lacks {', '.join(missing[:3])}{rest}: expected an AudioModel or "
        "audioldm's LatentDiffusion; load_model() and audioldm.build_model() give one"
    )
