"""The names of AudioLDM's weights: those of an original checkpoint, and those of diffusers and transformers.

The original is a `LatentDiffusion` of the package `audioldm`, whose UNet is that of Dhariwal & Nichol 2021
(arXiv:2105.05233), whose autoencoder is that of Esser et al. 2021 (arXiv:2012.09841), and whose text encoder is the
RoBERTa of CLAP (Wu et al. 2023, arXiv:2211.06687).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from torch import Tensor

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
TEXT = {
    "text_branch.": "text_model.",
    "text_projection.0.": "text_projection.linear1.",
    "text_projection.2.": "text_projection.linear2.",
}


def count(names: Iterable[str], pattern: str) -> int:
    """Return how many different numbers stand in the group of a pattern that the names begin with."""
    return len({match[1] for name in names if (match := re.match(pattern, name))})


def unet_weights(weights: Mapping[str, Tensor]) -> Weights:
    """Convert the weights of the original UNet for a `UNet2DConditionModel` of the same shape."""
    levels = unet_levels(weights)
    blocks = count(weights, r"output_blocks\.(\d+)\.") // levels - 1
    return _converted(weights, lambda name: _unet_name(name, blocks))


def unet_levels(names: Iterable[str]) -> int:
    """Return the number of levels of the original UNet: one more than it has downsamplings."""
    return 1 + count(names, r"input_blocks\.(\d+)\.0\.op\.")


def _unet_name(name: str, blocks: int) -> str:
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


def vae_weights(weights: Mapping[str, Tensor]) -> Weights:
    """Convert the weights of the original autoencoder, except for the vocoder's, for an `AutoencoderKL`."""
    levels = count(weights, r"decoder\.up\.(\d+)\.")
    converted = _converted(weights, lambda name: _vae_name(name, levels), without="vocoder.")
    for name in [name for name in converted if re.search(r"mid_block\.attentions\.0\.to_\w+(\.0)?\.weight", name)]:
        converted[name] = converted[name].flatten(1)  # a convolution of one tap is a matrix
    return converted


def _vae_name(name: str, levels: int) -> str:
    name = re.sub(r"\bdown\.(\d+)\.block\.", r"down_blocks.\1.resnets.", name)
    name = re.sub(r"\bdown\.(\d+)\.downsample\.", r"down_blocks.\1.downsamplers.0.", name)
    # The original numbers its decoder's levels from the output.
    name = re.sub(r"\bup\.(\d+)\.", lambda match: f"up_blocks.{levels - 1 - int(match[1])}.", name)
    return _renamed(name.replace(".block.", ".resnets.").replace(".upsample.", ".upsamplers.0."), VAE)


def vocoder_weights(weights: Mapping[str, Tensor]) -> Weights:
    """Convert the weights of the original vocoder for a `SpeechT5HifiGan`, without its unused `mean` and `scale`."""
    return _converted(weights, lambda name: re.sub(r"^ups\.", "upsampler.", name))


def text_weights(weights: Mapping[str, Tensor]) -> Weights:
    """Convert the text branch and the text projection of the original CLAP for a `ClapTextModelWithProjection`."""
    kept = {name: weight for name, weight in weights.items() if name.startswith(tuple(TEXT))}
    return _converted(kept, lambda name: _renamed(name, TEXT))


def averaged(weights: Mapping[str, Tensor], averages: Mapping[str, Tensor]) -> Weights:
    """Replace weights by their moving averages (EMA), under whose names the original leaves out the dots.

    Args:
        weights: The weights of the wrapper of the UNet, by name.
        averages: The averages, by name.
    """
    return {name: averages.get(name.replace(".", ""), weight) for name, weight in weights.items()}


def _converted(weights: Mapping[str, Tensor], rename: Callable[[str], str], without: str = "\0") -> Weights:
    return {rename(name): weight for name, weight in weights.items() if not name.startswith(without)}


def _renamed(name: str, table: Mapping[str, str]) -> str:
    for old, new in table.items():
        match = re.search(rf"(^|\.){re.escape(old)}", name)
        if match:
            return name[: match.start()] + match[1] + new + name[match.end() :]
    return name
