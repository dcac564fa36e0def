"""Our use of AudioLDM 2's components, compared with diffusers' pipeline, from a folder as published.

The folder has the body of the language model, as the conversion script writes it; the pipeline needs it with its head.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AudioLDM2Pipeline
from torch import Tensor

from spotnb.models.audioldm2 import AudioLDM2, TextStreams
from spotnb.models.conditioning import joined
from spotnb.models.load import load_model
from spotnb.sampling.sampler import SpotSampler
from spotnb.solvers.noise import draw
from tests.models.published import LANGUAGE, NEW_TOKENS, T5_WIDTH, audioldm2, audioldm2_components, pipeline
from tests.models.test_audioldm import relative

PROMPT, NEGATIVE = "rock song with heavy drums", "quiet rain"
X, T = draw((2, 8, 16, 16), 0, 0, "start"), torch.tensor([700, 30])


@pytest.fixture(scope="module")
def components() -> dict[str, Any]:
    return audioldm2_components()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> AudioLDM2:
    loaded = load_model(audioldm2(tmp_path_factory.mktemp("audioldm2") / "m"), "cpu", "fp32")
    assert isinstance(loaded, AudioLDM2)
    return loaded


@torch.no_grad()
def encoded(components: dict[str, Any], prompt: Any, negative: Any) -> TextStreams:
    """Return what diffusers' pipeline makes of texts: the negative ones first, then the prompts."""
    hidden, mask, generated = pipeline(AudioLDM2Pipeline, components).encode_prompt(
        prompt, torch.device("cpu"), 1, True, negative_prompt=negative
    )
    return TextStreams(generated, hidden, mask)


def streams(cond: TextStreams) -> tuple[Tensor, Tensor, Tensor]:
    """Return the streams without the hidden states of padding, to which nothing attends."""
    return cond.generated, cond.hidden * cond.mask[..., None], cond.mask


@pytest.mark.parametrize("negative", [NEGATIVE, "", PROMPT, "noise quiet fast rain solo"], ids=repr)
def test_texts_are_embedded_as_the_pipeline_embeds_them(
    model: AudioLDM2, components: dict[str, Any], negative: str
) -> None:
    ours, theirs = model.embed([negative, PROMPT]), encoded(components, PROMPT, negative)
    assert ours.generated.shape == (2, NEW_TOKENS, LANGUAGE)
    assert ours.hidden.shape == (2, 6, T5_WIDTH)
    assert torch.equal(ours.mask, theirs.mask)
    for one, other in zip(streams(ours), streams(theirs), strict=True):
        assert relative(one, other) <= 1e-5


def test_several_prompts_are_embedded_as_the_pipeline_embeds_a_list(
    model: AudioLDM2, components: dict[str, Any]
) -> None:
    prompts = [PROMPT, "rain", "jazz piano solo"]
    ours, theirs = model.embed(["", "", "", *prompts]), encoded(components, prompts, ["", "", ""])
    for one, other in zip(streams(ours), streams(theirs), strict=True):
        assert relative(one, other) <= 1e-5


def test_padding_counts_as_positions(model: AudioLDM2) -> None:
    """A short prompt beside a long negative prompt is padded, where the pipeline would cut the negative prompt."""
    alone, beside = model.embed(["rain"]), model.embed(["rain", PROMPT])
    assert beside.mask.tolist() == [[1, 1, 0, 0, 0, 0], [1] * 6]
    assert relative(beside.hidden[:1, :2], alone.hidden) <= 1e-5
    assert 1e-4 < relative(beside.generated[:1], alone.generated) < 1


def test_rows_are_taken_joined_and_moved(model: AudioLDM2) -> None:
    cond = model.embed(["rain", PROMPT])
    assert len(cond) == 2
    taken = cond[[1, 0, 1]].to(torch.device("cpu"))
    assert len(taken) == 3
    assert torch.equal(taken.generated[1], cond.generated[0])
    noise = model.predict_noise(X, T, cond)
    assert torch.equal(model.predict_noise(X, T, joined([cond[[0]], cond[[1]]])), noise)
    short = model.embed(["rain"])
    both = joined([short, cond[[1]]])
    assert both.mask.tolist() == cond.mask.tolist()
    assert relative(model.predict_noise(X, T, both)[:1], model.predict_noise(X[:1], T[:1], short)) <= 1e-5


def test_noise_mel_and_sound(model: AudioLDM2, components: dict[str, Any]) -> None:
    cond = encoded(components, PROMPT, NEGATIVE)
    with torch.no_grad():
        noise = components["unet"](
            X,
            T,
            encoder_hidden_states=cond.generated,
            encoder_hidden_states_1=cond.hidden,
            encoder_attention_mask_1=cond.mask,
        ).sample
        mel = components["vae"].decode(X / 0.9).sample
        sound = components["vocoder"](mel[:, 0])[:, : 16 * 640]
    assert noise.std() > 0.1
    ours = model.predict_noise(X, T, model.embed([NEGATIVE, PROMPT]))
    assert relative(ours, noise) <= 1e-5
    assert (ours.dtype, ours.is_contiguous()) == (torch.float32, True)
    assert relative(model.decode_mel(X), mel) <= 1e-5
    assert relative(model.vocode(model.decode_mel(X)), sound) <= 1e-5


def test_both_streams_and_the_mask_matter(model: AudioLDM2) -> None:
    cond = model.embed([PROMPT, "rain"])
    noise = model.predict_noise(X, T, cond)
    for other in (
        TextStreams(cond.generated.flip(0), cond.hidden, cond.mask),
        TextStreams(cond.generated, cond.hidden.flip(0), cond.mask),
        TextStreams(cond.generated, cond.hidden, torch.ones_like(cond.mask)),
    ):
        assert relative(model.predict_noise(X, T, other)[1:], noise[1:]) > 1e-4


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize(
    ("steps", "guidance", "negative"), [(10, 3.5, NEGATIVE), (12, 1.0, ""), (10, 2.0, "")], ids=str
)
def test_a_full_run_equals_the_pipeline(prediction_type: str, steps: int, guidance: float, negative: str) -> None:
    components = audioldm2_components(prediction_type=prediction_type)
    body = {"language_model": components["language_model"].transformer}
    sampler = SpotSampler(
        AudioLDM2("random", **(components | body)),
        PROMPT,
        duration=2.5,
        steps=steps,
        guidance_scale=guidance,
        negative_prompt=negative,
        method="full",
        seed=4,
    )
    start, latents = sampler.latent.clone(), []
    sampler.run(progress=False)
    audio = pipeline(AudioLDM2Pipeline, components)(
        PROMPT,
        negative_prompt=negative or None,
        audio_length_in_s=64 / 25,
        num_inference_steps=steps,
        guidance_scale=guidance,
        latents=start,
        callback=lambda *state: latents.append(state[2]),
    ).audios[0]
    assert relative(start, latents[-1]) > 0.1  # the network had an effect
    assert relative(sampler.latent, latents[-1]) <= 1e-5
    sound = sampler.decode()
    assert np.abs(sound).max() > 0.01
    assert relative(sound, audio[:40000]) <= 1e-5


def test_what_is_not_read_of_a_text_is_told(model: AudioLDM2) -> None:
    assert model.unknown_words("rock zither song") == ["zither"]
    assert model.read_text(" ".join(["rain"] * 20)).cut == ("rain",) * 9  # 12 tokens, of which one ends the text


def test_its_properties(model: AudioLDM2) -> None:
    assert (model.sample_rate, model.channels, model.latent_bins, model.samples_per_frame) == (16000, 8, 16, 640)
    assert (model.native_frames, model.time_multiple, model.new_tokens) == (256, 8, NEW_TOKENS)
    assert model.score is not None
