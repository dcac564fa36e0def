"""The description of a model for JavaScript: rates, noise schedule, vocabulary and settings, as JSON."""

from __future__ import annotations

import json
from typing import Any

from spotnb._version import __version__
from spotnb.errors import InputError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.decode_mel import RING_REACH, VAE_OVERLAP, VAE_WINDOW, VOCODER_WINDOW, vocoder_context
from spotnb.models.defaults import defaults_of
from spotnb.support.checks import show
from spotnb.tiling.edges import POLICIES
from spotnb.widgets.scenes import edge_policies, method_policies

FORMAT = 2
"""Raised when JavaScript can no longer read older descriptions."""
WORDS = r"[0-9]+(?=bpm\b)|[a-z0-9]+"
"""The words of a text in lower case. `static/text.js` has the same expression."""


def describe(model: DiffusersAudioLDM) -> dict[str, Any]:
    """Return the description of a model, without its graphs.

    Raises:
        InputError: The model has a tokenizer of another kind than the embedded model's.
    """
    return {
        "format": FORMAT,
        "name": model.name,
        "manifest": model.describe(),
        "versions": {"spotnb": __version__},
        "sample_rate": model.sample_rate,
        "samples_per_frame": model.samples_per_frame,
        "channels": model.channels,
        "latent_bins": model.latent_bins,
        "native_frames": model.native_frames,
        "time_multiple": model.time_multiple,
        "alphas_cumprod": model.alphas_cumprod.tolist(),
        "tokenizer": tokenizer(model.tokenizer),
        "decoder": {"window": VAE_WINDOW, "overlap": VAE_OVERLAP, "ring_reach": RING_REACH},
        "vocoder": vocoder(model),
        "defaults": defaults_of(model),
        "edges": edges(model.time_multiple),
        "methods": method_policies(),
    }


def tokenizer(tokenizer: Any) -> dict[str, Any]:
    """Return the vocabulary of a tokenizer, and its special tokens.

    Raises:
        InputError: It is not a list of words in lower case, as the embedded model's is.
    """
    backend = json.loads(tokenizer.backend_tokenizer.to_str()) if tokenizer.is_fast else {"model": {"type": "slow"}}
    splits = backend.get("pre_tokenizer") or {}
    if backend["model"]["type"] != "WordLevel" or splits.get("pattern") != {"Regex": WORDS}:
        raise InputError(
            f"the tokenizer is {show(backend['model']['type'])} of {len(tokenizer)} tokens: expected a list of words, "
            "as the embedded model has; pages can run only models like it"
        )
    return {
        "vocabulary": dict(sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])),
        "special": dict(sorted(zip(tokenizer.all_special_tokens, tokenizer.all_special_ids, strict=True))),
        "begin": tokenizer.bos_token_id,
        "end": tokenizer.eos_token_id,
        "padding": tokenizer.pad_token_id,
        "unknown": tokenizer.unk_token_id,
        "limit": int(tokenizer.model_max_length),
    }


def vocoder(model: DiffusersAudioLDM) -> dict[str, Any]:
    """Return what JavaScript computes around the network of a vocoder."""
    config = model.vocoder.config
    return {
        "bands": config.mel_bins,
        "window": config.window,
        "hop": config.hop,
        "fade": config.fade,
        "tones": config.tones,
        "anchor_spacing": config.anchor_spacing,
        "pass": VOCODER_WINDOW,
        "context": vocoder_context(model),
    }


def edges(time_multiple: int) -> dict[str, dict[str, Any]]:
    """Return the edge policies of the widgets' scenes, with the tensor that each mirrors past the ends."""
    return {
        name: {**policy, "padding": POLICIES[name].padding} for name, policy in edge_policies(time_multiple).items()
    }
