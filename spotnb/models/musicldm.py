"""MusicLDM from its components in diffusers' folder format.

It is an AudioLDM that was trained on music alone, with a whole CLAP model as its text encoder, so that it can score how
well sounds match a text.

MusicLDM: Chen et al. 2023, "MusicLDM: Enhancing Novelty in Text-to-Music Generation Using Beat-Synchronous Mixup
Strategies", arXiv:2308.01546.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.clap import ClapJudge
from spotnb.models.families import MUSICLDM
from spotnb.models.folder_check import check_files
from spotnb.models.folder_configs import read_configs
from spotnb.models.folder_load import check_schedule, load_clap_tokenizer, load_pieces, loading, try_model
from spotnb.models.heads import head_options
from spotnb.models.identity import folder_digest
from spotnb.models.mel_fit import check_mel_fit, check_width, text_width


class MusicLDM(DiffusersAudioLDM):
    """An `AudioModel` that consists of a UNet, an autoencoder, a CLAP model, a vocoder and a noise schedule.

    Args:
        *pieces: The name and the networks, as for `DiffusersAudioLDM`.
        feature_extractor: The feature extractor of the CLAP model. Without one, the model has no `score`.
        **options: The networks and options of `DiffusersAudioLDM`.
    """

    defaults: Mapping[str, Any] = {"guidance_scale": 2.0}

    def __init__(self, *pieces: Any, feature_extractor: Any = None, **options: Any) -> None:
        super().__init__(*pieces, **options)
        judges = feature_extractor is not None and hasattr(self.text_encoder, "get_audio_features")
        judge = ClapJudge(self.text_encoder, self.tokenizer, feature_extractor, self.sample_rate) if judges else None
        self.score: ClapJudge | None = judge


def from_folder(
    folder: Path,
    *,
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    heads: str | tuple[int, ...] = "original",
    variant: str | None = None,
) -> MusicLDM:
    """Load a folder in diffusers' MusicLDM format, which may be a stranger's. It is checked as one of AudioLDM.

    Args:
        folder: The folder with one sub-folder for each piece of `families.MUSICLDM`.
        name: Name for the manifest.
        device: The device of all networks.
        dtype: The precision of the UNet.
        heads: Attention heads of the UNet; see `spotnb.models.heads`.
        variant: The variant of the weights that is preferred.

    Raises:
        InputError: `heads` does not fit.
        SpotnbError: A piece is missing, unreadable, of another class, or does not fit the others.
    """
    check_files(folder, MUSICLDM, variant)
    pieces = read_configs(folder, MUSICLDM, variant)
    unet, text = pieces["unet"].config, pieces["text_encoder"].config
    options, notes = head_options(unet, heads)
    check_mel_fit(folder, pieces)
    width = unet["projection_class_embeddings_input_dim"]
    check_width(folder, ("unet", width), ("text encoder", text_width(text)))
    digest = folder_digest(folder, variant)
    with loading():
        loaded = load_pieces(pieces, options)
        check_schedule(folder, loaded["scheduler"].alphas_cumprod)
        model = MusicLDM(
            name,
            **loaded,
            tokenizer=load_clap_tokenizer(folder / "tokenizer", text.get("text_config") or text),
            device=device,
            dtype=dtype,
            notes=notes,
            digest=digest,
        )
        try_model(model, folder)
    return model
