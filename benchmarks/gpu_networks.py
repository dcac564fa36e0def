"""Models of published sizes with random weights, made on the device in seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from diffusers import AudioLDM2UNet2DConditionModel, StableAudioDiTModel, UNet2DConditionModel
from torch import nn

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.audioldm2 import AudioLDM2
from spotnb.models.heads import ORIGINAL_HEADS
from spotnb.models.protocol import AudioModel
from spotnb.models.stable_audio import DiffusersStableAudio
from tests.models.components import make_components
from tests.models.published import LANGUAGE, T5_WIDTH, audioldm2_components
from tests.models.stable_components import PUBLISHED, make_stable_components

SMALL, LARGE = (128, 256, 384, 640), (256, 512, 768, 1280)
TINY = (8, 16, 16, 24)
LEVELS: dict[str, Any] = {
    "sample_size": 128,
    "in_channels": 8,
    "out_channels": 8,
    "down_block_types": ("DownBlock2D", *["CrossAttnDownBlock2D"] * 3),
    "up_block_types": (*["CrossAttnUpBlock2D"] * 3, "UpBlock2D"),
    "layers_per_block": 2,
}


def made(build: Callable[[], nn.Module], device: torch.device, dtype: torch.dtype) -> nn.Module:
    """Return a network with random weights, which never exist on the CPU."""
    with torch.device("meta"):
        network = build()
    network.to_empty(device=device)
    generator = torch.Generator(device).manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.normal_(0, 0.02, generator=generator)
        for buffer in network.buffers():
            buffer.zero_()
    return network.to(dtype)


def audioldm(channels: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> AudioModel:
    """Return an AudioLDM whose UNet has these channels; its other networks are tiny."""
    width = 512 if channels != TINY else 16
    config = LEVELS | {
        "block_out_channels": channels,
        "cross_attention_dim": channels,
        "attention_head_dim": ORIGINAL_HEADS.get(channels, 8),
        "norm_num_groups": 32 if channels != TINY else 8,
        "class_embed_type": "simple_projection",
        "projection_class_embeddings_input_dim": width,
        "class_embeddings_concat": True,
    }
    parts = make_components(projection_class_embeddings_input_dim=width)
    parts["unet"] = made(lambda: UNet2DConditionModel(**config), device, dtype)
    return DiffusersAudioLDM("random", **parts, device=device, dtype=dtype)


def audioldm2(channels: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> AudioModel:
    """Return an AudioLDM 2 whose UNet has these channels; its text encoders are tiny."""
    config = LEVELS | {
        "block_out_channels": channels,
        "cross_attention_dim": [[None, LANGUAGE, T5_WIDTH]] * 4,
        "attention_head_dim": ORIGINAL_HEADS.get(channels, 8),
        "norm_num_groups": 32 if channels != TINY else 8,
        "transformer_layers_per_block": 1,
    }
    parts = audioldm2_components()
    parts["language_model"] = parts["language_model"].transformer
    parts["unet"] = made(lambda: AudioLDM2UNet2DConditionModel(**config), device, dtype)
    return AudioLDM2("random", **parts, device=device, dtype=dtype)


def stable_audio(published: bool, device: torch.device, dtype: torch.dtype) -> AudioModel:
    """Return a Stable Audio whose transformer has the published size, or is tiny; its text encoder is tiny."""
    parts = make_stable_components()
    if published:
        parts = make_stable_components(projection_model={"conditioning_dim": 768}, vae={"decoder_input_channels": 64})
        parts["transformer"] = made(lambda: StableAudioDiTModel(**PUBLISHED["transformer"]), device, dtype)
    return DiffusersStableAudio("random", **parts, device=device, dtype=dtype)
