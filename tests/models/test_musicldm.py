"""Our use of MusicLDM's components, compared with diffusers' pipeline and its components, from a folder as published.

The pipeline's own text embedding fails under transformers 5, which returns an object where it expects a tensor. It is
given the embeddings of the components, in the way in which it would make them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import MusicLDMPipeline
from torch import Tensor

from spotnb.errors import InputError
from spotnb.models.load import load_model
from spotnb.models.musicldm import MusicLDM
from spotnb.sampling.sampler import SpotSampler
from spotnb.solvers.noise import draw
from tests.models.published import WIDTH, musicldm, musicldm_components, pipeline
from tests.models.test_audioldm import relative

PROMPT, NEGATIVE = "rock song with heavy drums", "quiet rain noise"
X, T = draw((2, 8, 16, 16), 0, 0, "start"), torch.tensor([700, 30])


@pytest.fixture(scope="module")
def components() -> dict[str, Any]:
    return musicldm_components()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> MusicLDM:
    loaded = load_model(musicldm(tmp_path_factory.mktemp("musicldm") / "m"), "cpu", "fp32")
    assert isinstance(loaded, MusicLDM)
    return loaded


@torch.no_grad()
def embedding(components: dict[str, Any], text: str) -> Tensor:
    """Return the embedding of one text, padded as the pipeline pads it."""
    tokens = components["tokenizer"](text, padding="max_length", max_length=WIDTH, truncation=True, return_tensors="pt")
    features = components["text_encoder"].get_text_features(tokens.input_ids, attention_mask=tokens.attention_mask)
    return features.pooler_output


def test_embeddings(model: MusicLDM, components: dict[str, Any]) -> None:
    ours = model.embed([PROMPT, NEGATIVE, ""])
    theirs = torch.cat([embedding(components, text) for text in (PROMPT, NEGATIVE, "")])
    assert relative(ours, theirs) <= 1e-6
    assert torch.allclose(ours.norm(dim=1), torch.ones(3))
    assert relative(ours[0], ours[1]) > 0.01


def test_noise_mel_and_sound(model: MusicLDM, components: dict[str, Any]) -> None:
    cond = model.embed([PROMPT, NEGATIVE])
    with torch.no_grad():
        noise = components["unet"](X, T, None, class_labels=cond).sample
        mel = components["vae"].decode(X / 0.9).sample
        sound = components["vocoder"](mel[:, 0])[:, : 16 * 640]
    assert noise.std() > 0.1
    assert relative(model.predict_noise(X, T, cond), noise) <= 1e-5
    assert relative(model.decode_mel(X), mel) <= 1e-5
    assert relative(model.vocode(model.decode_mel(X)), sound) <= 1e-5


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize(("steps", "guidance", "negative"), [(10, 2.0, NEGATIVE), (12, 1.0, "")], ids=str)
def test_a_full_run_equals_the_pipeline(prediction_type: str, steps: int, guidance: float, negative: str) -> None:
    components = musicldm_components(prediction_type=prediction_type)
    sampler = SpotSampler(
        MusicLDM("random", **components),
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
    audio = pipeline(MusicLDMPipeline, components)(
        prompt_embeds=embedding(components, PROMPT),
        negative_prompt_embeds=embedding(components, negative),
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


def test_a_score_is_the_cosine_similarity_of_clap(model: MusicLDM, components: dict[str, Any]) -> None:
    """With the whole CLAP model of the components, as the pipeline ranks its sounds."""
    clap, tokenizer, extractor = (components[name] for name in ("text_encoder", "tokenizer", "feature_extractor"))
    sounds = np.random.default_rng(0).normal(size=(2, 16000)).astype(np.float32)
    from scipy.signal import resample_poly

    features = extractor(list(resample_poly(sounds, 3, 1, axis=1)), sampling_rate=48000, return_tensors="pt")
    with torch.no_grad():
        out = clap(**tokenizer(PROMPT, return_tensors="pt"), **features)
    ours = model.score(torch.from_numpy(sounds), PROMPT)
    assert ours.shape == (2,)
    assert relative(ours, out.logits_per_text[0] / clap.logit_scale_t.exp().detach()) <= 1e-5
    assert torch.equal(model.score(sounds, PROMPT), ours)  # no piece is drawn at random
    with pytest.raises(InputError, match="expected \\[B, samples\\]"):
        model.score(torch.zeros(8), PROMPT)


def test_a_long_sound_is_scored_piece_by_piece(model: MusicLDM) -> None:
    sound = 0.1 * draw((1, 16000 * 21), 0, 0, "start")
    pieces = [sound[:, :160000], sound[:, 160000:320000], sound[:, -160000:]]
    mean = torch.stack([model.score(piece, PROMPT) for piece in pieces]).mean(0)
    assert relative(model.score(sound, PROMPT), mean) < 0.05  # pieces are cut after resampling


def test_without_a_feature_extractor_there_is_no_score(tmp_path: Path) -> None:
    components = musicldm_components() | {"feature_extractor": None}
    pipeline(MusicLDMPipeline, components).save_pretrained(tmp_path / "m")
    model: Any = load_model(tmp_path / "m", "cpu", "fp32")
    assert model.score is None
    assert model.embed([PROMPT]).shape == (1, WIDTH)
