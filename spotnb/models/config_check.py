"""The configurations of a model folder, checked before anything is built from them.

The libraries fill a missing entry with a default of another model, take nearly any type, and build whatever a number
says. So each entry is compared with the type that the library states for it, counts have limits, and entries without
which a model would load and sound wrong must be present.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spotnb.errors import SpotnbError
from spotnb.models.folder_files import named, where
from spotnb.solvers.protocol import TRAINED_STEPS
from spotnb.sound.mel import BINS, HOP, SAMPLE_RATE
from spotnb.support.checks import show

LONGEST_LIST = 16
"""The most numbers in a list of a configuration, with the exception of `trained_betas`."""
LARGEST = 2**20
"""The largest whole number without a limit of its own, and the largest number of any kind."""

LIMITS: Mapping[str, tuple[float, float]] = {
    # Depth: each of these multiplies the number of layers.
    "layers_per_block": (1, 8),
    "transformer_layers_per_block": (1, 4),
    "num_hidden_layers": (1, 64),
    "depth": (1, 64),
    "depths": (1, 64),
    "num_layers": (1, 64),
    "num_decoder_layers": (1, 64),
    "n_layer": (1, 64),
    # Width.
    "block_out_channels": (1, 8192),
    "cross_attention_dim": (1, 8192),
    "attention_head_dim": (1, 1024),
    "num_attention_heads": (1, 1024),
    "norm_num_groups": (1, 1024),
    "in_channels": (1, 1024),
    "out_channels": (1, 1024),
    "latent_channels": (1, 1024),
    "projection_class_embeddings_input_dim": (1, 8192),
    "projection_dim": (1, 8192),
    "hidden_size": (1, 8192),
    "intermediate_size": (1, 2**16),
    "max_position_embeddings": (3, 2**14),
    "type_vocab_size": (1, 64),
    "vocab_size": (1, 2**19),
    "channels": (1, 8192),
    "hidden": (1, 2**15),
    "d_model": (1, 8192),
    "d_ff": (1, 2**16),
    "d_kv": (1, 1024),
    "num_heads": (1, 1024),
    "n_embd": (1, 8192),
    "n_inner": (1, 2**16),
    "n_head": (1, 1024),
    "n_positions": (8, 2**14),
    "max_new_tokens": (1, 512),
    "relative_attention_num_buckets": (1, 1024),
    "patch_embeds_hidden_size": (1, 1024),
    "num_classes": (1, 2**14),
    "spec_size": (8, 2048),
    "text_encoder_dim": (1, 8192),
    "text_encoder_1_dim": (1, 8192),
    "langauge_model_dim": (1, 8192),  # as diffusers spells it
    "text_cond_dim": (1, 8192),
    "num_key_value_attention_heads": (1, 1024),
    "cross_attention_input_dim": (1, 8192),
    "global_states_input_dim": (1, 8192),
    "time_proj_dim": (1, 8192),
    "conditioning_dim": (1, 8192),
    "encoder_hidden_size": (1, 8192),
    "decoder_channels": (1, 8192),
    "decoder_input_channels": (1, 8192),
    "channel_multiples": (1, 256),
    "downsampling_ratios": (1, 64),
    "audio_channels": (1, 8),
    "upsample_initial_channel": (2, 8192),
    "model_in_dim": (BINS, BINS),
    "mel_bins": (BINS, BINS),
    "sampling_rate": (SAMPLE_RATE, SAMPLE_RATE),
    # Strides and kernels.
    "conv_in_kernel": (1, 15),
    "conv_out_kernel": (1, 15),
    "downsample_padding": (0, 1),
    "upsample_rates": (1, HOP),
    "upsample_kernel_sizes": (1, 256),
    "resblock_kernel_sizes": (1, 63),
    "resblock_dilation_sizes": (1, 63),
    "window": (HOP, 2**14),
    "hop": (HOP, HOP),
    "fade": (2 * HOP, 2**13),
    "tones": (1, 2**12),
    "anchor_spacing": (1, 2**14),
    # Values.
    "scaling_factor": (1e-4, 1e4),
    "norm_eps": (0, 0.1),
    "layer_norm_eps": (0, 0.1),
    "mel_std": (1e-3, 1e3),
    "mid_block_scale_factor": (1e-3, 1e3),
    "resnet_out_scale_factor": (1e-3, 1e3),
    "num_train_timesteps": (TRAINED_STEPS, TRAINED_STEPS),
    "beta_start": (1e-8, 0.5),
    "beta_end": (1e-8, 0.999),
    "trained_betas": (1e-8, 0.999),
}
LIMITS_OF: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "AutoencoderOobleck": {"sampling_rate": (8000, 192000)},
    "ClapFeatureExtractor": {
        "sampling_rate": (48000, 48000),
        "max_length_s": (1, 60),
        "fft_window_size": (16, 2**14),
        "hop_length": (16, 2**12),
        "feature_size": (1, 512),
    },
    "ClapAudioConfig": {"num_attention_heads": (1, 1024), "hidden_size": (1, 8192)},
}
"""Limits of the entries of one class, in the place of the general ones."""
UNTYPED: Mapping[str, frozenset[str]] = {"AudioLDM2UNet2DConditionModel": frozenset({"cross_attention_dim"})}
"""Entries of a class that do not have the type which the library states for them. Their limits hold."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "prediction_type": ("epsilon", "v_prediction"),
    "beta_schedule": ("linear", "scaled_linear", "squaredcos_cap_v2"),
    "dtype": ("float32", "float16", "bfloat16"),
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "UNet2DConditionModel": (
        *("block_out_channels", "in_channels", "out_channels", "down_block_types", "up_block_types"),
        *("layers_per_block", "attention_head_dim", "cross_attention_dim", "norm_num_groups", "class_embed_type"),
        *("class_embeddings_concat", "projection_class_embeddings_input_dim"),
    ),
    "AutoencoderKL": (
        *("block_out_channels", "in_channels", "out_channels", "latent_channels", "layers_per_block"),
        *("down_block_types", "up_block_types", "norm_num_groups", "scaling_factor"),
    ),
    "AudioLDM2UNet2DConditionModel": (
        *("block_out_channels", "in_channels", "out_channels", "down_block_types", "up_block_types"),
        *("layers_per_block", "attention_head_dim", "cross_attention_dim", "norm_num_groups"),
    ),
    "AudioLDM2ProjectionModel": ("text_encoder_dim", "text_encoder_1_dim", "langauge_model_dim"),
    "T5EncoderModel": ("d_model", "d_kv", "d_ff", "num_layers", "num_heads", "vocab_size", "feed_forward_proj"),
    "GPT2Model": ("n_embd", "n_head", "n_layer", "n_positions", "vocab_size"),
    # The configurations of a CLAP model hold only what differs from the library's defaults, which are CLAP's.
    "ClapModel": (),
    "ClapTextConfig": (),
    "ClapAudioConfig": (),
    "ClapFeatureExtractor": (),
    "ClapTextModelWithProjection": (
        *("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
        *("max_position_embeddings", "projection_dim"),
    ),
    "SpeechT5HifiGan": (
        *("model_in_dim", "sampling_rate", "upsample_initial_channel", "upsample_rates", "upsample_kernel_sizes"),
        *("resblock_kernel_sizes", "resblock_dilation_sizes", "normalize_before"),
    ),
    "SinusoidalVocoder": ("mel_bins", "channels", "hidden", "depth", "window", "hop", "fade", "sampling_rate", "tones"),
    "DDIMScheduler": ("num_train_timesteps", "prediction_type"),
    "AutoencoderOobleck": (
        *("encoder_hidden_size", "downsampling_ratios", "channel_multiples", "decoder_channels"),
        *("decoder_input_channels", "audio_channels", "sampling_rate"),
    ),
    "StableAudioDiTModel": (
        *("sample_size", "in_channels", "num_layers", "attention_head_dim", "num_attention_heads"),
        *("num_key_value_attention_heads", "out_channels", "cross_attention_dim", "time_proj_dim"),
        *("global_states_input_dim", "cross_attention_input_dim"),
    ),
    "StableAudioProjectionModel": ("text_encoder_dim", "conditioning_dim", "min_value", "max_value"),
    "EDMDPMSolverMultistepScheduler": ("sigma_min", "sigma_max", "sigma_data", "prediction_type"),
}
BETAS = "beta_start", "beta_end", "beta_schedule"


def check_config(path: Path, config: Mapping[str, Any], kind: str, signature: Callable[..., Any]) -> None:
    """Check the configuration of one piece.

    Args:
        path: The file, for the message.
        config: Its content.
        kind: The name of the class that is built from it.
        signature: The function whose parameters are the entries, with the type of each.

    Raises:
        SpotnbError: An entry is missing, of another type, or beyond its limit. The message names it.
    """
    needed = REQUIRED[kind] + (BETAS if kind == "DDIMScheduler" and config.get("trained_betas") is None else ())
    if missing := [name for name in needed if name not in config]:
        raise SpotnbError(f"{where(path)}: expected {named(missing, 5)}; fetch it again")
    hints = _hints(signature)
    for name, value in config.items():
        if name in hints and name not in UNTYPED.get(kind, ()) and not _fits(value, hints[name]):
            expected = str(getattr(hints[name], "__name__", hints[name]))
            raise SpotnbError(f"{where(path)} has {name} {show(value)[:30]}: expected {expected}")
        if (name in hints or name in LIMITS) and value is not None:
            _check_limits(path, name, value, LIMITS_OF.get(kind, {}).get(name) or LIMITS.get(name))


def _hints(signature: Callable[..., Any]) -> dict[str, Any]:
    function = inspect.unwrap(signature)
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # a library's annotation that cannot be resolved at run time
        hints = {}
    return {name: hints.get(name, Any) for name in names}


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a value of JSON is of a type. False also means None, and a list may be of any length."""
    kind, parts = typing.get_origin(hint) or hint, typing.get_args(hint)
    if kind in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in parts) or (value is False and types.NoneType in parts)
    if kind is typing.Literal:
        return value in parts
    if kind in (list, tuple):
        inner = [part for part in parts if part is not ...]
        return isinstance(value, list) and (not inner or all(any(_fits(v, part) for part in inner) for v in value))
    if isinstance(value, bool):
        return kind in (bool, Any)
    return kind is Any or isinstance(value, int | float if kind is float else kind)


def _check_limits(path: Path, name: str, value: Any, limits: tuple[float, float] | None) -> None:
    found = f"{where(path)} has {name}"
    if name in CHOICES and value not in CHOICES[name]:
        raise SpotnbError(f"{found} {show(value)[:20]}: expected one of {', '.join(CHOICES[name])}")
    longest = TRAINED_STEPS if name == "trained_betas" else LONGEST_LIST
    low, high = limits or (-LARGEST, LARGEST)
    for each in _flat(value):
        if isinstance(each, list) and len(each) > longest:
            raise SpotnbError(f"{found} with {len(each)} entries: expected at most {longest}; fetch it again")
        if isinstance(each, int | float) and not isinstance(each, bool) and not low <= each <= high:
            expected = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            raise SpotnbError(f"{found} {show(each)[:30]}: expected {expected}; fetch it again")


def _flat(value: Any) -> Iterator[Any]:
    """Yield a value, and all values in it if it is a list."""
    yield value
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
