"""A model folder in diffusers' format of Stable Audio Open: its pieces are checked and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from spotnb.errors import SpotnbError
from spotnb.models.families import STABLE_AUDIO
from spotnb.models.folder_check import check_files
from spotnb.models.folder_configs import Piece, read_configs
from spotnb.models.folder_load import load_pieces, load_tokenizer, loading, try_model
from spotnb.models.identity import folder_digest
from spotnb.models.stable_audio import DiffusersStableAudio, cosine_time, edm_time
from spotnb.support.checks import show
from spotnb.support.paths import show_path

LONGEST_TEXT = 512
"""The most tokens of a text, which is T5's limit. The published tokenizer has 128."""
TIMES = {"CosineDPMSolverMultistepScheduler": cosine_time, "EDMDPMSolverMultistepScheduler": edm_time}


def from_folder(
    folder: Path, *, name: str, device: torch.device, dtype: torch.dtype, variant: str | None = None
) -> DiffusersStableAudio:
    """Load a folder in diffusers' format of Stable Audio Open, which may be a stranger's.

    Its files and configurations are checked before anything is built from them, and no code in it is run. The model
    must then pass one short latent through all its networks. Of the scheduler only the configuration is read.

    Args:
        folder: The folder with one sub-folder for each piece of `families.STABLE_AUDIO`.
        name: Name for the manifest.
        device: The device of all networks.
        dtype: The precision of the DiT.
        variant: The variant of the weights that is preferred.

    Raises:
        SpotnbError: A piece is missing, unreadable, of another class, or does not fit the others.
    """
    check_files(folder, STABLE_AUDIO, variant)
    pieces = read_configs(folder, STABLE_AUDIO, variant)
    configs = {piece: each.config for piece, each in pieces.items()}
    check_fit(folder, configs)
    digest = folder_digest(folder, variant)
    networks: dict[str, Piece] = {piece: each for piece, each in pieces.items() if piece != "scheduler"}
    scheduler = configs["scheduler"]
    with loading():
        loaded = load_pieces(networks)
        fold_norms(loaded["vae"])
        tokenizer = load_tokenizer(folder / "tokenizer", configs["text_encoder"]["vocab_size"], LONGEST_TEXT)
        model = DiffusersStableAudio(
            name,
            **loaded,
            tokenizer=tokenizer,
            sigma_max=scheduler["sigma_max"],
            time_of=TIMES[scheduler.get("_class_name", next(iter(TIMES)))],
            device=device,
            dtype=dtype,
            digest=digest,
        )
        try_model(model, folder)
    return model


def check_fit(folder: Path, configs: Mapping[str, Mapping[str, Any]]) -> None:
    """Check that the pieces belong together, and that spotnb can drive them.

    Args:
        folder: The folder, for the message.
        configs: The configuration of each piece.

    Raises:
        SpotnbError: Two pieces do not fit, or the model is of a kind that spotnb does not support.
    """
    dit, vae, text = configs["transformer"], configs["vae"], configs["text_encoder"]
    projection, scheduler = configs["projection_model"], configs["scheduler"]
    width, latents = projection["conditioning_dim"], vae["decoder_input_channels"]
    pairs = {
        "the transformer takes {} channels, but the vae has {}": (dit["in_channels"], latents),
        "the transformer returns {} channels, but the vae takes {}": (dit["out_channels"], latents),
        "the vae's encoder returns {} numbers a frame: expected {}": (vae["encoder_hidden_size"], 2 * latents),
        "the projection takes embeddings of {} numbers, T5 has {}": (projection["text_encoder_dim"], text["d_model"]),
        "the transformer takes texts of {} numbers, the projection has {}": (dit["cross_attention_input_dim"], width),
        "the transformer takes times of {} numbers, the projection has {}": (dit["global_states_input_dim"], 2 * width),
    }
    faults = [fault.format(*pair) for fault, pair in pairs.items() if pair[0] != pair[1]]
    if faults:
        raise SpotnbError(f"{show_path(folder)}: {faults[0]}; use pieces of one model")
    ratios, data = vae["downsampling_ratios"], scheduler["sigma_data"]
    kind, channels = scheduler["prediction_type"], vae["audio_channels"]
    unsupported = {
        f"the vae downsamples by {show(ratios)[:30]}: expected even numbers": any(ratio % 2 for ratio in ratios),
        f"the vae has {channels} audio channels: expected 1 or 2": channels not in (1, 2),
        f"the scheduler predicts {show(kind)[:20]}: expected 'v_prediction'": kind != "v_prediction",
        f"the scheduler has sigma_data {data:g}: expected 1": data != 1,
        f"the scheduler has sigma_max {scheduler['sigma_max']:g}: expected at least 20": scheduler["sigma_max"] < 20,
    }
    if wrong := [fault for fault, present in unsupported.items() if present]:
        raise SpotnbError(f"{show_path(folder)}: {wrong[0]}, as in Stable Audio Open; use its pieces")


def fold_norms(vae: Any) -> None:
    """Replace weights that are normalized at each call by the normalized ones, which is faster and gives the same."""
    for module in vae.modules():
        if hasattr(module, "weight_g"):
            nn.utils.remove_weight_norm(module)
