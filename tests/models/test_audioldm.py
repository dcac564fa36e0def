"""Our use of AudioLDM's components, compared with diffusers' pipeline and with the formulas.

With random weights and the same initial noise, a `full` run must produce the same result as the pipeline.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AudioLDMPipeline, DDIMScheduler
from torch import Tensor

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.mel import torch_log_mel
from spotnb.models.ruler import WAVE_CHANNELS, TempoRuler, beat_waves
from spotnb.sampling.sampler import SpotSampler
from spotnb.solvers.noise import draw
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.edges import EDGES
from tests.models.components import AUDIOLDM_SCHEDULE, make_components

PROMPT, NEGATIVE = "rock song with heavy drums", "quiet rain noise"


def relative(ours: Any, theirs: Any) -> float:
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


@pytest.fixture(scope="module")
def model() -> DiffusersAudioLDM:
    return DiffusersAudioLDM("random", **make_components())


def pipeline_run(components: dict[str, Any], start: Tensor, **options: Any) -> tuple[Tensor, np.ndarray]:
    """Return the latent that diffusers' pipeline decodes, and the sound that it returns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = AudioLDMPipeline(**components)
    pipeline.set_progress_bar_config(disable=True)
    latents: list[Tensor] = []
    seconds = start.shape[2] / 25
    audio = pipeline(
        PROMPT, audio_length_in_s=seconds, latents=start, callback=lambda *a: latents.append(a[2]), **options
    )
    return latents[-1], audio.audios[0]


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize(
    ("steps", "guidance", "negative"), [(20, 2.5, ""), (10, 2.5, NEGATIVE), (25, 1.0, "")], ids=str
)
def test_a_full_run_equals_diffusers_pipeline(prediction_type: str, steps: int, guidance: float, negative: str) -> None:
    components = make_components(prediction_type=prediction_type)
    sampler = SpotSampler(
        DiffusersAudioLDM("random", **components),
        PROMPT,
        duration=2.5,
        steps=steps,
        guidance_scale=guidance,
        negative_prompt=negative,
        method="full",
        seed=4,
    )
    start = sampler.latent.clone()
    sampler.run(progress=False)
    options = {"num_inference_steps": steps, "guidance_scale": guidance, "negative_prompt": negative or None}
    latent, audio = pipeline_run(components, start, **options)
    assert start.shape == latent.shape == (1, 8, 64, 16)
    assert relative(start, latent) > 0.1  # the network had an effect
    assert relative(sampler.latent, latent) <= 1e-5
    sound = sampler.decode()
    assert (len(sound), len(audio)) == (40000, 64 * 640)
    assert np.abs(sound).max() > 0.01
    assert relative(sound, audio[:40000]) <= 1e-5


def test_guidance_and_prompt_matter_to_these_networks(model: DiffusersAudioLDM) -> None:
    """Otherwise the agreement above would not show that both handle them the same way."""
    runs = [
        SpotSampler(model, prompt, 1.0, steps=5, guidance_scale=scale, method="full").run(progress=False).latent
        for prompt, scale in ((PROMPT, 2.5), (PROMPT, 1.0), (NEGATIVE, 2.5))
    ]
    assert relative(runs[1], runs[0]) > 0.01
    assert relative(runs[2], runs[0]) > 0.01


def test_its_properties_are_audioldms(model: DiffusersAudioLDM) -> None:
    assert (model.sample_rate, model.channels, model.latent_bins, model.samples_per_frame) == (16000, 8, 16, 640)
    assert (model.native_frames, model.time_multiple) == (256, 8)
    stock = DDIMScheduler(**AUDIOLDM_SCHEDULE).alphas_cumprod
    assert torch.equal(model.alphas_cumprod, stock)
    assert (model.alphas_cumprod.dtype, model.alphas_cumprod.shape) == (torch.float32, (1000,))


def test_embeddings(model: DiffusersAudioLDM) -> None:
    one, two, nothing = model.embed([PROMPT, NEGATIVE, ""])
    assert torch.allclose(one.norm(), torch.tensor(1.0))
    assert not torch.allclose(one, two, atol=1e-2)
    assert not torch.allclose(one, nothing, atol=1e-2)
    assert torch.allclose(model.embed([PROMPT])[0], one, atol=1e-6)  # whatever the padding
    long = model.embed([" ".join(["rock"] * 100)])  # cut, not refused
    assert torch.isfinite(long).all()


def test_unknown_words_are_found(model: DiffusersAudioLDM) -> None:
    assert model.unknown_words("heavy zither, rock & didgeridoo-song") == ["zither", "didgeridoo"]
    assert model.unknown_words("rock song") == []
    assert model.unknown_words("") == []


# The paths through the network.

X = draw((2, 8, 16, 16), 0, 0, "start")
T = torch.tensor([700, 30])


def test_noise_of_an_epsilon_network(model: DiffusersAudioLDM) -> None:
    cond = model.embed([PROMPT, NEGATIVE])
    noise = model.predict_noise(X, T, cond)
    expected = model.unet(X, T, None, class_labels=cond).sample
    assert relative(noise, expected) < 1e-5
    assert (noise.dtype, noise.shape, noise.is_contiguous()) == (torch.float32, X.shape, True)
    assert noise.std() > 0.1


def test_noise_of_a_v_network() -> None:
    """With v = sqrt(a) e - sqrt(1 - a) x0 and x = sqrt(a) x0 + sqrt(1 - a) e: a correct network returns e."""
    model = DiffusersAudioLDM("random", **make_components(prediction_type="v_prediction"))
    alpha = model.alphas_cumprod[T][:, None, None, None]
    clean, true = draw(X.shape, 1, 0, "start"), draw(X.shape, 2, 0, "start")
    x = alpha.sqrt() * clean + (1 - alpha).sqrt() * true
    velocity = alpha.sqrt() * true - (1 - alpha).sqrt() * clean

    class Right(torch.nn.Module):
        def forward(self, sample: Tensor, *_: Any, **__: Any) -> Any:
            return type("Output", (), {"sample": velocity})

    model.unet = Right()
    assert (model.predict_noise(x, T, model.embed([PROMPT, NEGATIVE])) - true).abs().max() < 1e-5


def test_a_frequency_code_is_appended_to_every_frame() -> None:
    code = torch.stack([torch.linspace(-1, 1, 16), torch.linspace(-1, 1, 16) ** 2])
    components = make_components(code_channels=2)
    model = DiffusersAudioLDM("random", frequency_code=code, **components)
    cond = model.embed([PROMPT, NEGATIVE])
    appended = torch.cat([X, code[None, :, None].repeat(2, 1, 16, 1)], dim=1)
    expected = components["unet"](appended, T, None, class_labels=cond).sample
    assert relative(model.predict_noise(X, T, cond), expected) < 1e-5
    model.frequency_code = code.flip(1)
    assert relative(model.predict_noise(X, T, cond), expected) > 1e-3


def test_a_tempo_ruler_lies_beside_the_latent_of_each_row() -> None:
    components = make_components(code_channels=WAVE_CHANNELS)
    model = DiffusersAudioLDM("random", **components)
    cond = model.embed([PROMPT, NEGATIVE])
    model.tempo_ruler = TempoRuler(cond[:1, :4].clone(), torch.tensor([5.0]))
    cond[1, :4] = 0  # the first row contains a tempo, the second does not
    waves = beat_waves(torch.tensor([5.0, 0.0]), torch.tensor([8, 24]), X.shape[2])
    beside = torch.cat([X, waves[..., None].repeat(1, 1, 1, 16)], dim=1)
    expected = components["unet"](beside, T, None, class_labels=cond).sample
    assert relative(model.predict_noise(X, T, model.place(cond, torch.tensor([8, 24]), 64)), expected) < 1e-5
    assert relative(model.predict_noise(X, T, cond)[:1], expected[:1]) > 1e-3  # another place in the piece
    assert relative(model.predict_noise(X, T, cond)[1:], expected[1:]) < 1e-5


def test_inputs_are_left_alone(model: DiffusersAudioLDM) -> None:
    x, t, cond = X.clone(), T.clone(), model.embed([PROMPT, NEGATIVE])
    before = cond.clone()
    model.predict_noise(x, t, cond)
    model.decode_mel(x)
    assert torch.equal(x, X)
    assert torch.equal(t, T)
    assert torch.equal(cond, before)


# Sound.


def test_mels_and_sound_have_their_lengths(model: DiffusersAudioLDM) -> None:
    for frames in (1, 3, 16, 21):
        mel = model.decode_mel(draw((2, 8, frames, 16), 0, 0, "start"))
        assert mel.shape == (2, 1, 4 * frames, 64)
        assert model.vocode(mel).shape == (2, 640 * frames)  # the vocoder's extra samples are trimmed
    assert model.vocoder(mel[:, 0]).shape[1] > 640 * 21


def test_the_scaling_factor_is_undone(model: DiffusersAudioLDM) -> None:
    expected = model.vae.decode(X / 0.9).sample
    assert torch.allclose(model.decode_mel(X), expected, atol=1e-6)


def test_encoding_is_the_autoencoders_mean(model: DiffusersAudioLDM) -> None:
    waveform = 0.1 * draw((2, 8 * 640 + 99), 0, 0, "start")
    latent = model.encode(waveform)
    assert latent.shape == (2, 8, 8, 16)
    expected = model.vae.encode(torch_log_mel(waveform[:, : 8 * 640])).latent_dist.mode() * 0.9
    assert torch.allclose(latent, expected, atol=1e-6)
    assert torch.equal(model.encode(waveform), latent)  # no sampling


@pytest.mark.parametrize("edge", EDGES)
def test_a_tiled_run_on_real_components(model: DiffusersAudioLDM, edge: str) -> None:
    """This includes lengths that are not multiples of 8, because rings can have any length."""
    config = SpotDiffusionConfig(32, edge=edge)
    sampler = SpotSampler(model, PROMPT, 2.6, steps=2, config=config, seed=1).run(progress=False)
    sound = sampler.decode()
    assert sound.shape == (41600,)
    assert np.isfinite(sound).all()
    other = SpotSampler(model, PROMPT, 2.6, steps=2, config=config, seed=1, tile_batch=1).run(progress=False)
    assert relative(other.latent, sampler.latent) < 1e-4


@pytest.mark.parametrize("frames", [1, 7, 30])
def test_a_ring_shorter_than_a_tile(model: DiffusersAudioLDM, frames: int) -> None:
    config = SpotDiffusionConfig(32, edge="circular")
    sampler = SpotSampler(model, PROMPT, frames / 25, steps=2, config=config).run(progress=False)
    assert sampler.latent.shape[2] == frames
    assert sampler.decode().shape == (640 * frames,)
