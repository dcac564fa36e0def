"""The adapter against the original package's sampler, first stage, and text encoder, with random weights."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import resample_poly
from torch import Tensor

from spotnb import SpotDiffusionConfig, SpotSampler, generate_audio, spotdiffusion_text_to_audio
from spotnb.models.adapt import as_model
from spotnb.models.latent_diffusion import LatentDiffusionModel, from_audioldm
from spotnb.models.mel import torch_log_mel
from spotnb.models.protocol import AudioModel
from spotnb.sampling.source import KnownSound
from spotnb.solvers.noise import draw
from tests.audioldm.original import make_sampler, relative

pytestmark = [  # warnings of the original with current versions of numpy and torch
    pytest.mark.filterwarnings("ignore::DeprecationWarning:audioldm"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
    pytest.mark.filterwarnings("ignore::FutureWarning:torch"),
    pytest.mark.filterwarnings("ignore:torch.meshgrid"),
]
PROMPT, NEGATIVE = "rock song with heavy drums", "quiet rain noise"
X = draw((2, 8, 16, 16), 0, 0, "start")
T = torch.tensor([700, 30])


@pytest.fixture(autouse=True)
def _no_draw_of_ours() -> Iterator[None]:
    """Check that the adapter never draws from the global generators."""
    before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    yield
    assert torch.equal(torch.random.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002


def conditioning(original: Any, text: str) -> Tensor:
    """Return the conditioning `[1, 1, D]` of the original object, which here does not drop any prompt."""
    with torch.random.fork_rng(devices=[]), pytest.MonkeyPatch.context() as patch:
        patch.setattr(original.cond_stage_model, "unconditional_prob", 0.0)
        return original.get_learned_conditioning([text])


def original_run(
    original: Any, start: Tensor, steps: int, guidance: float, negative: str = "", eta: float = 0.0
) -> dict[str, Any]:
    """Run the original from some initial noise, in the same way as its `generate_sample`."""
    sampler = make_sampler(original)
    with original.ema_scope(), torch.random.fork_rng(devices=[]):
        nothing = original.cond_stage_model.get_unconditional_condition(1)
        latent, _ = sampler.sample(
            steps,
            1,
            start.shape[1:],
            conditioning(original, PROMPT),
            eta=eta,
            x_T=start,
            verbose=False,
            unconditional_guidance_scale=guidance,
            unconditional_conditioning=conditioning(original, negative) if negative else nothing,
        )
        mel = original.decode_first_stage(latent)
        return {
            "timesteps": sampler.ddim_timesteps[::-1].tolist(),
            "latent": latent,
            "mel": mel,
            "sound": torch.from_numpy(original.mel_spectrogram_to_waveform(mel)),
            "int16": original.first_stage_model.decode_to_waveform(mel),
        }


@pytest.mark.parametrize(
    ("steps", "guidance", "negative", "seconds"),
    [(10, 2.5, "", 1.2), (20, 3.0, NEGATIVE, 0.6), (50, 2.5, "", 0.3), (10, 1.0, "", 0.6)],
    ids=str,
)
def test_a_full_run_equals_the_original(
    original: Any, model: LatentDiffusionModel, steps: int, guidance: float, negative: str, seconds: float
) -> None:
    settings = {"guidance_scale": guidance, "negative_prompt": negative, "method": "full", "seed": 4}
    ours = SpotSampler(model, PROMPT, seconds, steps=steps, **settings)
    start = ours.latent.clone()
    theirs = original_run(original, start, steps, guidance, negative)
    ours.run(progress=False)
    assert list(ours.solver.timesteps) == theirs["timesteps"]
    assert relative(start, theirs["latent"]) > 0.1  # the network had an effect
    assert relative(ours.latent, theirs["latent"]) <= 1e-4
    mel = model.decode_mel(ours.latent)
    assert relative(mel, theirs["mel"]) <= 1e-4
    sound, samples = model.vocode(mel), 640 * start.shape[2]
    assert theirs["sound"].shape == (1, 1, samples + 32)  # ours trims the vocoder's extra samples
    assert relative(sound, theirs["sound"][:, 0, :samples]) <= 1e-4
    assert sound.abs().max() > 0.01
    rounded = torch.from_numpy(theirs["int16"][:, :samples]) / 32768
    assert 1e-6 < (sound - rounded).abs().max() <= 1.1 / 32768  # ours is not rounded to 16 bits
    assert relative(torch.from_numpy(ours.decode())[None], sound[:, : ours.samples]) <= 1e-6


def test_threads_take_turns_at_the_encoder(original: Any, model: LatentDiffusionModel) -> None:
    """Its mode is that of all threads, and so are the state of its tokenizer and the generator that it draws from."""
    texts, words = [PROMPT, NEGATIVE], " ".join(["rock"] * 600)
    embedded, read = model.embed(texts), model.read_text(words)
    assert read.cut
    with ThreadPoolExecutor(3) as threads:
        embeds = [threads.submit(model.embed, texts) for _ in range(60)]
        readings = [threads.submit(model.read_text, words) for _ in range(60)]
    assert all(torch.equal(each.result(), embedded) for each in embeds)
    assert all(each.result() == read for each in readings)
    assert original.cond_stage_model.unconditional_prob > 0


def test_noise_put_back_equals_the_original(
    original: Any, model: LatentDiffusionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With audioldm's default eta of 1 and the same draws."""
    ours = SpotSampler(model, PROMPT, 0.6, steps=10, guidance_scale=2.5, method="full", seed=4, eta=1.0)
    draws = iter([draw(ours.shape, 4, step, "eta") for step in range(10)])
    monkeypatch.setattr(sys.modules["audioldm.latent_diffusion.ddim"], "noise_like", lambda *_: next(draws))
    theirs = original_run(original, ours.latent.clone(), 10, 2.5, eta=1.0)
    assert relative(ours.run(progress=False).latent, theirs["latent"]) <= 1e-4


def test_prompt_guidance_and_averages_matter_to_this_network(original: Any, model: LatentDiffusionModel) -> None:
    """Otherwise, the agreement above would not show that they are handled correctly."""
    plain = copy.copy(original)
    plain.use_ema = False
    runs = [
        SpotSampler(by, prompt, 0.3, steps=5, guidance_scale=scale, method="full").run(progress=False).latent
        for by, prompt, scale in (
            (model, PROMPT, 2.5),
            (model, NEGATIVE, 2.5),
            (model, PROMPT, 1.0),
            (from_audioldm(plain), PROMPT, 2.5),
        )
    ]
    assert all(relative(run, runs[0]) > 0.01 for run in runs[1:])


# The text encoder.


def test_no_prompt_is_dropped(original: Any, model: LatentDiffusionModel) -> None:
    first = model.embed([PROMPT])
    assert all(torch.equal(model.embed([PROMPT]), first) for _ in range(200))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        drawn = original.get_learned_conditioning([PROMPT] * 200)
    dropped = (drawn[:, 0] - first).norm(dim=1) > 1e-3
    assert 5 < dropped.sum() < 50  # a plain call drops some
    assert original.cond_stage_model.unconditional_prob == 0.1  # the object has not changed


def test_embeddings_are_the_originals(original: Any, model: LatentDiffusionModel) -> None:
    embeds = model.embed([PROMPT, "", NEGATIVE, ""])
    assert (embeds.shape, embeds.dtype) == ((4, 512), torch.float32)
    assert torch.allclose(embeds[:1], conditioning(original, PROMPT)[:, 0], atol=1e-6)
    assert torch.allclose(embeds[2:3], conditioning(original, NEGATIVE)[:, 0], atol=1e-6)
    nothing = original.cond_stage_model.get_unconditional_condition(1)[:, 0]
    assert torch.equal(embeds[1:2], nothing)
    assert torch.equal(embeds[3:], nothing)
    assert not torch.allclose(embeds[0], embeds[2], atol=1e-2)
    assert torch.equal(model.embed([""]), nothing)


def test_texts_are_read_in_audio_mode_too(original: Any, model: LatentDiffusionModel) -> None:
    expected = model.embed([PROMPT])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(original.cond_stage_model, "embed_mode", "audio")
        assert torch.equal(model.embed([PROMPT]), expected)
        assert original.cond_stage_model.embed_mode == "audio"


# The network.


def test_noise_is_that_of_the_averaged_weights(original: Any, model: LatentDiffusionModel) -> None:
    cond = model.embed([PROMPT, NEGATIVE])
    with torch.no_grad(), original.ema_scope():
        averaged = original.apply_model(X, T, cond[:, None])
    with torch.no_grad():
        plain = original.apply_model(X, T, cond[:, None])
    noise = model.predict_noise(X, T, cond)
    assert (noise.dtype, noise.shape) == (torch.float32, X.shape)
    assert noise.std() > 0.1
    assert relative(noise, averaged) <= 1e-5
    assert relative(noise, plain) > 0.1


def test_averaged_weights_are_used_where_they_lie(original: Any) -> None:
    """They are not copied, so more training affects the next prediction. The plain weights do not change."""
    original = copy.deepcopy(original)
    before = {name: weight.clone() for name, weight in original.model.named_parameters()}
    model = from_audioldm(original)
    cond = model.embed([PROMPT, NEGATIVE])
    noise = model.predict_noise(X, T, cond)
    assert all(torch.equal(weight, before[name]) for name, weight in original.model.named_parameters())
    with torch.no_grad():
        original.model_ema.diffusion_modelout2weight.mul_(2)
        original.model_ema.diffusion_modelout2bias.mul_(2)
    assert relative(model.predict_noise(X, T, cond), 2 * noise) <= 1e-5


def test_a_model_without_averages(original: Any) -> None:
    model = from_audioldm(_without_averages(original), name="mine")
    cond = model.embed([PROMPT, NEGATIVE])
    with torch.no_grad():
        expected = original.apply_model(X, T, cond[:, None])
    assert relative(model.predict_noise(X, T, cond), expected) <= 1e-5
    assert (model.describe()["averaged_weights"], model.describe()["name"]) == (False, "mine")


@pytest.mark.parametrize("kind", ["x0", "v"])
def test_epsilon_comes_out_whatever_the_network_predicts(original: Any, kind: str) -> None:
    """A perfect network returns the true noise e of x = sqrt(a) x0 + sqrt(1 - a) e."""
    alpha = original.alphas_cumprod[T][:, None, None, None]
    clean, true = draw(X.shape, 1, 0, "start"), draw(X.shape, 2, 0, "start")
    x = alpha.sqrt() * clean + (1 - alpha).sqrt() * true
    other = copy.copy(original)
    other.parameterization = kind
    model = from_audioldm(other)
    right = clean if kind == "x0" else alpha.sqrt() * true - (1 - alpha).sqrt() * clean
    model._origin.apply_model = lambda *_: right
    assert (model.predict_noise(x, T, torch.zeros(2, 512)) - true).abs().max() < 1e-4


def test_a_ring_of_any_length(original: Any, model: LatentDiffusionModel) -> None:
    """The original rejects lengths that are not multiples of 8."""
    cond = model.embed([PROMPT])
    with pytest.raises(RuntimeError), torch.no_grad():
        original.apply_model(X[:1, :, :12], T[:1], cond[:, None])
    ring = X[:1, :, :12]
    noise = model.predict_noise(ring, T[:1], cond)
    assert noise.shape == ring.shape
    around = torch.cat([ring, ring[:, :, :4]], dim=2)
    assert relative(noise, model.predict_noise(around, T[:1], cond)[:, :, :12]) <= 1e-5
    config = SpotDiffusionConfig(16, edge="circular")
    for frames in (3, 12):
        sampler = SpotSampler(model, PROMPT, frames / 25, steps=2, config=config).run(progress=False)
        assert sampler.decode().shape == (640 * frames,)


def test_a_gradient_where_it_is_asked_for(original: Any) -> None:
    """Kept sound needs it, through the original's gradient checkpointing. Otherwise, no step keeps a graph."""
    for network in (original, _without_averages(original)):
        model = from_audioldm(network)
        cond = model.embed([PROMPT, NEGATIVE])
        assert not model.predict_noise(X, T, cond).requires_grad
        x = X.clone().requires_grad_()
        noise = model.predict_noise(x, T, cond)
        (gradient,) = torch.autograd.grad(noise[:, :, :8].square().sum(), x)
        assert gradient[:, :, 8:].abs().max() > 0
        assert all(weight.grad is None for weight in network.parameters())
    known = KnownSound(draw((1, 8, 8, 16), 0, 0, "start"), 8)
    sampler = SpotSampler(model, PROMPT, 1.0, steps=2, config=SpotDiffusionConfig(16), continue_from=known)
    assert torch.equal(sampler.run(progress=False).latent[:, :, :8], known.latent)


def _without_averages(original: Any) -> Any:
    plain = copy.copy(original)
    plain.use_ema = False
    return plain


def test_inputs_are_left_alone(model: LatentDiffusionModel) -> None:
    x, t, cond = X.clone(), T.clone(), model.embed([PROMPT, NEGATIVE])
    before = cond.clone()
    model.predict_noise(x, t, cond)
    model.decode_mel(x)
    assert torch.equal(x, X)
    assert torch.equal(t, T)
    assert torch.equal(cond, before)


# Sound.


def test_encoding_is_the_mean_of_the_first_stage(original: Any, model: LatentDiffusionModel) -> None:
    waveform = 0.1 * draw((2, 8 * 640 + 99), 0, 0, "start")
    latent = model.encode(waveform)
    assert latent.shape == (2, 8, 8, 16)
    expected = original.encode_first_stage(torch_log_mel(waveform[:, : 8 * 640])).mode() * 0.9
    assert torch.allclose(latent, expected, atol=1e-6)
    assert torch.equal(model.encode(waveform), latent)  # no draw


def test_scores_are_the_originals(original: Any, model: LatentDiffusionModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same resampling (torchaudio is not installed) and on the CPU (the stock code uses a GPU)."""
    encoders = sys.modules["audioldm.clap.encoders"]

    class Resampling:
        @staticmethod
        def resample(sound: Tensor, orig_freq: int, new_freq: int) -> Tensor:
            return torch.from_numpy(resample_poly(sound.numpy(), new_freq // orig_freq, 1, axis=-1)).float()

    monkeypatch.setattr(encoders.torchaudio, "functional", Resampling, raising=False)
    data = sys.modules["audioldm.clap.training.data"]
    monkeypatch.setattr(data, "get_mel", lambda *_: torch.zeros(1))  # torchaudio's mel, which this encoder ignores
    monkeypatch.setattr(Tensor, "cuda", lambda self: self)
    monkeypatch.setattr(original.cond_stage_model, "unconditional_prob", 0.0)
    time = torch.arange(3 * 16000) / 16000
    sounds = torch.stack([0.3 * torch.sin(2764.6 * time), 0.3 * draw((3 * 16000,), 0, 0, "start")])
    scores = model.score(sounds, PROMPT)
    with torch.random.fork_rng(devices=[]):
        expected = original.cond_stage_model.cos_similarity(sounds, [PROMPT, PROMPT])
    assert scores.shape == (2,)
    assert (scores - expected).abs().max() <= 1e-5
    assert (scores[0] - scores[1]).abs() > 1e-3  # otherwise, the agreement would not show anything


def test_long_sounds_are_scored_piece_by_piece(model: LatentDiffusionModel) -> None:
    sound = 0.1 * draw((15 * 16000,), 0, 0, "start")
    whole = model.score(sound[None], PROMPT)
    pieces = model.score(torch.stack([sound[:160000], sound[-160000:]]), PROMPT)
    assert (whole - pieces.mean()).abs() < 1e-3  # separate resampling changes a few samples at the cuts


def test_the_best_candidate_is_that_of_the_score(original: Any, model: LatentDiffusionModel) -> None:
    """Each candidate is scored by CLAP, after all of them are sampled and decoded."""
    settings: dict[str, Any] = {"duration": 0.3, "steps": 2, "seed": 1, "progress": False}
    result = generate_audio(original, PROMPT, n_candidates=2, **settings)
    expected = float(model.score(torch.tensor(result.waveform)[None], PROMPT))
    assert max(result.scores) == pytest.approx(expected, abs=1e-5)
    assert abs(result.scores[0] - result.scores[1]) > 1e-5
    assert result.candidate == int(np.argmax(result.scores))
    assert np.array_equal(result.waveform, result.sampler.decode(candidate=result.candidate))


# The complete model.


def test_its_properties_are_audioldms(original: Any, model: LatentDiffusionModel) -> None:
    assert isinstance(model, AudioModel)
    assert (model.sample_rate, model.channels, model.latent_bins, model.samples_per_frame) == (16000, 8, 16, 640)
    assert (model.native_frames, model.time_multiple) == (256, 8)
    assert (model.device, model.dtype) == (torch.device("cpu"), torch.float32)
    assert torch.equal(model.alphas_cumprod, original.alphas_cumprod)
    assert model.alphas_cumprod.shape == (1000,)
    described = model.describe()
    assert (described["name"], described["prediction_type"]) == ("audioldm", "epsilon")
    assert described == from_audioldm(original).describe()


def test_manifests_tell_weights_apart(original: Any, model: LatentDiffusionModel) -> None:
    plain = copy.copy(original)
    plain.use_ema = False
    assert from_audioldm(plain).describe()["weights_sha256"] != model.describe()["weights_sha256"]


def test_a_latent_diffusion_makes_a_tiled_sound(original: Any) -> None:
    model = as_model(original)
    assert as_model(model) is model
    config = SpotDiffusionConfig(16)
    sampler = SpotSampler(model, PROMPT, 1.2, steps=3, config=config, seed=1).run(progress=False)
    assert len(sampler.trace[-1].layout.tiles) >= 2
    sound = sampler.decode()
    assert sound.shape == (19200,)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 0.01
    again = spotdiffusion_text_to_audio(model, PROMPT, 1.2, ddim_steps=3, config=config, seed=1, progress=False)
    assert np.array_equal(again, sound)


# Refusals.


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"parameterization": "mu"}, "'mu'"),
        ({"latent_f_size": 8}, "8 bins"),
        ({"scale_factor": float("nan")}, "scale_factor"),
        ({"cond_stage_model": None}, "lacks cond_stage_model.get_unconditional_condition"),
        ({"alphas_cumprod": torch.ones(100)}, "100 steps"),
        ({"model_ema": None}, "model_ema"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_driven_is_refused_in_a_line(original: Any, changes: dict[str, Any], fault: str) -> None:
    other = copy.copy(original)
    other._modules, other._buffers = dict(original._modules), dict(original._buffers)
    for name, value in changes.items():
        for store in (other._modules, other._buffers, other.__dict__):
            store.pop(name, None)
        object.__setattr__(other, name, value)
    with pytest.raises(ValueError, match="build_model") as caught:
        as_model(other)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_half_precision_is_refused(original: Any) -> None:
    other = copy.deepcopy(original).half()
    with pytest.raises(ValueError, match="float32"):
        from_audioldm(other)
