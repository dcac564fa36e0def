"""An original AudioLDM checkpoint without the package `audioldm`: small components under the package's names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from transformers import ClapTextConfig, ClapTextModelWithProjection, SpeechT5HifiGan, SpeechT5HifiGanConfig

from tests.models.components import SPECIAL, WORDS, make_tokenizer, make_unet, make_vae, randomise
from tests.networks import ALPHAS

CHANNELS = (32, 64, 64, 64)
WHOLE = {
    "time_embedding.linear_1.": "time_embed.0.",
    "time_embedding.linear_2.": "time_embed.2.",
    "class_embedding.": "film_emb.",
    "conv_in.": "input_blocks.0.0.",
    "conv_norm_out.": "out.0.",
    "conv_out.": "out.2.",
    "mid_block.resnets.0.": "middle_block.0.",
    "mid_block.attentions.0.": "middle_block.1.",
    "mid_block.resnets.1.": "middle_block.2.",
}
RESNET = {
    "norm1.": "in_layers.0.",
    "conv1.": "in_layers.2.",
    "time_emb_proj.": "emb_layers.1.",
    "norm2.": "out_layers.0.",
    "conv2.": "out_layers.3.",
    "conv_shortcut.": "skip_connection.",
}
MIDDLE = {"group_norm.": "norm.", "to_q.": "q.", "to_k.": "k.", "to_v.": "v.", "to_out.0.": "proj_out."}


def make_pieces(seed: int = 0) -> dict[str, Any]:
    """Return the networks of a small AudioLDM with the widths that an original can have."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pieces: dict[str, Any] = {
            "unet": make_unet(CHANNELS, norm_num_groups=32, attention_head_dim=[1, 2, 2, 2]),
            "vae": make_vae((32, 32, 32), layers=1, scaling_factor=0.75),
            "vocoder": SpeechT5HifiGan(
                SpeechT5HifiGanConfig(
                    model_in_dim=64,
                    upsample_initial_channel=32,
                    upsample_rates=[5, 4, 2, 2, 2],
                    upsample_kernel_sizes=[16, 16, 8, 4, 4],
                    resblock_kernel_sizes=[3, 5],
                    resblock_dilation_sizes=[[1, 3, 5]] * 2,
                    normalize_before=False,
                )
            ),
            "text_encoder": ClapTextModelWithProjection(
                ClapTextConfig(
                    vocab_size=len(WORDS) + len(SPECIAL),
                    hidden_size=64,
                    intermediate_size=32,
                    num_hidden_layers=2,
                    num_attention_heads=1,
                    max_position_embeddings=20,
                    projection_dim=16,
                    layer_norm_eps=1e-5,
                )
            ),
        }
        for piece in pieces.values():
            randomise(piece.eval())
    return pieces


def state_of(pieces: dict[str, Any], *, averaged: bool = True) -> dict[str, Tensor]:
    """Return a state as the package saves it. With averages, the plain weights of the UNet are zeros."""
    unet = {f"diffusion_model.{name}": weight for name, weight in unet_state(pieces["unet"]).items()}
    state = {f"model.{name}": torch.zeros_like(weight) if averaged else weight for name, weight in unet.items()}
    if averaged:
        state |= {f"model_ema.{name.replace('.', '')}": weight for name, weight in unet.items()}
        state["model_ema.decay"] = torch.tensor(0.9999)
        state["model_ema.num_updates"] = torch.tensor(7)
    state |= {f"first_stage_model.{name}": weight for name, weight in vae_state(pieces["vae"]).items()}
    for name, weight in pieces["vocoder"].state_dict().items():
        if name not in ("mean", "scale"):
            state[f"first_stage_model.vocoder.{name.replace('upsampler.', 'ups.')}"] = weight
    for name, weight in pieces["text_encoder"].state_dict().items():
        renamed = name.replace("text_model.", "text_branch.").replace("text_projection.linear1", "text_projection.0")
        state[f"cond_stage_model.model.{renamed.replace('text_projection.linear2', 'text_projection.2')}"] = weight
    others = {"audio_branch.conv.weight": torch.ones(3), "logit_scale_a": torch.ones(())}
    state |= {f"cond_stage_model.model.{name}": value for name, value in others.items()}
    return state | {"alphas_cumprod": ALPHAS.clone(), "betas": torch.ones(1000), "scale_factor": torch.tensor(0.75)}


def unet_state(unet: UNet2DConditionModel) -> dict[str, Tensor]:
    return {_unet_name(name): weight for name, weight in unet.state_dict().items()}


def _unet_name(name: str) -> str:
    """Return the original name of a weight of a network with one block per level."""
    if match := re.match(r"(down|up)_blocks\.(\d)\.(\w+)\.(\d)\.(.*)", name):
        side, level, kind, block, rest = match[1], int(match[2]), match[3], int(match[4]), match[5]
        if side == "down":
            index = 2 * level + (2 if kind == "downsamplers" else 1 + block)
        else:
            index = 2 * level + (1 if kind == "upsamplers" else block)
        home = f"{'input' if side == 'down' else 'output'}_blocks.{index}"
        if kind == "downsamplers":
            return f"{home}.0.{rest.replace('conv.', 'op.')}"
        if kind == "upsamplers":
            return f"{home}.2.{rest}"
        return f"{home}.1.{rest}" if kind == "attentions" else f"{home}.0.{_replaced(rest, RESNET)}"
    renamed = _replaced(name, WHOLE)
    return re.sub(r"(middle_block\.[02]\.)(.*)", lambda match: match[1] + _replaced(match[2], RESNET), renamed)


def vae_state(vae: AutoencoderKL) -> dict[str, Tensor]:
    state = {}
    for name, weight in vae.state_dict().items():
        original = _vae_name(name)
        convolution = re.search(r"attn_1\.(q|k|v|proj_out)\.weight", original)
        state[original] = weight[:, :, None, None] if convolution else weight
    return state


def _vae_name(name: str) -> str:
    name = re.sub(r"down_blocks\.(\d)\.resnets\.", r"down.\1.block.", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0\.", r"down.\1.downsample.", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets\.", lambda match: f"up.{2 - int(match[1])}.block.", name)
    name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0\.", lambda match: f"up.{2 - int(match[1])}.upsample.", name)
    name = re.sub(r"mid_block\.resnets\.(\d)\.", lambda match: f"mid.block_{int(match[1]) + 1}.", name)
    name = re.sub(r"(mid_block\.attentions\.0\.)(.*)", lambda m: "mid.attn_1." + _replaced(m[2], MIDDLE), name)
    return name.replace("conv_norm_out.", "norm_out.").replace("conv_shortcut.", "nin_shortcut.")


def _replaced(name: str, table: dict[str, str]) -> str:
    for old, new in table.items():
        if name.startswith(old):
            return new + name[len(old) :]
    return name


def save_checkpoint(path: Path, state: dict[str, Tensor]) -> Path:
    """Write a checkpoint, and the tokenizer into a folder beside it."""
    torch.save({"state_dict": state, "epoch": 1}, path)
    make_tokenizer().save_pretrained(path.parent / "roberta-base")
    return path
