"""AudioLDM's components in the classes of diffusers and transformers, tiny and with random weights.

The important shapes are AudioLDM's: 8 latent channels, 16 latent bins, 64 mel bands, 160 samples per mel frame, 4 UNet
levels and 3 autoencoder levels.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import (
    ClapTextConfig,
    ClapTextModelWithProjection,
    PreTrainedTokenizerFast,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

CHANNELS = (8, 16, 16, 24)
WORDS = [
    "rock",
    "song",
    "with",
    "electric",
    "guitar",
    "and",
    "heavy",
    "drums",
    "jazz",
    "piano",
    "solo",
    "rain",
    "noise",
    "quiet",
    "fast",
]
SPECIAL = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
AUDIOLDM_SCHEDULE = {
    "beta_start": 0.0015,
    "beta_end": 0.0195,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "set_alpha_to_one": False,
    "clip_sample": False,
}


def make_unet(channels: tuple[int, ...] = CHANNELS, *, code_channels: int = 0, **changes: Any) -> UNet2DConditionModel:
    """Return a UNet with AudioLDM's configuration, but one layer per block."""
    config: dict[str, Any] = {
        "sample_size": 128,
        "in_channels": 8 + code_channels,
        "out_channels": 8,
        "block_out_channels": channels,
        "down_block_types": ("DownBlock2D", *["CrossAttnDownBlock2D"] * (len(channels) - 1)),
        "up_block_types": (*["CrossAttnUpBlock2D"] * (len(channels) - 1), "UpBlock2D"),
        "cross_attention_dim": channels,
        "attention_head_dim": 8,
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "class_embed_type": "simple_projection",
        "projection_class_embeddings_input_dim": 16,
        "class_embeddings_concat": True,
    }
    return UNet2DConditionModel(**(config | changes))


def make_vae(widths: tuple[int, ...], layers: int = 2, groups: int = 32, **changes: Any) -> AutoencoderKL:
    """Return an autoencoder with AudioLDM's configuration."""
    config: dict[str, Any] = {
        "in_channels": 1,
        "out_channels": 1,
        "latent_channels": 8,
        "down_block_types": ("DownEncoderBlock2D",) * 3,
        "up_block_types": ("UpDecoderBlock2D",) * 3,
        "block_out_channels": widths,
        "layers_per_block": layers,
        "norm_num_groups": groups,
        "sample_size": 64,
    }
    return AutoencoderKL(**(config | changes))


def make_tokenizer(words: list[str] = WORDS) -> PreTrainedTokenizerFast:
    """Return a tokenizer of whole words, enclosed in <s> and </s> as with RoBERTa; <pad> is 1."""
    vocabulary = {word: index for index, word in enumerate([*SPECIAL.values(), *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", vocabulary["<s>"]), ("</s>", vocabulary["</s>"])]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=16, **SPECIAL)


def make_components(
    seed: int = 0, *, prediction_type: str = "epsilon", code_channels: int = 0, **unet_changes: Any
) -> dict[str, Any]:
    """Return the six pieces by name, without changing the global random state."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        unet = make_unet(code_channels=code_channels, **unet_changes)
        vae = make_vae((8, 8, 16), layers=1, groups=4, scaling_factor=0.9)
        text_config = ClapTextConfig(
            vocab_size=len(WORDS) + len(SPECIAL),
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=20,
            projection_dim=unet.config.projection_class_embeddings_input_dim,
            pad_token_id=1,
        )
        vocoder_config = SpeechT5HifiGanConfig(
            model_in_dim=64,
            sampling_rate=16000,
            upsample_initial_channel=32,
            upsample_rates=[5, 4, 2, 2, 2],
            upsample_kernel_sizes=[16, 16, 8, 4, 4],
            resblock_kernel_sizes=[3, 7],
            resblock_dilation_sizes=[[1, 3], [1, 3]],
            normalize_before=False,
        )
        pieces = (unet, vae, ClapTextModelWithProjection(text_config), SpeechT5HifiGan(vocoder_config))
        for piece in pieces:
            randomise(piece)
    unet, vae, text_encoder, vocoder = (piece.eval() for piece in pieces)
    return {
        "unet": unet,
        "vae": vae,
        "text_encoder": text_encoder,
        "tokenizer": make_tokenizer(),
        "vocoder": vocoder,
        "scheduler": DDIMScheduler(prediction_type=prediction_type, **AUDIOLDM_SCHEDULE),
    }


@torch.no_grad()
def randomise(module: nn.Module, generator: torch.Generator | None = None) -> None:
    """Randomize all weights: the last convolution of a new AudioLDM UNet is zero, so it returns zeros.

    Weights from the global generator also depend on what else draws from it, such as a network that another thread
    builds at the same time. A generator of its own gives the same weights each time.
    """
    for name, parameter in module.named_parameters():
        if parameter.ndim > 1:
            parameter.normal_(std=1 / math.sqrt(parameter[0].numel()), generator=generator)
        elif "bias" in name:
            parameter.normal_(std=0.05, generator=generator)
        else:  # the scale of a norm
            parameter.normal_(mean=1.0, std=0.05, generator=generator)


def save_folder(
    folder: Path,
    components: dict[str, Any],
    *,
    frequency_code: Tensor | None = None,
    tempo_ruler: dict[str, Tensor] | None = None,
    typical_latent: dict[str, Tensor] | None = None,
) -> Path:
    """Write the pieces in diffusers' layout of an AudioLDM folder, and ours into the folder of the UNet."""
    from safetensors.torch import save_file

    for name, piece in components.items():
        piece.save_pretrained(folder / name)
    index = {name: [type(piece).__module__.split(".")[0], type(piece).__name__] for name, piece in components.items()}
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "AudioLDMPipeline", **index}))
    if frequency_code is not None:
        save_file({"frequency_code": frequency_code}, folder / "unet" / "frequency_code.safetensors")
    if tempo_ruler is not None:
        save_file(tempo_ruler, folder / "unet" / "tempo_ruler.safetensors")
    if typical_latent is not None:
        save_file(typical_latent, folder / "unet" / "typical_latent.safetensors")
    return folder
