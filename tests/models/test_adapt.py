"""as_model accepts models, adapts a LatentDiffusion (see tests/audioldm), and refuses anything else in one line."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from spotnb.errors import InputError
from spotnb.models.adapt import METHODS, PROPERTIES, as_model
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.latent_diffusion import from_audioldm
from spotnb.models.protocol import AudioModel
from tests.models.components import make_components
from tests.networks import ALPHAS, FunctionModel, pointwise


def without(*names: str) -> FunctionModel:
    """Return a model with some names set to None, which is equivalent to not having them."""
    model = FunctionModel(pointwise)
    for name in names:
        setattr(model, name, None)
    return model


def test_models_pass_as_they_are() -> None:
    for model in (FunctionModel(pointwise), DiffusersAudioLDM("random", **make_components())):
        assert as_model(model) is model
        assert isinstance(model, AudioModel)


def test_nothing_of_the_protocol_is_forgotten() -> None:
    assert {*PROPERTIES, *METHODS} == {name for name in dir(AudioModel) if not name.startswith("_")} | set(
        AudioModel.__annotations__
    )
    assert set(METHODS) == {"embed", "predict_noise", "encode"}


def test_models_that_are_modules_pass() -> None:
    """A model whose noise schedule is a buffer, which is not a plain attribute."""
    model, behind = torch.nn.Module(), FunctionModel(pointwise)
    for name in {*PROPERTIES, *METHODS, "decode_mel", "vocode"} - {"alphas_cumprod"}:
        setattr(model, name, getattr(behind, name))
    model.register_buffer("alphas_cumprod", ALPHAS)
    assert as_model(model) is model


MARKS = {"apply_model": print, "first_stage_model": None, "cond_stage_model": None, "alphas_cumprod": ALPHAS}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("tiny", ["'tiny'", "load_model('tiny')"]),
        (None, ["NoneType", "load_model()", "audioldm.build_model()"]),
        (FunctionModel, ["the class FunctionModel", "an instance"]),
        (torch.nn.Linear(2, 2), ["Linear", "lacks name, sample_rate, channels and "]),
        (without("vocode"), ["FunctionModel", "lacks vocode; decode would do"]),
        (without("alphas_cumprod"), ["alphas_cumprod is None", "[1000]"]),
        (
            SimpleNamespace(**MARKS),
            ["SimpleNamespace", "lacks channels, cond_stage_model.get_unconditional_condition", "build_model"],
        ),
    ],
    ids=["text", "nothing", "class", "module", "method", "schedule", "marks"],
)
def test_the_rest_is_refused_in_a_line(wrong: Any, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        as_model(wrong)
    message = str(caught.value)
    assert "\n" not in message
    assert [word for word in words if word not in message] == [], message


def test_a_schedule_of_another_length_is_refused() -> None:
    model = FunctionModel(pointwise)
    model.alphas_cumprod = ALPHAS[:100]
    with pytest.raises(InputError, match=r"\[100\]"):
        as_model(model)


def test_from_audioldm_refuses_what_is_none() -> None:
    with pytest.raises(InputError, match=r"the model is a FunctionModel, which lacks apply_model"):
        from_audioldm(FunctionModel(pointwise))
