"""A checkpoint that the original package writes, read directly: it computes what the package does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from spotnb import SpotSampler, load_model
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.checkpoint_names import unet_weights
from spotnb.models.checkpoint_sizes import unet_config
from spotnb.models.latent_diffusion import LatentDiffusionModel
from spotnb.models.mel import torch_log_mel
from spotnb.solvers.noise import draw
from tests.audioldm.original import relative
from tests.audioldm.test_latent_diffusion import NEGATIVE, PROMPT, conditioning, original_run
from tests.models.components import make_tokenizer

pytestmark = [  # warnings of the original with current versions of numpy and torch
    pytest.mark.filterwarnings("ignore::DeprecationWarning:audioldm"),
    pytest.mark.filterwarnings("ignore::FutureWarning:torch"),
    pytest.mark.filterwarnings("ignore:torch.meshgrid"),
]
HEADS = (4, 8, 12, 20)  # 8 channels each, which the file does not tell
X = draw((2, 8, 16, 16), 0, 0, "start")
T = torch.tensor([700, 30])


def state_of(original: Any) -> dict[str, Tensor]:
    """Return what the package saves, with the numbers of positions that RoBERTa stored at its time."""
    positions = original.cond_stage_model.model.text_branch.embeddings.position_ids
    return original.state_dict() | {"cond_stage_model.model.text_branch.embeddings.position_ids": positions}


@pytest.fixture(scope="module")
def path(original: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    make_tokenizer().save_pretrained(folder / "roberta-base")
    content = {"state_dict": state_of(original), "epoch": 3, "global_step": 5, "pytorch-lightning_version": "1.7.7"}
    torch.save(content, folder / "audioldm-small.ckpt")
    return folder / "audioldm-small.ckpt"


@pytest.fixture(scope="module")
def loaded(path: Path) -> DiffusersAudioLDM:
    return load_model(path, "cpu", "fp32", heads=HEADS)  # type: ignore[return-value]


def test_every_kind_of_key_is_in_the_file(path: Path) -> None:
    names = torch.load(path, weights_only=True)["state_dict"]
    beginnings = ("model.diffusion_model.", "model_ema.diffusion_model", "first_stage_model.vocoder.", "scale_factor")
    clap = ("text_branch.", "text_projection.", "audio_branch.", "audio_projection.", "logit_scale_a")
    for start in (*beginnings, *(f"cond_stage_model.model.{part}" for part in clap)):
        assert any(name.startswith(start) for name in names), start
    assert sum("position_ids" in name for name in names) == 1


def test_texts(loaded: DiffusersAudioLDM, original: Any) -> None:
    embeds = loaded.embed([PROMPT, NEGATIVE, ""])
    assert relative(embeds[:1], conditioning(original, PROMPT)[:, 0]) <= 1e-5
    assert relative(embeds[1:2], conditioning(original, NEGATIVE)[:, 0]) <= 1e-5
    assert relative(embeds[2:], original.cond_stage_model.get_unconditional_condition(1)[:, 0]) <= 1e-5


@torch.no_grad()
def test_noise_is_that_of_the_averaged_weights(loaded: DiffusersAudioLDM, original: Any) -> None:
    cond = loaded.embed([PROMPT, NEGATIVE])
    with original.ema_scope():
        averaged = original.apply_model(X, T, cond[:, None])
    noise = loaded.predict_noise(X, T, cond)
    assert relative(noise, averaged) <= 1e-5
    assert relative(noise, original.apply_model(X, T, cond[:, None])) > 0.1
    assert loaded.notes["averaged_weights"]


def test_sound_in_and_out(loaded: DiffusersAudioLDM, original: Any) -> None:
    mel = original.decode_first_stage(X)
    assert relative(loaded.decode_mel(X), mel) <= 1e-5
    sound = torch.from_numpy(original.mel_spectrogram_to_waveform(mel))[:, 0, : 16 * 640]
    assert relative(loaded.vocode(mel), sound) <= 1e-5
    waveform = 0.1 * draw((2, 8 * 640), 0, 0, "start")
    latent = original.encode_first_stage(torch_log_mel(waveform)).mode() * original.scale_factor
    assert relative(loaded.encode(waveform), latent) <= 1e-5


def test_a_full_run(loaded: DiffusersAudioLDM, model: LatentDiffusionModel, original: Any) -> None:
    assert torch.equal(loaded.alphas_cumprod, model.alphas_cumprod)
    settings = {"steps": 10, "guidance_scale": 2.5, "method": "full", "seed": 4}
    ours = SpotSampler(loaded, PROMPT, 0.6, **settings)
    theirs = original_run(original, ours.latent.clone(), 10, 2.5)
    ours.run(progress=False)
    assert relative(ours.latent, theirs["latent"]) <= 1e-5
    sound = theirs["sound"][:, 0, : ours.samples].clamp(-1, 1)
    assert relative(torch.from_numpy(ours.decode())[None], sound) <= 1e-5


def test_its_properties_and_its_digest(loaded: DiffusersAudioLDM, path: Path, tmp_path: Path) -> None:
    described = loaded.describe()
    assert (loaded.name, loaded.sample_rate, loaded.channels, loaded.latent_bins) == (str(path), 16000, 8, 16)
    assert (loaded.native_frames, loaded.time_multiple, loaded.samples_per_frame) == (256, 8, 640)
    assert (described["name"], described["heads"], described["prediction_type"]) == (str(path), list(HEADS), "epsilon")
    assert len(described["weights_sha256"]) == 64
    assert loaded.vae.config.scaling_factor == pytest.approx(0.9)


@pytest.mark.parametrize("width", [128, 192, 256])
def test_the_published_sizes(audioldm: Any, width: int) -> None:
    """Of s, m and l, built without memory for their weights."""
    name = {128: "-s-", 192: "-m-", 256: "-l-"}[width]
    params = audioldm.pipeline.default_audioldm_config(name)["model"]["params"]
    with torch.device("meta"):
        network = sys.modules["audioldm.latent_diffusion.openaimodel"].UNetModel(**params["unet_config"]["params"])
        weights = unet_weights(network.state_dict())
        config = unet_config(weights)
        expected = {key: value.shape for key, value in UNet2DConditionModel(**config).state_dict().items()}
    assert {key: value.shape for key, value in weights.items()} == expected
    assert config["block_out_channels"] == [width, 2 * width, 3 * width, 5 * width]
    channels = params["unet_config"]["params"]["num_head_channels"]
    assert config["attention_head_dim"] == [part // channels for part in config["block_out_channels"]]


def test_without_averages_the_weights_are_taken(path: Path, original: Any, tmp_path: Path) -> None:
    state = {name: value for name, value in state_of(original).items() if not name.startswith("model_ema.")}
    plain = tmp_path / "plain.ckpt"
    torch.save(state, plain)  # some people save the state itself
    make_tokenizer().save_pretrained(tmp_path / "tokenizer")
    model: Any = load_model(plain, "cpu", "fp32", heads=HEADS)
    cond = model.embed([PROMPT, NEGATIVE])
    with torch.no_grad():
        assert relative(model.predict_noise(X, T, cond), original.apply_model(X, T, cond[:, None])) <= 1e-5
    assert not model.notes["averaged_weights"]
