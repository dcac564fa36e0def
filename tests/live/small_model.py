"""A folder with a model of the embedded model's kind, much smaller and with random weights in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, normalizers, pre_tokenizers
from transformers import ClapTextConfig, ClapTextModelWithProjection

from spotnb.live.description import WORDS as PATTERN
from spotnb.models.ruler import WAVE_CHANNELS
from spotnb.models.vocoder import SinusoidalVocoder
from tests.models.components import make_components, make_vae, randomise, save_folder

CODES = 2


def save_small_model(folder: Path, *, tones: int, prediction_type: str = "v_prediction") -> Path:
    """Write a model with a frequency code, a tempo ruler and a typical latent. `tones` are those of its vocoder."""
    channels: dict[str, Any] = {
        "block_out_channels": (8, 16),
        "down_block_types": ("DownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "UpBlock2D"),
        "cross_attention_dim": (8, 16),
    }
    pieces = make_components(2, prediction_type=prediction_type, code_channels=CODES + WAVE_CHANNELS, **channels)
    text, generator = pieces["text_encoder"].config.to_dict(), torch.Generator().manual_seed(3)
    vae = make_vae((8, 16), layers=1, groups=4, scaling_factor=0.9, in_channels=4, out_channels=4, **_two_levels())
    vocoder = SinusoidalVocoder(channels=16, hidden=24, depth=1, tones=tones)
    text_encoder = ClapTextModelWithProjection(ClapTextConfig.from_dict({**text, "num_hidden_layers": 1}))
    for piece in (vae, vocoder, text_encoder):
        randomise(piece, generator)
    tokenizer = pieces["tokenizer"].backend_tokenizer
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PATTERN), "removed", invert=True)
    pieces |= {"vae": vae.eval(), "vocoder": vocoder.eval(), "text_encoder": text_encoder.eval()}
    for name in ("unet", "vae", "text_encoder", "vocoder"):
        pieces[name] = pieces[name].half()
    width = pieces["text_encoder"].config.projection_dim
    code = torch.linspace(-1, 1, CODES * 16).reshape(CODES, 16)
    ruler = {"tellings": torch.eye(3, width - 2), "beats": torch.tensor([8.0, 12.5, 20.0])}
    slope = torch.linspace(-1, 1, 8 * 16 * width).reshape(8, 16, width)
    typical = {"mean": torch.linspace(-1, 1, 8 * 16).reshape(8, 16), "slope": slope}
    return save_folder(folder, pieces, frequency_code=code, tempo_ruler=ruler, typical_latent=typical)


def _two_levels() -> dict[str, Any]:
    return {
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
        "mid_block_add_attention": False,
    }
