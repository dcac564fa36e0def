"""The sizes of AudioLDM's networks, read from the shapes of their weights.

An original checkpoint holds no configuration. What shapes do not show is what the package `audioldm` has for all of its
models: the rates of the vocoder, the number of groups, RoBERTa's heads. The heads of the UNet are in
`spotnb.models.heads`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from spotnb.models.heads import ORIGINAL_HEADS

GROUPS = 32
HEAD_CHANNELS = 32
"""Channels of an attention head of the UNet, unless its widths are those of a published model with other heads."""
TEXT_HEAD_CHANNELS = 64
TEXT_EPS = 1e-5
"""RoBERTa's. The converted checkpoints have transformers' default for CLAP (1e-12) here, which is not the original."""
VOCODER_RATES, VOCODER_KERNELS = [5, 4, 2, 2, 2], [16, 16, 8, 4, 4]
VOCODER_DILATIONS = [1, 3, 5]

Weights = Mapping[str, Tensor]


def unet_config(weights: Weights) -> dict[str, Any]:
    """Return the configuration of a `UNet2DConditionModel` with these weights."""
    channels = _widths(weights, "down_blocks.{}.resnets.0.conv1.weight")
    attends = [f"down_blocks.{level}.attentions.0.norm.weight" in weights for level in range(len(channels))]
    return {
        "sample_size": 128,
        "in_channels": weights["conv_in.weight"].shape[1],
        "out_channels": weights["conv_out.weight"].shape[0],
        "block_out_channels": channels,
        "down_block_types": ["CrossAttnDownBlock2D" if attention else "DownBlock2D" for attention in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if attention else "UpBlock2D" for attention in reversed(attends)],
        "cross_attention_dim": channels,
        "attention_head_dim": _heads(channels),
        "layers_per_block": _length(weights, r"down_blocks\.0\.resnets\.(\d+)\."),
        "norm_num_groups": GROUPS,
        "class_embed_type": "simple_projection",
        "projection_class_embeddings_input_dim": weights["class_embedding.weight"].shape[1],
        "class_embeddings_concat": True,
    }


def vae_config(weights: Weights, scaling_factor: float) -> dict[str, Any]:
    """Return the configuration of an `AutoencoderKL` with these weights."""
    channels = _widths(weights, "encoder.down_blocks.{}.resnets.0.conv1.weight")
    return {
        "in_channels": weights["encoder.conv_in.weight"].shape[1],
        "out_channels": weights["decoder.conv_out.weight"].shape[0],
        "latent_channels": weights["post_quant_conv.weight"].shape[1],
        "down_block_types": ["DownEncoderBlock2D"] * len(channels),
        "up_block_types": ["UpDecoderBlock2D"] * len(channels),
        "block_out_channels": channels,
        "layers_per_block": _length(weights, r"encoder\.down_blocks\.0\.resnets\.(\d+)\."),
        "norm_num_groups": GROUPS,
        "scaling_factor": scaling_factor,
    }


def vocoder_config(weights: Weights) -> dict[str, Any]:
    """Return the configuration of a `SpeechT5HifiGan` with these weights."""
    blocks = _length(weights, r"resblocks\.(\d+)\.") // len(VOCODER_RATES)
    kernels = [weights[f"resblocks.{block}.convs1.0.weight"].shape[2] for block in range(blocks)]
    return {
        "model_in_dim": weights["conv_pre.weight"].shape[1],
        "sampling_rate": 16000,
        "upsample_initial_channel": weights["conv_pre.weight"].shape[0],
        "upsample_rates": VOCODER_RATES,
        "upsample_kernel_sizes": VOCODER_KERNELS,
        "resblock_kernel_sizes": kernels,
        "resblock_dilation_sizes": [VOCODER_DILATIONS] * blocks,
        "normalize_before": False,
    }


def text_config(weights: Weights) -> dict[str, Any]:
    """Return the configuration of a `ClapTextModelWithProjection` with these weights."""
    embeddings = "text_model.embeddings.{}_embeddings.weight"
    words, width = weights[embeddings.format("word")].shape
    return {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": weights["text_model.encoder.layer.0.intermediate.dense.weight"].shape[0],
        "num_hidden_layers": _length(weights, r"text_model\.encoder\.layer\.(\d+)\."),
        "num_attention_heads": width // TEXT_HEAD_CHANNELS,
        "max_position_embeddings": weights[embeddings.format("position")].shape[0],
        "type_vocab_size": weights[embeddings.format("token_type")].shape[0],
        "projection_dim": weights["text_projection.linear2.weight"].shape[0],
        "layer_norm_eps": TEXT_EPS,
        "pad_token_id": 1,
    }


def _heads(channels: list[int]) -> list[int]:
    return list(ORIGINAL_HEADS.get(tuple(channels), [width // HEAD_CHANNELS for width in channels]))


def _length(weights: Weights, pattern: str) -> int:
    """Return the length of the list of modules whose index is the group of a pattern."""
    return len({match[1] for name in weights if (match := re.match(pattern, name))})


def _widths(weights: Weights, name: str) -> list[int]:
    """Return the number of output channels of each level, as long as there is a level."""
    widths: list[int] = []
    while (weight := weights.get(name.format(len(widths)))) is not None:
        widths.append(weight.shape[0])
    return widths
