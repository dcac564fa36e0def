"""A model folder in diffusers' AudioLDM 2 format: its pieces are checked and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from spotnb.errors import SpotnbError
from spotnb.models.audioldm2 import NEW_TOKENS, AudioLDM2
from spotnb.models.families import AUDIOLDM2
from spotnb.models.folder_check import check_files
from spotnb.models.folder_configs import Piece, read_configs
from spotnb.models.folder_files import read_config, where
from spotnb.models.folder_load import (
    check_schedule,
    load_clap_tokenizer,
    load_pieces,
    load_tokenizer,
    loading,
    try_model,
)
from spotnb.models.heads import head_options
from spotnb.models.identity import folder_digest
from spotnb.models.mel_fit import check_mel_fit, check_width, text_width
from spotnb.support.checks import show
from spotnb.support.paths import show_path

FRAME = 5
"""The tokens of the language model's input that are not T5's: the embedding of CLAP, and a start and an end of both."""
MOST_NEW_TOKENS = 512


def from_folder(
    folder: Path,
    *,
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    heads: str | tuple[int, ...] = "original",
    variant: str | None = None,
) -> AudioLDM2:
    """Load a folder in diffusers' AudioLDM 2 format, which may be a stranger's. It is checked as one of AudioLDM.

    Args:
        folder: The folder with one sub-folder for each piece of `families.AUDIOLDM2`.
        name: Name for the manifest.
        device: The device of all networks.
        dtype: The precision of the UNet.
        heads: Attention heads of the UNet; see `spotnb.models.heads`.
        variant: The variant of the weights that is preferred.

    Raises:
        InputError: `heads` does not fit.
        SpotnbError: A piece is missing, unreadable, of another class, or does not fit the others.
    """
    check_files(folder, AUDIOLDM2, variant)
    pieces = read_configs(folder, AUDIOLDM2, variant)
    options, notes = head_options(pieces["unet"].config, heads)
    check_mel_fit(folder, pieces)
    _check_widths(folder, pieces)
    new_tokens = _new_tokens(pieces["language_model"])
    text, t5 = pieces["text_encoder"].config, pieces["text_encoder_2"].config
    longest = pieces["language_model"].config["n_positions"] - FRAME - new_tokens
    digest = folder_digest(folder, variant)
    with loading():
        loaded = load_pieces(pieces, options)
        check_schedule(folder, loaded["scheduler"].alphas_cumprod)
        model = AudioLDM2(
            name,
            **loaded,
            tokenizer=load_clap_tokenizer(folder / "tokenizer", text.get("text_config") or {}),
            tokenizer_2=load_tokenizer(folder / "tokenizer_2", t5["vocab_size"], longest),
            new_tokens=new_tokens,
            device=device,
            dtype=dtype,
            notes=notes,
            digest=digest,
        )
        try_model(model, folder)
    return model


def _check_widths(folder: Path, pieces: Mapping[str, Piece]) -> None:
    """Check that the embeddings of each network have the width that the next one takes."""
    projection, language = pieces["projection_model"].config, pieces["language_model"].config["n_embd"]
    t5 = pieces["text_encoder_2"].config["d_model"]
    check_width(
        folder,
        ("projection model", projection["text_encoder_dim"]),
        ("text encoder", text_width(pieces["text_encoder"].config)),
    )
    check_width(folder, ("projection model", projection["text_encoder_1_dim"]), ("text encoder 2", t5))
    check_width(folder, ("language model", language), ("projection model", projection["langauge_model_dim"]))
    levels = pieces["unet"].config["cross_attention_dim"]
    good = isinstance(levels, list) and all(isinstance(level, list) and len(level) > 2 for level in levels)
    # diffusers sends the generated sequence to layers 0 and 1 of a level, and the hidden states of T5 to the others.
    streams = [{each for each in level[:2] if each is not None} for level in levels] if good else []
    streams_1 = [{each for each in level[2:] if each is not None} for level in levels] if good else []
    if not good or any(each != {language} for each in streams) or any(each != {t5} for each in streams_1):
        raise SpotnbError(
            f"{show_path(folder)}: the unet has cross_attention_dim {show(levels)[:40]}: expected "
            f"[null, {language}, {t5}] at every level; use pieces of one model"
        )


def _new_tokens(piece: Piece) -> int:
    """Return how many tokens the language model generates: newer libraries keep the number in a file of its own."""
    path = piece.folder / "generation_config.json"
    generation: dict[str, Any] = read_config(path) if path.exists() else {}
    number = piece.config.get("max_new_tokens") or generation.get("max_new_tokens") or NEW_TOKENS
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST_NEW_TOKENS:
        raise SpotnbError(
            f"{where(piece.folder)} has max_new_tokens {show(number)[:30]}: expected 1 to {MOST_NEW_TOKENS}; "
            "fetch it again"
        )
    if number + FRAME >= piece.config["n_positions"]:
        raise SpotnbError(f"{where(piece.folder)} has too few positions for {number} new tokens: fetch it again")
    return number
