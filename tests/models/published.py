"""MusicLDM and AudioLDM 2 in the classes of diffusers and transformers, with random weights and a reduced width.

`write` saves a pipeline by its own `save_pretrained`, as the conversion scripts of diffusers do.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AudioLDM2Pipeline,
    AudioLDM2ProjectionModel,
    AudioLDM2UNet2DConditionModel,
    DDIMScheduler,
    MusicLDMPipeline,
)
from tokenizers import pre_tokenizers
from transformers import (
    ClapAudioConfig,
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    ClapTextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    RobertaTokenizer,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from tests.models.components import AUDIOLDM_SCHEDULE, CHANNELS, WORDS, make_unet, make_vae, randomise

WIDTH = 64
"""Width of CLAP's embeddings, and its most tokens: MusicLDM's pipeline takes one for the other (both are 512)."""
LANGUAGE, T5_WIDTH = 24, 20
NEW_TOKENS = 8


def roberta() -> RobertaTokenizer:
    """Return a tokenizer of single bytes."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*special, *alphabet])}
    return RobertaTokenizer(vocab=vocabulary, merges=[], model_max_length=WIDTH)


def t5_tokenizer() -> T5Tokenizer:
    """Return a tokenizer of whole words."""
    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -9.0), ("▁", -2.0), *((f"▁{word}", -1.0) for word in WORDS)]
    return T5Tokenizer(vocab=words, extra_ids=0, model_max_length=12)


def clap() -> ClapModel:
    """Return a CLAP model."""
    text = ClapTextConfig(
        vocab_size=300,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=WIDTH + 2,
        projection_dim=WIDTH,
        pad_token_id=1,
    )
    audio = ClapAudioConfig(
        hidden_size=32,
        patch_embeds_hidden_size=8,
        depths=[1, 1, 1],
        num_attention_heads=[1, 2, 4],
        num_hidden_layers=3,
        projection_dim=WIDTH,
    )
    return ClapModel(ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=WIDTH))


def vocoder() -> SpeechT5HifiGan:
    """Return a HiFi-GAN that makes 160 samples of a mel frame."""
    return SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            model_in_dim=64,
            sampling_rate=16000,
            upsample_initial_channel=32,
            upsample_rates=[5, 4, 2, 2, 2],
            upsample_kernel_sizes=[16, 16, 8, 4, 4],
            resblock_kernel_sizes=[3, 7],
            resblock_dilation_sizes=[[1, 3], [1, 3]],
            normalize_before=False,
        )
    )


def double_unet() -> AudioLDM2UNet2DConditionModel:
    """Return a UNet with AudioLDM 2's configuration, but one layer per block."""
    return AudioLDM2UNet2DConditionModel(
        sample_size=128,
        in_channels=8,
        out_channels=8,
        block_out_channels=CHANNELS,
        down_block_types=("DownBlock2D", *["CrossAttnDownBlock2D"] * 3),
        up_block_types=(*["CrossAttnUpBlock2D"] * 3, "UpBlock2D"),
        cross_attention_dim=[[None, LANGUAGE, T5_WIDTH]] * 4,
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
    )


def t5() -> T5EncoderModel:
    """Return the encoder of a flan-t5."""
    return T5EncoderModel(
        T5Config(
            vocab_size=len(WORDS) + 4,
            d_model=T5_WIDTH,
            d_kv=8,
            d_ff=24,
            num_layers=2,
            num_heads=2,
            feed_forward_proj="gated-gelu",
        )
    )


def gpt2() -> GPT2LMHeadModel:
    """Return a GPT-2."""
    config = GPT2Config(
        vocab_size=20, n_positions=64, n_embd=LANGUAGE, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    config.max_new_tokens = NEW_TOKENS
    return GPT2LMHeadModel(config)


def _components(seed: int, prediction_type: str, networks: dict[str, Any]) -> dict[str, Any]:
    """Return the pieces that both families have, with networks that `networks` makes, randomized."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = {name: make() for name, make in networks.items()}
        generator = torch.Generator().manual_seed(seed)
        for network in made.values():
            randomise(network, generator)
            network.eval()
    return made | {
        "tokenizer": roberta(),
        "feature_extractor": ClapFeatureExtractor(truncation="rand_trunc"),
        "scheduler": DDIMScheduler(prediction_type=prediction_type, **AUDIOLDM_SCHEDULE),
    }


def small_vae() -> Any:
    """Return AudioLDM's autoencoder."""
    return make_vae((8, 8, 16), layers=1, groups=4, scaling_factor=0.9)


def musicldm_components(seed: int = 0, prediction_type: str = "epsilon") -> dict[str, Any]:
    """Return the pieces of a MusicLDM by name, without changing the global random state."""
    networks = {
        "unet": lambda: make_unet(projection_class_embeddings_input_dim=WIDTH),
        "vae": small_vae,
        "text_encoder": clap,
        "vocoder": vocoder,
    }
    return _components(seed, prediction_type, networks)


def audioldm2_components(seed: int = 0, prediction_type: str = "epsilon") -> dict[str, Any]:
    """Return the pieces of an AudioLDM 2 by name, without changing the global random state."""
    networks = {
        "unet": double_unet,
        "vae": small_vae,
        "text_encoder": clap,
        "text_encoder_2": t5,
        "projection_model": lambda: AudioLDM2ProjectionModel(WIDTH, T5_WIDTH, LANGUAGE),
        "language_model": gpt2,
        "vocoder": vocoder,
    }
    return _components(seed, prediction_type, networks) | {"tokenizer_2": t5_tokenizer()}


def pipeline(kind: type[MusicLDMPipeline | AudioLDM2Pipeline], components: dict[str, Any]) -> Any:
    """Return diffusers' pipeline of these pieces."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = kind(**components)
    made.set_progress_bar_config(disable=True)
    return made


def musicldm(folder: Path) -> Path:
    """Write a MusicLDM as its conversion script does, and return the folder."""
    pipeline(MusicLDMPipeline, musicldm_components()).save_pretrained(folder)
    return folder


def audioldm2(folder: Path) -> Path:
    """Write an AudioLDM 2 as its conversion script does, with only the body of the language model."""
    components = audioldm2_components()
    body = components["language_model"].transformer
    pipeline(AudioLDM2Pipeline, components | {"language_model": body}).save_pretrained(folder)
    return folder
