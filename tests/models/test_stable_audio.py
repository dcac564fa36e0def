"""Stable Audio against diffusers' `StableAudioPipeline` and its components, narrow and with random weights."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from diffusers import EDMDPMSolverMultistepScheduler, StableAudioPipeline
from torch import Tensor

from spotnb.models.oobleck import receptive_frames
from spotnb.models.protocol import AudioModel
from spotnb.models.stable_audio import DiffusersStableAudio, TimedText, alphas_of, cosine_time, edm_time
from spotnb.sampling.sampler import SpotSampler
from spotnb.solvers.ddim import ddim_timesteps
from spotnb.solvers.noise import draw
from tests.models.stable_components import NATIVE, build, cosine_scheduler, make_stable_components

TEXTS = ["rock song", "jazz piano solo", ""]
PROMPT, NEGATIVE = "rock song with heavy drums", "quiet noise"
FRAME = 2048 / 44100
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries, about their own classes
CPU = torch.device("cpu")


def sigmas(highest: float) -> Tensor:
    """Return the noise levels of spotnb's schedule."""
    alphas = alphas_of(highest).double()
    return ((1 - alphas) / alphas).sqrt()


class Given(EDMDPMSolverMultistepScheduler):
    """A scheduler of first order, which is DDIM, at the noise levels and times of spotnb."""

    @property
    def init_noise_sigma(self) -> float:
        return math.hypot(1, float(self.sigmas[0]))

    def set_timesteps(self, num_inference_steps: int, device: Any = None) -> None:
        super().set_timesteps(num_inference_steps, device)
        levels = sigmas(500.0)
        self.sigmas = torch.cat([levels[ddim_timesteps(num_inference_steps)], levels[:1]]).float()
        self.timesteps = cosine_time(self.sigmas[:-1])


@pytest.fixture(scope="module")
def pieces() -> dict[str, Any]:
    return make_stable_components()


@pytest.fixture(scope="module")
def model(pieces: dict[str, Any]) -> DiffusersStableAudio:
    return DiffusersStableAudio("stable", **pieces)


@pytest.fixture(scope="module")
def pipeline(pieces: dict[str, Any]) -> StableAudioPipeline:
    scheduler = Given(sigma_data=1.0, prediction_type="v_prediction", solver_order=1, sigma_max=500.0)
    made = StableAudioPipeline(**pieces, scheduler=scheduler)
    made.set_progress_bar_config(disable=True)
    return made


def relative(ours: Tensor, theirs: Tensor) -> float:
    assert ours.shape == theirs.shape
    return float((ours - theirs).norm() / theirs.norm())


# Conditioning.


def test_texts_are_embedded_as_by_the_pipeline(model: DiffusersStableAudio, pipeline: StableAudioPipeline) -> None:
    rows = model.embed(TEXTS)
    expected = pipeline.encode_prompt(TEXTS[:2], CPU, False)
    assert expected.std() > 0.1
    assert relative(rows.text[:2], expected) <= 1e-6
    assert not rows.text[2].any()
    assert rows.given.tolist() == [1, 1, 0]
    negative, positive = pipeline.encode_prompt([PROMPT], CPU, True, [NEGATIVE])
    assert relative(model.embed([PROMPT, NEGATIVE]).text, torch.stack([positive, negative])) <= 1e-6


def test_rows_can_be_chosen_joined_and_placed(model: DiffusersStableAudio) -> None:
    rows = model.embed(TEXTS)
    chosen = rows[[2, 0, 0]]
    assert len(chosen) == 3
    assert torch.equal(chosen.text[1], rows.text[0])
    joined = TimedText.join([rows, chosen.to(CPU)])
    assert (len(joined), joined.given.tolist()) == (6, [1, 1, 0, 0, 1, 1])
    placed = model.place(rows, torch.tensor([-4, 0, 50]), 100)
    expected = [[-4 * FRAME, 100 * FRAME], [0, 100 * FRAME], [50 * FRAME, 100 * FRAME]]
    assert torch.allclose(placed.seconds, torch.tensor(expected))
    assert torch.allclose(rows.seconds, torch.tensor([0, NATIVE * FRAME]))  # at the start, of the trained length


def test_a_text_past_the_limit_is_cut_and_named(model: DiffusersStableAudio) -> None:
    reading = model.read_text(" ".join(["rock"] * 11 + ["jazz", "zither"]))
    assert reading.cut == ("jazz", "zither")
    assert model.unknown_words("rock zither") == ["zither"]


# The network.


def velocity(
    pieces: dict[str, Any], pipeline: Any, x: Tensor, sigma: float, texts: list[str], places: Tensor
) -> Tensor:
    """Return what the network says of a latent at a noise level, called as the pipeline calls it."""
    start, end = pipeline.encode_duration(places[:, 0].tolist(), places[:, 1].tolist(), CPU, False, len(texts))
    tokens = torch.cat([pipeline.encode_prompt(texts, CPU, False), start, end], dim=1)
    for row, text in enumerate(texts):
        if not text:  # the pipeline passes zeros where there is no negative prompt
            tokens[row] = 0
    rotary = model_rotary(pieces, x.shape[2])
    t = cosine_scheduler().precondition_noise(sigma)
    hidden = torch.cat([start, end], dim=2)
    out = pieces["transformer"](x, t, tokens, global_hidden_states=hidden, rotary_embedding=rotary)
    return out.sample


def model_rotary(pieces: dict[str, Any], frames: int) -> Any:
    from diffusers.models.embeddings import get_1d_rotary_pos_embed

    size = pieces["transformer"].config.attention_head_dim // 2
    return get_1d_rotary_pos_embed(size, frames + 1, use_real=True, repeat_interleave_real=False)


@torch.no_grad()
@pytest.mark.parametrize("timestep", [0, 1, 100, 500, 900, 990])
def test_noise_is_that_of_the_components(
    model: DiffusersStableAudio, pieces: dict[str, Any], pipeline: StableAudioPipeline, timestep: int
) -> None:
    """At the scale of the network's input: `x = (x0 + sigma noise) / sqrt(1 + sigma^2)`."""
    sigma = float(sigmas(500.0)[timestep])
    x, t = draw((3, 8, 17, 1), 0, 0, "start"), torch.full((3,), timestep)
    rows = model.place(model.embed(TEXTS), torch.tensor([0, 9, 20]), 40)
    network = velocity(pieces, pipeline, x[..., 0], sigma, TEXTS, rows.seconds)
    sample = x[..., 0].double() * math.hypot(1, sigma)
    x0 = cosine_scheduler().precondition_outputs(sample, network.double(), torch.tensor(sigma, dtype=torch.float64))
    noise = model.predict_noise(x, t, rows)
    assert (noise.shape, noise.dtype) == (x.shape, torch.float32)
    assert network.std() > 0.1
    assert relative(noise[..., 0], ((sample - x0) / sigma).float()) <= 1e-5
    alpha = float(model.alphas_cumprod[timestep])
    ours = (x - (1 - alpha) ** 0.5 * noise) / alpha**0.5
    assert relative(ours[..., 0], x0.float()) <= 1e-5


def test_texts_and_places_matter_to_the_network(model: DiffusersStableAudio) -> None:
    """Otherwise, the agreement above would not show that they are handled correctly."""
    x, t = draw((1, 8, 16, 1), 0, 0, "start"), torch.tensor([600])
    rows = model.embed(TEXTS)
    places = [(rows[[0]], 0, 40), (rows[[1]], 0, 40), (rows[[2]], 0, 40), (rows[[0]], 20, 40), (rows[[0]], 0, 4000)]
    noises = [model.predict_noise(x, t, model.place(row, torch.tensor([s]), frames)) for row, s, frames in places]
    assert min(relative(noise, noises[0]) for noise in noises[1:]) > 1e-4


def test_the_time_of_an_edm_scheduler() -> None:
    levels = sigmas(80.0)
    assert torch.allclose(edm_time(levels), EDMDPMSolverMultistepScheduler().precondition_noise(levels))
    assert torch.allclose(cosine_time(levels), cosine_scheduler().precondition_noise(levels))
    assert float(levels[-1]) == pytest.approx(80)


def test_time_is_exact_in_half_precision(model: DiffusersStableAudio) -> None:
    """In bf16, timesteps 998 and 999 would be the same time."""
    half = DiffusersStableAudio("half", **make_stable_components(), dtype=torch.bfloat16)
    seen: list[Tensor] = []
    half.transformer.time_proj.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    x, t = draw((2, 8, 16, 1), 0, 0, "start"), torch.tensor([998, 999])
    noise = half.predict_noise(x, t, half.embed(TEXTS[:2]))
    assert noise.dtype == torch.float32
    assert (seen[0].dtype, len(set(seen[0].tolist()))) == (torch.float32, 2)
    assert relative(noise, model.predict_noise(x, t, model.embed(TEXTS[:2]))) < 0.02


def test_a_gradient_where_it_is_asked_for(model: DiffusersStableAudio) -> None:
    x, t, rows = draw((1, 8, 16, 1), 0, 0, "start"), torch.tensor([600]), model.embed(["rock"])
    assert not model.predict_noise(x, t, rows).requires_grad
    wanted = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model.predict_noise(wanted, t, rows)[:, :, :8].square().sum(), wanted)
    assert gradient[:, :, 8:].abs().max() > 0


# Runs.


@pytest.mark.parametrize(("guidance", "negative"), [(7.0, ""), (7.0, NEGATIVE), (1.0, "")])
def test_a_full_run_equals_the_pipeline(
    model: DiffusersStableAudio, pipeline: StableAudioPipeline, guidance: float, negative: str
) -> None:
    settings = {"method": "full", "negative_prompt": negative, "seed": 3}
    sampler = SpotSampler(model, PROMPT, NATIVE * FRAME, 20, guidance, **settings)
    options = {"num_inference_steps": 20, "guidance_scale": guidance, "negative_prompt": negative or None}
    start = sampler.latent[..., 0].clone()
    latent = pipeline(PROMPT, latents=start, **options, output_type="latent").audios
    sound = pipeline(PROMPT, latents=start, **options).audios
    sampler.run(progress=False)
    assert sampler.frames == NATIVE
    assert relative(sampler.latent[..., 0], latent) <= 1e-5
    assert relative(torch.from_numpy(sampler.decode())[None], sound) <= 1e-5
    assert 0.01 < sound.abs().max() < 1


@pytest.mark.parametrize("solver", ["ddim", "dpm++"])
@torch.no_grad()
def test_solvers_see_the_clean_latent_of_the_components(
    model: DiffusersStableAudio, pieces: dict[str, Any], pipeline: StableAudioPipeline, solver: str
) -> None:
    sampler = SpotSampler(model, PROMPT, NATIVE * FRAME, 12, 1.0, method="full", solver=solver)
    places, x = torch.tensor([[0.0, NATIVE * FRAME]]), sampler.latent[..., 0].clone()
    for record in sampler.run(progress=False).trace:
        sigma = float(sigmas(500.0)[record.timestep])
        network = velocity(pieces, pipeline, x, sigma, [PROMPT], places).double()
        sample = x.double() * math.hypot(1, sigma)
        x0 = cosine_scheduler().precondition_outputs(sample, network, torch.tensor(sigma, dtype=torch.float64))
        assert relative(torch.from_numpy(record.x0.copy())[..., 0], x0.float()) <= 2e-5
        x = torch.from_numpy(record.x.copy())[..., 0]


# Sound.


def test_the_context_is_the_receptive_field_of_the_decoder(model: DiffusersStableAudio) -> None:
    latent = draw((1, 8, 64, 1), 0, 0, "start")
    changed = latent.clone()
    changed[:, :, 32] += 1
    frames = (model.decode(latent) != model.decode(changed)).any(dim=1)[0].nonzero() // 2048
    reach = max(32 - int(frames.min()), int(frames.max()) - 32)
    assert model.decode_context == receptive_frames([2, 4, 4, 8, 8]) == 10
    assert model.decode_context - 2 <= reach <= model.decode_context


def test_a_windowed_decode_equals_a_whole_one(model: DiffusersStableAudio) -> None:
    latent, context = draw((1, 8, 70, 1), 0, 0, "start"), model.decode_context
    whole = model.decode(latent)
    part = model.decode(latent[:, :, 20 - context : 50 + context])[..., 2048 * context : 2048 * (30 + context)]
    assert (part - whole[..., 2048 * 20 : 2048 * 50]).abs().max() <= 1e-5 * whole.abs().max()
    short = model.decode(latent[:, :, 20 - 4 : 50 + 4])[..., 2048 * 4 : 2048 * (30 + 4)]
    assert (short - whole[..., 2048 * 20 : 2048 * 50]).abs().max() > 1e-4 * whole.abs().max()


def test_sound_is_encoded_to_the_mode(model: DiffusersStableAudio, pieces: dict[str, Any]) -> None:
    waveform = 0.1 * draw((2, 2, 5 * 2048 + 99), 0, 0, "start")
    latent = model.encode(waveform)
    assert (latent.shape, latent.dtype) == ((2, 8, 5, 1), torch.float32)
    with torch.no_grad():
        expected = pieces["vae"].encode(waveform[..., : 5 * 2048]).latent_dist.mean
    assert torch.equal(latent[..., 0], expected)
    assert torch.equal(model.encode(waveform), latent)  # no draw
    assert model.decode(latent).shape == (2, 2, 5 * 2048)


# The complete model.


def test_its_properties_are_those_of_stable_audio_open(model: DiffusersStableAudio) -> None:
    assert isinstance(model, AudioModel)
    assert (model.sample_rate, model.audio_channels, model.samples_per_frame) == (44100, 2, 2048)
    assert (model.channels, model.latent_bins, model.native_frames, model.time_multiple) == (8, 1, NATIVE, 1)
    alphas = model.alphas_cumprod
    assert (alphas.shape, alphas.dtype) == ((1000,), torch.float32)
    assert (alphas.diff() < 0).all()
    assert alphas[-1] == pytest.approx(1 / (1 + 500**2), rel=1e-5)
    assert (1 - alphas[0]) ** 0.5 < 2e-3
    assert model.defaults["tile_size_time"] == NATIVE
    described = model.describe()
    assert (described["name"], described["prediction_type"]) == ("stable", "v_prediction")
    assert len(described["weights_sha256"]) == 64


def test_the_published_sizes() -> None:
    """The weights on the Hub have 4.23 GB (transformer), 624 MB (vae) and 439 MB (text encoder), in float32."""
    with torch.device("meta"):
        networks = build({})
        counts = {name: sum(weight.numel() for weight in network.parameters()) for name, network in networks.items()}
        assert 4 * counts["transformer"] / 1e9 == pytest.approx(4.23, abs=0.01)
        assert 4 * counts["vae"] / 1e6 == pytest.approx(624, abs=2)
        latent = torch.empty(1, 64, 1024)
        assert networks["vae"].decode(latent).sample.shape == (1, 2, 1024 * 2048)
