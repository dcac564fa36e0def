"""Stable Audio's components in the classes of diffusers and transformers, narrow and with random weights.

The rates are those of Stable Audio Open: stereo at 44.1 kHz, 2048 samples per latent frame.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderOobleck,
    StableAudioDiTModel,
    StableAudioPipeline,
    StableAudioProjectionModel,
)
from transformers import T5Config, T5EncoderModel, T5Tokenizer

from tests.models.components import WORDS, randomise

NATIVE = 24
GAIN = 0.6
SCHEDULE = {"solver_order": 2, "prediction_type": "v_prediction", "sigma_data": 1.0, "sigma_schedule": "exponential"}
PUBLISHED: dict[str, Any] = {
    "transformer": {
        "sample_size": 1024,
        "in_channels": 64,
        "num_layers": 24,
        "attention_head_dim": 64,
        "num_attention_heads": 24,
        "num_key_value_attention_heads": 12,
        "out_channels": 64,
        "cross_attention_dim": 768,
        "time_proj_dim": 256,
        "global_states_input_dim": 1536,
        "cross_attention_input_dim": 768,
    },
    "vae": {
        "encoder_hidden_size": 128,
        "downsampling_ratios": [2, 4, 4, 8, 8],
        "channel_multiples": [1, 2, 4, 8, 16],
        "decoder_channels": 128,
        "decoder_input_channels": 64,
        "audio_channels": 2,
        "sampling_rate": 44100,
    },
    "projection_model": {"text_encoder_dim": 768, "conditioning_dim": 768, "min_value": 0, "max_value": 512},
    "text_encoder": {"d_model": 768, "d_ff": 3072, "d_kv": 64, "num_heads": 12, "num_layers": 12},
}
"""The configurations of Stable Audio Open 1.0, as diffusers' conversion script writes them."""
NARROW: dict[str, Any] = {
    "transformer": {
        "sample_size": NATIVE,
        "in_channels": 8,
        "num_layers": 2,
        "attention_head_dim": 16,
        "num_attention_heads": 4,
        "num_key_value_attention_heads": 2,
        "out_channels": 8,
        "cross_attention_dim": 32,
        "time_proj_dim": 16,
        "global_states_input_dim": 48,
        "cross_attention_input_dim": 24,
    },
    "vae": {
        "encoder_hidden_size": 16,
        "channel_multiples": [1, 1, 2, 2, 2],
        "decoder_channels": 4,
        "decoder_input_channels": 8,
    },
    "projection_model": {"text_encoder_dim": 16, "conditioning_dim": 24},
    "text_encoder": {"d_model": 16, "d_ff": 32, "d_kv": 8, "num_heads": 2, "num_layers": 1, "vocab_size": 32},
}


def build(sizes: dict[str, Any]) -> dict[str, Any]:
    """Return the four networks of these sizes, which replace those of Stable Audio Open, on the default device."""
    sizes = {piece: config | sizes.get(piece, {}) for piece, config in PUBLISHED.items()}
    return {
        "transformer": StableAudioDiTModel(**sizes["transformer"]),
        "vae": AutoencoderOobleck(**sizes["vae"]),
        "text_encoder": T5EncoderModel(T5Config(**sizes["text_encoder"])),
        "projection_model": StableAudioProjectionModel(**sizes["projection_model"]),
    }


def make_stable_tokenizer() -> T5Tokenizer:
    pieces = ["<pad>", "</s>", "<unk>", "▁", *(f"▁{word}" for word in WORDS)]
    return T5Tokenizer(vocab=[(piece, -float(k)) for k, piece in enumerate(pieces)], extra_ids=0, model_max_length=12)


def make_stable_components(seed: int = 0, **sizes: Any) -> dict[str, Any]:
    """Return all pieces but the scheduler by name, without changing the global random state."""
    narrow = {piece: config | sizes.get(piece, {}) for piece, config in NARROW.items()}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pieces = build(narrow)
        for piece in pieces.values():
            randomise(piece.eval())
        calm(pieces["vae"])
    return pieces | {
        "tokenizer": make_stable_tokenizer(),
    }


@torch.no_grad()
def calm(vae: AutoencoderOobleck) -> None:
    """Reduce random weights, so that rounding is not amplified: the logarithms of frequencies, and norms of weights."""
    for module in vae.modules():
        if hasattr(module, "alpha"):
            module.alpha.mul_(0.1)
            module.beta.mul_(0.1)
        if hasattr(module, "weight_g"):
            module.weight_g.copy_(GAIN * torch.linalg.vector_norm(module.weight_v, dim=(1, 2), keepdim=True))


def cosine_scheduler(**changes: Any) -> Any:
    """Return the scheduler of Stable Audio Open.

    diffusers offers it only where `torchsde` is installed, which draws the noise within its steps. An empty module of
    that name is enough for everything else.
    """
    with pytest.MonkeyPatch.context() as patch:
        if importlib.util.find_spec("torchsde") is None:
            patch.setitem(sys.modules, "torchsde", types.ModuleType("torchsde"))
        module = importlib.import_module("diffusers.schedulers.scheduling_cosine_dpmsolver_multistep")
    return module.CosineDPMSolverMultistepScheduler(**(SCHEDULE | changes))


def save_stable_folder(folder: Path, components: dict[str, Any], scheduler: Any = None) -> Path:
    """Write the pieces with diffusers' own pipeline."""
    StableAudioPipeline(**components, scheduler=scheduler or cosine_scheduler()).save_pretrained(folder)
    return folder


def stable_audio(folder: Path) -> Path:
    """Write a Stable Audio Open."""
    return save_stable_folder(folder, make_stable_components(seed=1))
