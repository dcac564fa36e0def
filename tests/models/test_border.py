"""What a user's own model returns is checked where it enters, and named in one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spotnb.errors import InputError, SpotnbError
from spotnb.models.adapt import as_model
from spotnb.models.defaults import NAMES, defaults_of
from spotnb.models.members import OPTIONAL_COUNTS, OPTIONAL_METHODS
from spotnb.models.protocol import AudioModel, described
from spotnb.models.words import Reading
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from tests.networks import FunctionModel, TypicalModel, pointwise

CONFIG = SpotDiffusionConfig(16)


class Decoding(FunctionModel):
    """A model of another kind of sound: 32 kHz, two channels, 100 frames a second, and no log-mel."""

    name, sample_rate, samples_per_frame, audio_channels = "decoding", 32_000, 320, 2
    native_frames, decode_window, decode_context = 64, 24, 3
    decode_mel = vocode = None  # type: ignore[assignment]

    def decode(self, latent: Tensor) -> Tensor:
        """Mix each frame with two on both sides, as a decoder does that sees that far."""
        kernel = torch.tensor([0.1, 0.2, 0.4, 0.2, 0.1]).view(1, 1, 5)
        mixed = nn.functional.conv1d(latent.mean((1, 3))[:, None], kernel, padding=2)
        return torch.cat([mixed, -mixed], dim=1).repeat_interleave(320, dim=2) / 4

    def encode(self, waveform: Tensor) -> Tensor:
        frames = waveform.shape[-1] // 320
        return waveform.mean(1)[:, None, : frames * 320 : 320, None].expand(-1, self.channels, -1, self.latent_bins)


def run(model: Any, **settings: Any) -> SpotSampler:
    return SpotSampler(model, "a sea", 1.0, 3, config=CONFIG, **settings).run(progress=False)


def returning(method: str, change: Callable[[Any], Any], model: FunctionModel | None = None) -> FunctionModel:
    """Return a model of which one method returns something else."""
    model = model or TypicalModel(pointwise)
    before = getattr(model, method)
    setattr(model, method, lambda *args: change(before(*args)))
    return model


class Telling(TypicalModel):
    """A model that has every optional method."""

    def describe(self) -> dict[str, Any]:
        return {"name": "function", "heads": (2, 4), "scale": 0.5}

    def place(self, cond: Tensor, starts: Tensor, frames: int) -> Tensor:
        return cond + 0 * starts[:, None] / frames

    def unknown_words(self, text: str) -> list[str]:
        return [word for word in text.split() if word.startswith("z")]

    def read_text(self, text: str) -> Reading:
        return Reading(tuple(self.unknown_words(text)))


WRONG: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "transposed": ("predict_noise", lambda x: x.transpose(1, 2), "expected [4, 2, 16, 4] float32, like x"),
    "half": ("predict_noise", Tensor.half, "float16: expected [4, 2, 16, 4] float32, like x"),
    "array": ("predict_noise", Tensor.numpy, "returned a ndarray"),
    "tuple": ("predict_noise", lambda x: (x,), "returned a tuple"),
    "one row": ("embed", lambda rows: rows[:1], "[1, 2] float32: expected 2 rows"),
    "vector": ("embed", lambda rows: rows[:, 0], "[2] float32: expected 2 rows"),
    "whole numbers": ("embed", Tensor.long, "int64: expected 2 rows of floating-point"),
    "lost": ("embed", lambda rows: rows / 0, "returned NaN or infinity"),
    "list": ("embed", set, "a set without __getitem__"),
    "mel": ("decode_mel", lambda mel: mel[:, 0], "expected [1, 1, 128, 64] float32"),
    "short": ("vocode", lambda wave: wave[:, :-1], "returned [1, 20479] float32: expected [1, 20480] float32"),
    "flat": ("typical_latent", lambda values: values[..., 0], "[2, 2] float32: expected [2, 2, 4] float32"),
    "endless": ("typical_latent", lambda values: values / 0, "returned NaN or infinity: expected finite numbers"),
    "none": ("vocode", lambda _: None, "returned a NoneType"),
    "nowhere": ("place", lambda _: None, "a NoneType: expected 4 rows, as many as it was given"),
    "fewer": ("place", lambda rows: rows[:1], "1 rows: expected 4, as many as it was given"),
    "unread": ("read_text", lambda _: None, "None: expected a spotnb.models.words.Reading"),
    "half read": ("read_text", lambda reading: reading[:2], "((), ()): expected a spotnb.models.words.Reading"),
    "letters": ("read_text", lambda reading: reading._replace(cut="abc"), "'abc': expected a list of texts"),
    "one word": ("unknown_words", lambda _: "abc", "'abc': expected a list of texts"),
    "numbers": ("unknown_words", lambda _: [1], "[1]: expected a list of texts"),
    "no words": ("unknown_words", lambda _: None, "None: expected a list of texts"),
    "a text": ("describe", lambda _: "abc", "'abc': expected a dict that JSON can hold"),
    "not finite": ("describe", lambda facts: facts | {"scale": float("nan")}, "expected a dict that JSON can hold"),
    "a tensor": ("describe", lambda facts: facts | {"scale": torch.ones(1)}, "expected a dict that JSON can hold"),
    "half a sign": ("describe", lambda facts: facts | {"by": "\ud800"}, "expected a dict that JSON can hold"),
    "nameless": ("describe", lambda _: {"scale": 0.5}, "with a text as 'name'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_result_is_named(name: str) -> None:
    method, change, words = WRONG[name]
    model = Telling(pointwise)
    if method == "unknown_words":
        model.read_text = None  # type: ignore[assignment,method-assign]
    with pytest.raises(SpotnbError) as caught:
        run(returning(method, change, model)).decode()
    message = str(caught.value)
    assert message.startswith(f"{method} of 'function' returned ")
    assert message.endswith("; correct the model")
    assert words in message
    assert len(message) <= 200


def test_wrong_sound_and_latents_are_named() -> None:
    with pytest.raises(SpotnbError, match=r"decode of 'decoding' returned \[1, 1, \d+\] float32: expected \[1, 2, "):
        run(returning("decode", lambda wave: wave[:, :1], Decoding(pointwise))).decode()
    with pytest.raises(SpotnbError, match=r"decode of 'decoding' returned NaN or infinity in the window at"):
        run(returning("decode", lambda wave: wave / 0, Decoding(pointwise))).decode()
    with pytest.raises(SpotnbError, match=r"encode of .* returned \[1, 1, 25, 4\] .*: expected \[1, 2, 25, 4\]"):
        run(returning("encode", lambda x: x[:, :1]), init_audio=np.zeros(16_000, np.float32))


def test_every_optional_method_may_be_right_or_absent() -> None:
    assert run(Telling(pointwise)).manifest()["model"]["heads"] == (2, 4)
    without: Any = Telling(pointwise)
    for name in OPTIONAL_METHODS:
        setattr(without, name, None)
    run(without).decode()


def test_a_vocoder_may_add_samples_at_the_end() -> None:
    longer = returning("vocode", lambda wave: torch.cat([wave, wave[:, :50]], dim=1))
    np.testing.assert_array_equal(run(longer).decode(), run(TypicalModel(pointwise)).decode())


def test_weights_that_require_gradients_build_no_graph() -> None:
    class Learning(FunctionModel):
        def __init__(self) -> None:
            self.weight = nn.Parameter(torch.tensor(0.9))
            super().__init__(lambda x, t, cond: pointwise(x, t, cond) * self.weight)

        def decode_mel(self, latent: Tensor) -> Tensor:
            return super().decode_mel(latent * self.weight)

        def vocode(self, mel: Tensor) -> Tensor:
            return super().vocode(mel).detach().requires_grad_()

    sampler = run(Learning())
    assert not sampler.latent.requires_grad
    assert not sampler.state.x0.requires_grad
    wave = sampler.decode()
    kept = run(Learning(), init_audio=wave, keep=[(0, 0.5)])  # needs a gradient, with respect to the window alone
    assert not kept.latent.requires_grad
    assert np.isfinite(kept.decode()).all()


def test_a_model_needs_few_members() -> None:
    model = Decoding(pointwise)
    assert as_model(model) is model
    model.describe = None  # type: ignore[assignment,method-assign]
    assert described(model) == {"name": "decoding", "dtype": "float32", "device": "cpu"}
    sampler = run(model)
    assert sampler.manifest()["model"] == described(model)
    assert (sampler.manifest()["sample_rate"], sampler.manifest()["samples_per_frame"]) == (32_000, 320)
    assert sampler.trace.clock.frames_per_second == 100


@pytest.mark.parametrize("duration", [0.5, 1.0, 1.2345])
def test_its_sound_is_that_of_one_pass_whatever_the_windows(duration: float) -> None:
    model = Decoding(pointwise)
    sampler = SpotSampler(model, "a sea", duration, 2, config=CONFIG).run(progress=False)
    wave = sampler.decode()
    assert wave.shape == (2, round(duration * 32_000))
    whole = model.decode(sampler.latent).clamp(-1, 1)[0, :, : wave.shape[1]]
    np.testing.assert_allclose(wave, whole.numpy(), atol=1e-6)
    assert sampler.sound().mel.shape == (round(duration * 32_000) // 2 // 160, 64)


def test_its_ring_closes() -> None:
    model = Decoding(pointwise)
    sampler = SpotSampler(model, "a sea", 0.5, 2, config=SpotDiffusionConfig(16, edge="circular")).run(progress=False)
    wave = sampler.decode()
    assert wave.shape == (2, 50 * 320)
    turned = model.decode(sampler.latent.repeat(1, 1, 3, 1)).clamp(-1, 1)[0, :, 50 * 320 : 100 * 320]
    np.testing.assert_allclose(wave, turned.numpy(), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sample_rate", 16000.5, "sample_rate is 16000.5"),
        ("samples_per_frame", 0, "samples_per_frame is 0"),
        ("time_multiple", "8", "time_multiple is '8'"),
        ("audio_channels", 0, "audio_channels is 0"),
        ("audio_channels", None, "audio_channels is None"),
        ("decode_window", 0, "decode_window is 0: expected a whole number of at least 1"),
        ("decode_window", "a", "decode_window is 'a'"),
        ("decode_context", -1, "decode_context is -1: expected a whole number of at least 0"),
        ("decode_context", 1.0, "decode_context is 1.0"),
        ("tile_batch", None, "tile_batch is None"),
        ("tile_batch", 0, "tile_batch is 0"),
        ("tile_batch", 2**63, "tile_batch is 9223372036854775808"),
        ("name", None, "name is None: expected a text"),
        ("name", " ", "name is ' ': expected a text"),
        ("place", 3, "place is 3: expected a method"),
        ("describe", {"name": "a"}, "describe is {'name': 'a'}: expected a method"),
        ("device", "cpu", "device is 'cpu': expected a torch.device"),
        ("device", torch.device("meta"), "device is 'meta', which cannot be used (it computes nothing)"),
        ("device", torch.device("cuda", 99), "device is 'cuda:99', which cannot be used"),
        ("dtype", torch.int64, "dtype is torch.int64: expected one of torch's floating-point types"),
        ("dtype", "fp32", "dtype is 'fp32': expected one of torch's"),
        ("alphas_cumprod", torch.linspace(0, 1, 1000), "does not fall"),
        ("alphas_cumprod", torch.full((1000,), torch.nan), "does not fall"),
    ],
)
def test_wrong_properties_are_named(name: str, value: Any, words: str) -> None:
    model = FunctionModel(pointwise)
    setattr(model, name, value)
    with pytest.raises(InputError) as caught:
        as_model(model)
    assert words in str(caught.value)
    assert len(str(caught.value)) <= 200


def test_no_optional_member_is_unchecked() -> None:
    documented = {*re.findall(r"(?:- |or only )`(\w+)", AudioModel.__doc__ or ""), "decode_window", "decode_context"}
    assert {*OPTIONAL_COUNTS, *OPTIONAL_METHODS, "defaults"} == documented


def test_defaults_belong_to_the_model() -> None:
    model: Any = FunctionModel(pointwise)
    expected = {"steps": 50, "guidance_scale": 3.0, "guidance_interval": None, "solver": "ddim", "eta": 0.0}
    expected |= {"finish_steps": 0}
    assert defaults_of(model) == expected | {"tile_size_time": 256}
    model.defaults = {"steps": 8, "tile_size_time": 32}
    assert defaults_of(model) == expected | {"steps": 8, "tile_size_time": 32}
    assert set(defaults_of(model)) == set(NAMES)
    for wrong in ({"step": 8}, [8]):
        model.defaults = wrong
        with pytest.raises(SpotnbError, match=r"defaults of 'function' has "):
            defaults_of(model)
