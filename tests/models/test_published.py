"""The sizes as published, on torch's `meta` device: the checks of a folder pass them, and their parameters are counted.

The configurations are those that the conversion scripts of diffusers write
(`scripts/convert_original_audioldm2_to_diffusers.py` and its siblings for AudioLDM and MusicLDM), with those of
`laion/clap-htsat-unfused`, `google/flan-t5-large` and `gpt2`, from which these scripts take theirs.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AudioLDM2UNet2DConditionModel, UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import nn

from spotnb.models.audioldm2_folder import _check_widths
from spotnb.models.config_check import check_config
from spotnb.models.folder_configs import KINDS, Piece
from spotnb.models.heads import choose_heads
from spotnb.models.mel_fit import check_mel_fit
from tests.models.components import AUDIOLDM_SCHEDULE
from tests.models.stable_components import build

S, M, L = (128, 256, 384, 640), (192, 384, 576, 960), (256, 512, 768, 1280)
LEVELS = {
    "down_block_types": ("DownBlock2D", *["CrossAttnDownBlock2D"] * 3),
    "up_block_types": (*["CrossAttnUpBlock2D"] * 3, "UpBlock2D"),
    "in_channels": 8,
    "out_channels": 8,
    "sample_size": 128,
    "layers_per_block": 2,
}
VAE = {
    "in_channels": 1,
    "out_channels": 1,
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "block_out_channels": (128, 256, 512),
    "latent_channels": 8,
    "layers_per_block": 2,
    "sample_size": 1024,
    "scaling_factor": 0.9228,
}
VOCODER = {
    "model_in_dim": 64,
    "sampling_rate": 16000,
    "upsample_initial_channel": 1024,
    "upsample_rates": [5, 4, 2, 2, 2],
    "upsample_kernel_sizes": [16, 16, 8, 4, 4],
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
    "normalize_before": False,
}
AUDIO = {"patch_embeds_hidden_size": 128, "hidden_size": 1024, "depths": [2, 2, 12, 2]}
FLAN_T5_LARGE = {
    "vocab_size": 32128,
    "d_model": 1024,
    "d_kv": 64,
    "d_ff": 2816,
    "num_layers": 24,
    "num_heads": 16,
    "feed_forward_proj": "gated-gelu",
}


def film_unet(channels: tuple[int, ...]) -> dict[str, Any]:
    return LEVELS | {
        "block_out_channels": channels,
        "cross_attention_dim": channels,
        "class_embed_type": "simple_projection",
        "projection_class_embeddings_input_dim": 512,
        "class_embeddings_concat": True,
    }


def double_unet(streams: list[int | None], depth: int) -> dict[str, Any]:
    return LEVELS | {
        "block_out_channels": S,
        "cross_attention_dim": [streams] * 4,
        "transformer_layers_per_block": depth,
    }


def audioldm(channels: tuple[int, ...]) -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "unet": ("UNet2DConditionModel", film_unet(channels)),
        "vae": ("AutoencoderKL", VAE),
        "text_encoder": ("ClapTextModelWithProjection", {}),
        "vocoder": ("SpeechT5HifiGan", VOCODER),
    }


def audioldm2(streams: list[int | None], depth: int) -> dict[str, tuple[str, dict[str, Any]]]:
    dims = {"text_encoder_dim": 512, "text_encoder_1_dim": 1024, "langauge_model_dim": 768}
    return audioldm(S) | {
        "unet": ("AudioLDM2UNet2DConditionModel", double_unet(streams, depth)),
        "text_encoder": ("ClapModel", {"audio_config": AUDIO}),
        "text_encoder_2": ("T5EncoderModel", FLAN_T5_LARGE),
        "projection_model": ("AudioLDM2ProjectionModel", dims),
        "language_model": ("GPT2Model", {"max_new_tokens": 8}),
    }


PUBLISHED = {
    "audioldm-s-full-v2": audioldm(S),
    "audioldm-m-full": audioldm(M),
    "audioldm-l-full": audioldm(L),
    "musicldm": audioldm(S) | {"text_encoder": ("ClapModel", {"audio_config": AUDIO})},
    "audioldm2": audioldm2([None, 768, 1024], 1),
    "audioldm2-large": audioldm2([None, 768, 1024, None], 2),
}
# The UNet, and all pieces together. The model cards say 421, 652 and 975 of the first three. The published UNet of
# audioldm2-large has 2.87 GB, four bytes for each of 718 million.
MILLIONS = {
    "audioldm-s-full-v2": (185, 421),
    "audioldm-m-full": (416, 652),
    "audioldm-l-full": (739, 975),
    "musicldm": (185, 490),
    "audioldm2": (347, 1118),
    "audioldm2-large": (718, 1489),
}


def as_saved(network: nn.Module) -> dict[str, Any]:
    """Return the content of the configuration that the library writes for a network."""
    config: Any = network.config
    text: str = network.to_json_string() if hasattr(network, "to_json_string") else config.to_json_string(False)
    saved: dict[str, Any] = json.loads(text)
    return saved


@pytest.fixture(scope="module", params=PUBLISHED)
def built(request: pytest.FixtureRequest) -> tuple[str, dict[str, nn.Module]]:
    with torch.device("meta"):
        return request.param, {
            piece: KINDS[kind].build(config) for piece, (kind, config) in PUBLISHED[request.param].items()
        }


def test_parameters_are_counted(built: tuple[str, dict[str, nn.Module]]) -> None:
    name, networks = built
    counts = {piece: sum(weight.numel() for weight in network.parameters()) for piece, network in networks.items()}
    assert (round(counts["unet"] / 1e6), round(sum(counts.values()) / 1e6)) == MILLIONS[name]


def test_the_page_of_the_models_says_so() -> None:
    """Weights in memory take four bytes a number, and two in a UNet in half precision."""
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w.-]+)` \| (\d+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", page, re.MULTILINE)
    with torch.device("meta"):
        counts = {piece: sum(weight.numel() for weight in each.parameters()) for piece, each in build({}).items()}
    stable = round(counts["transformer"] / 1e6), round(sum(counts.values()) / 1e6)
    expected = MILLIONS | {"stable-audio-open-1.0": stable}
    assert {name: (int(unet), int(total)) for name, unet, total, _, _ in rows} == expected
    for name, _, _, whole, half in rows:
        unet, total = expected[name]
        assert (float(whole), float(half)) == (round(total * 0.004, 1), round(total * 0.004 - unet * 0.002, 1))


def test_the_checks_of_a_folder_pass_it(built: tuple[str, dict[str, nn.Module]]) -> None:
    name, networks = built
    pieces = {}
    for piece, network in networks.items():
        kind, config = PUBLISHED[name][piece][0], as_saved(network)
        check_config(Path("m") / piece / "config.json", config, kind, KINDS[kind].config_class().__init__)
        for part, of in KINDS[kind].parts.items():
            check_config(Path("m") / piece / "config.json", config[part], of, KINDS[kind].config_class(of).__init__)
        pieces[piece] = Piece(Path("m") / piece, kind, config)
    pieces["scheduler"] = Piece(Path("m") / "scheduler", "DDIMScheduler", dict(AUDIOLDM_SCHEDULE))
    check_mel_fit(Path("m"), pieces)
    if "language_model" in pieces:
        _check_widths(Path("m"), pieces)


def test_the_heads_are_those_of_the_original(built: tuple[str, dict[str, nn.Module]]) -> None:
    """32 channels a head, but 64 in AudioLDM's largest network, where the published configuration says 8 heads."""
    name, networks = built
    config = as_saved(networks["unet"])
    assert config["attention_head_dim"] == 8
    kept, chosen = choose_heads(config, "original")
    assert not kept
    channels = 64 if name == "audioldm-l-full" else 32
    assert [width // heads for width, heads in zip(config["block_out_channels"], chosen, strict=True)] == [channels] * 4
    kind: Any = AudioLDM2UNet2DConditionModel if "language_model" in networks else UNet2DConditionModel
    with torch.device("meta"):
        unet = kind.from_config(config | {"attention_head_dim": list(chosen)})
    for block, heads in zip(unet.down_blocks, chosen, strict=True):
        found = {each.heads for each in block.modules() if isinstance(each, Attention)}
        assert found <= {heads}
    shapes = [{key: weight.shape for key, weight in each.named_parameters()} for each in (unet, networks["unet"])]
    assert shapes[0] == shapes[1]  # which is why the wrong numbers load as well
