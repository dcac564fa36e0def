"""Weights of the original package's modules under their names in diffusers and transformers."""

from __future__ import annotations

import re
from typing import Any

from torch import Tensor, nn

Weights = dict[str, Tensor]

UNET = {
    "time_embed.0.": "time_embedding.linear_1.",
    "time_embed.2.": "time_embedding.linear_2.",
    "film_emb.": "class_embedding.",
    "input_blocks.0.0.": "conv_in.",
    "middle_block.0.": "mid_block.resnets.0.",
    "middle_block.1.": "mid_block.attentions.0.",
    "middle_block.2.": "mid_block.resnets.1.",
    "out.0.": "conv_norm_out.",
    "out.2.": "conv_out.",
}
RESNET = {
    "in_layers.0.": "norm1.",
    "in_layers.2.": "conv1.",
    "emb_layers.1.": "time_emb_proj.",
    "out_layers.0.": "norm2.",
    "out_layers.3.": "conv2.",
    "skip_connection.": "conv_shortcut.",
}
VAE = {
    "mid.block_1.": "mid_block.resnets.0.",
    "mid.block_2.": "mid_block.resnets.1.",
    "mid.attn_1.norm.": "mid_block.attentions.0.group_norm.",
    "mid.attn_1.q.": "mid_block.attentions.0.to_q.",
    "mid.attn_1.k.": "mid_block.attentions.0.to_k.",
    "mid.attn_1.v.": "mid_block.attentions.0.to_v.",
    "mid.attn_1.proj_out.": "mid_block.attentions.0.to_out.0.",
    "norm_out.": "conv_norm_out.",
    "nin_shortcut.": "conv_shortcut.",
}


def unet_weights(unet: nn.Module) -> Weights:
    """Convert weights for a `UNet2DConditionModel` with the same numbers of levels and of blocks per level."""
    sizes: Any = unet
    levels, blocks = len(sizes.channel_mult), sizes.num_res_blocks
    return {_unet_name(name, levels, blocks): weight for name, weight in unet.state_dict().items()}


def _unet_name(name: str, levels: int, blocks: int) -> str:
    name = _renamed(name, UNET)
    if match := re.match(r"(input|output)_blocks\.(\d+)\.(\d+)\.(.*)", name):
        side, index, part, rest = match[1], int(match[2]), int(match[3]), match[4]
        if side == "input":  # each level has its blocks, then a downsampling
            level, block = divmod(index - 1, blocks + 1)
            home = f"down_blocks.{level}"
        else:  # each level has one block more; the last one also contains an upsampling
            level, block = divmod(index, blocks + 1)
            home = f"up_blocks.{level}"
        if rest.startswith(("op.", "conv.")):
            sampler = "downsamplers" if rest.startswith("op.") else "upsamplers"
            name = f"{home}.{sampler}.0.conv.{rest.split('.', 1)[1]}"
        else:
            name = f"{home}.{'attentions' if part else 'resnets'}.{block}.{rest}"
    return _renamed(name, RESNET)


def vae_weights(vae: nn.Module) -> Weights:
    """Convert weights, except for the vocoder's, for an `AutoencoderKL` with the same levels and blocks."""
    levels = len([name for name, _ in vae.named_modules() if re.fullmatch(r"decoder\.up\.\d+", name)])
    out = {}
    for old, weight in vae.state_dict().items():
        if old.startswith("vocoder."):
            continue
        name = re.sub(r"\bdown\.(\d+)\.block\.", r"down_blocks.\1.resnets.", old)
        name = re.sub(r"\bdown\.(\d+)\.downsample\.", r"down_blocks.\1.downsamplers.0.", name)
        # The original numbers its decoder's levels from the output.
        name = re.sub(r"\bup\.(\d+)\.", lambda m: f"up_blocks.{levels - 1 - int(m[1])}.", name)
        name = name.replace(".block.", ".resnets.").replace(".upsample.", ".upsamplers.0.")
        if re.search(r"attn_1\.(q|k|v|proj_out)\.weight", old):  # a convolution with one tap is a matrix
            weight = weight[:, :, 0, 0]
        out[_renamed(name, VAE)] = weight
    return out


def vocoder_weights(vocoder: nn.Module) -> Weights:
    """Convert weights for a `SpeechT5HifiGan` of the same configuration, without the unused `mean` and `scale`."""
    return {re.sub(r"^ups\.", "upsampler.", name): weight for name, weight in vocoder.state_dict().items()}


def _renamed(name: str, table: dict[str, str]) -> str:
    for old, new in table.items():
        match = re.search(rf"(^|\.){re.escape(old)}", name)
        if match:
            return name[: match.start()] + match[1] + new + name[match.end() :]
    return name
