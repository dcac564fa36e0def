"""Every `AudioModel` shows itself through one function, whether or not it has the base class."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
import torch

from spotnb.models import identity
from spotnb.models.card import model_card, model_text
from spotnb.models.load import load_model
from spotnb.research.distributed import DistributedModel
from tests.networks import FunctionModel, pointwise


@pytest.fixture(scope="module")
def tiny() -> Any:
    return load_model("tiny")


def test_text_of_models(tiny: Any) -> None:
    dtype = str(tiny.dtype).removeprefix("torch.")
    assert repr(tiny) == f'DiffusersAudioLDM("tiny", 16 kHz, trained on 10.24 s, {dtype} on {tiny.device})'
    assert model_text(FunctionModel(pointwise)) == '"function", 16 kHz, trained on 10.24 s, float32 on cpu'


def test_a_model_of_another_kind() -> None:
    model = FunctionModel(pointwise)
    model.sample_rate, model.samples_per_frame, model.native_frames = 44_100, 2048, 1024
    model.audio_channels, model.dtype, model.name = 2, torch.float16, "<b>stereo</b>"
    assert model_text(model) == '"<b>stereo</b>", 44.1 kHz, stereo, trained on 47.55 s, float16 on cpu'
    shown = model_card(model).html()
    assert "<b>FunctionModel</b>" in shown
    assert "&lt;b&gt;stereo&lt;/b&gt;" in shown
    assert "a latent frame is 2048 samples, 46.44 ms" in shown
    assert "44100 Hz, 2 channels" in shown


def test_no_digest_is_computed(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> NoReturn:
        raise AssertionError("a digest was computed")

    monkeypatch.setattr(identity.Identity, "__str__", fail)
    assert "v_prediction" in tiny._repr_html_()
    assert "consists of a UNet" in tiny._repr_html_()


def test_a_distributed_model_says_so(tiny: Any) -> None:
    model = DistributedModel.__new__(DistributedModel)
    assert repr(model) == "DistributedModel(...)"
    model.local = tiny
    assert repr(model).startswith('DistributedModel("tiny", ')
    assert "<b>DistributedModel</b>" in model._repr_html_()
