"""The original package's networks against diffusers' and transformers', configured like the published checkpoints.

Both have the same random weights. Sizes are AudioLDM's, except that the networks have one block per level instead of
two, and those of m and l are narrower, with the same number of attention heads (all three passed at full width).
"""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

from spotnb import SpotSampler
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.checkpoint_names import unet_weights, vae_weights, vocoder_weights
from spotnb.models.heads import ORIGINAL_HEADS, choose_heads
from spotnb.models.latent_diffusion import LatentDiffusionModel
from spotnb.solvers.noise import draw
from tests.audioldm.original import relative
from tests.models.components import AUDIOLDM_SCHEDULE, make_components, make_unet, make_vae

pytestmark = [  # warnings of the original with current versions of torch
    pytest.mark.filterwarnings("ignore::FutureWarning:torch"),
    pytest.mark.filterwarnings("ignore:torch.meshgrid"),
]
X = draw((1, 8, 8, 16), 0, 0, "start")
T = torch.tensor([700])
COND = nn.functional.normalize(draw((1, 512), 1, 0, "start"))


@torch.no_grad()
def fill(module: nn.Module) -> None:
    """Fill with random weights of a sensible size. For speed, half a billion are copied from a million drawn ones."""
    pool, offset = draw((1_048_583,), 2, 0, "start"), 0
    for name, weight in module.named_parameters():
        flat = weight.view(-1)
        for start in range(0, len(flat), len(pool)):
            offset = (offset + 7919) % len(pool)
            part = flat[start : start + len(pool)]
            first = min(len(part), len(pool) - offset)
            part[:first] = pool[offset : offset + first]
            part[first:] = pool[: len(part) - first]
        if weight.ndim > 1:
            weight.mul_(1 / math.sqrt(weight[0].numel()))
        else:
            weight.mul_(0.05).add_(0 if "bias" in name else 1)


def original_unet(width: int, head_channels: int, blocks: int = 1) -> Any:
    """Build the original network without its initial weights, which `fill` replaces."""
    with torch.device("meta"):
        unet: Any = sys.modules["audioldm.latent_diffusion.openaimodel"].UNetModel(
            image_size=64,
            extra_film_condition_dim=512,
            extra_film_use_concat=True,
            in_channels=8,
            out_channels=8,
            model_channels=width,
            attention_resolutions=[8, 4, 2],
            num_res_blocks=blocks,
            channel_mult=[1, 2, 3, 5],
            num_head_channels=head_channels,
            use_spatial_transformer=True,
        )
    unet = unet.to_empty(device="cpu").eval()
    fill(unet)
    unet.film_emb.weight.data.mul_(20)  # embeddings are short vectors, whose effect would be too small
    return unet


def diffusers_unet(channels: tuple[int, ...], heads: Any, weights: dict[str, Tensor]) -> UNet2DConditionModel:
    """Build diffusers' network on the same tensors as the original."""
    with torch.device("meta"):
        unet = make_unet(
            channels, attention_head_dim=heads, norm_num_groups=32, projection_class_embeddings_input_dim=512
        )
    unet.load_state_dict(weights, strict=True, assign=True)
    return unet.eval()


@torch.no_grad()
@pytest.mark.parametrize(("published", "shrink"), [(128, 1), (192, 2), (256, 4)], ids=["s", "m", "l"])
def test_the_network(audioldm: Any, published: int, shrink: int) -> None:
    full = (published, 2 * published, 3 * published, 5 * published)
    kept, heads = choose_heads({"block_out_channels": full, "attention_head_dim": 8}, "original")
    assert (kept, heads) == (False, ORIGINAL_HEADS[full])
    unet = original_unet(published // shrink, (64 if published == 256 else 32) // shrink)
    expected = unet(X, T, y=COND)
    assert expected.std() > 0.1
    channels, weights = tuple(c // shrink for c in full), unet_weights(unet.state_dict())
    ours = diffusers_unet(channels, list(heads), weights)
    assert relative(ours(X, T, None, class_labels=COND).sample, expected) <= 1e-4
    # The published configuration's number of heads loads without a warning, but it is wrong.
    wrong = diffusers_unet(channels, 8, weights)
    assert relative(wrong(X, T, None, class_labels=COND).sample, expected) > 1e-2


def diffusers_vae(width: int, layers: int, weights: dict[str, Tensor], scale: float = 1.0) -> AutoencoderKL:
    vae = make_vae((width, 2 * width, 4 * width), layers, scaling_factor=scale)
    vae.load_state_dict(weights, strict=True)
    return vae.eval()


@torch.no_grad()
def test_the_autoencoder(audioldm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At full size."""
    monkeypatch.setitem(sys.modules["audioldm.hifigan.utilities"].HIFIGAN_16K_64, "upsample_initial_channel", 32)
    config = audioldm.pipeline.default_audioldm_config()["model"]["params"]["first_stage_config"]["params"]
    with torch.random.fork_rng(devices=[]):
        vae = sys.modules["audioldm.variational_autoencoder.autoencoder"].AutoencoderKL(**config).eval()
        fill(vae)
        ours = diffusers_vae(128, 2, vae_weights(vae.state_dict()))
    mel = vae.decode(X)
    assert mel.shape == (1, 1, 32, 64)
    assert mel.std() > 0.1
    assert relative(ours.decode(X).sample, mel) <= 1e-4
    latent = vae.encode(mel).mode()
    assert latent.std() > 0.01
    assert relative(ours.encode(mel).latent_dist.mode(), latent) <= 1e-4


def hifigan(width: int, vocoder: nn.Module) -> SpeechT5HifiGan:
    config = SpeechT5HifiGanConfig(
        model_in_dim=64,
        sampling_rate=16000,
        upsample_initial_channel=width,
        upsample_rates=[5, 4, 2, 2, 2],
        upsample_kernel_sizes=[16, 16, 8, 4, 4],
        resblock_kernel_sizes=[3, 7, 11],
        resblock_dilation_sizes=[[1, 3, 5]] * 3,
        normalize_before=False,
    )
    ours = SpeechT5HifiGan(config)
    constants = {"mean": ours.mean, "scale": ours.scale}
    ours.load_state_dict(vocoder_weights(vocoder.state_dict()) | constants, strict=True)
    return ours.eval()


@torch.no_grad()
def test_the_vocoder(audioldm: Any) -> None:
    """At full size."""
    with torch.random.fork_rng(devices=[]):
        vocoder = sys.modules["audioldm.hifigan.utilities"].get_vocoder(None, "cpu")
        fill(vocoder)
        ours = hifigan(1024, vocoder)
    mel = draw((1, 12, 64), 3, 0, "start") - 5
    sound = vocoder(mel.mT)[:, 0]
    assert sound.std() > 0.01
    assert relative(ours(mel), sound) <= 1e-4


def test_one_set_of_weights_sounds_the_same_in_either_form(original: Any, model: LatentDiffusionModel) -> None:
    """A complete tiled run with the original object and with the classes of the folder format."""
    with original.ema_scope(), torch.random.fork_rng(devices=[]):
        weights = {name: w.clone() for name, w in unet_weights(original.model.diffusion_model.state_dict()).items()}
        pieces = {
            "unet": diffusers_unet((32, 64, 96, 160), [4, 8, 12, 20], weights),
            "vae": diffusers_vae(32, 1, vae_weights(original.first_stage_model.state_dict()), scale=0.9),
            "vocoder": hifigan(64, original.first_stage_model.vocoder),
            "scheduler": DDIMScheduler(**AUDIOLDM_SCHEDULE),
        }
        other = DiffusersAudioLDM("converted", **(make_components() | pieces))
    other.embed = model.embed  # type: ignore[method-assign]
    assert (other.alphas_cumprod - model.alphas_cumprod).abs().max() < 1e-6
    runs = [SpotSampler(by, "rock song", 0.6, steps=10, seed=3).run(progress=False) for by in (model, other)]
    assert relative(runs[1].latent, runs[0].latent) <= 1e-4
    sounds = [torch.from_numpy(run.decode()) for run in runs]
    assert relative(sounds[1], sounds[0]) <= 1e-4
    waveform = 0.1 * draw((1, 8 * 640), 0, 0, "start")
    assert relative(other.encode(waveform), model.encode(waveform)) <= 1e-4
