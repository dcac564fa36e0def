"""The configurations of all pieces of a model folder, and whether the pieces belong together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import ClapTextConfig, ClapTextModelWithProjection, SpeechT5HifiGan, SpeechT5HifiGanConfig

from spotnb.errors import SpotnbError
from spotnb.models.config_check import check_config
from spotnb.models.folder_check import read_config, where
from spotnb.models.vocoder import ISTFTVocoder
from spotnb.sound.mel import HOP, LATENT_MELS
from spotnb.support.checks import show
from spotnb.support.paths import show_path

SCHEDULERS = tuple(
    f"{name}Scheduler"
    for name in (
        *("DDIM", "DDPM", "PNDM", "LMSDiscrete", "EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete"),
        *("DPMSolverMultistep", "DPMSolverSinglestep", "DEISMultistep", "UniPCMultistep", "KDPM2Discrete"),
    )
)
"""Schedulers of diffusers whose configuration holds the noise schedule, which is all that is read of it."""
TOKENIZERS = "RobertaTokenizer", "RobertaTokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend"
CLASSES: Mapping[str, tuple[str, ...]] = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL",),
    "text_encoder": ("ClapTextModelWithProjection",),
    "tokenizer": TOKENIZERS,
    "vocoder": ("SpeechT5HifiGan", "ISTFTVocoder"),
    "scheduler": SCHEDULERS,
}
"""The classes that each piece may be of. No other class is ever looked up by a name in a file."""


class Kind(NamedTuple):
    """How a network is built.

    Attributes:
        network: The class of the network.
        config: The class of its configuration, or None if its configuration is its arguments.
    """

    network: Any
    config: Any = None

    @property
    def signature(self) -> Any:
        """The function whose parameters are the entries of the configuration."""
        return (self.config or self.network).__init__


KINDS: Mapping[str, Kind] = {
    "UNet2DConditionModel": Kind(UNet2DConditionModel),
    "AutoencoderKL": Kind(AutoencoderKL),
    "ClapTextModelWithProjection": Kind(ClapTextModelWithProjection, ClapTextConfig),
    "SpeechT5HifiGan": Kind(SpeechT5HifiGan, SpeechT5HifiGanConfig),
    "ISTFTVocoder": Kind(ISTFTVocoder),
    "DDIMScheduler": Kind(DDIMScheduler),
}


class Piece(NamedTuple):
    """One piece of a folder with a checked configuration.

    Attributes:
        folder: Its folder.
        kind: The name of its class, a key of `KINDS`.
        config: Its configuration.
    """

    folder: Path
    kind: str
    config: dict[str, Any]


def read_configs(folder: Path) -> dict[str, Piece]:
    """Return all pieces but the tokenizer, with their checked configurations.

    Raises:
        SpotnbError: A configuration cannot be read, is that of another class, or has a wrong entry.
    """
    _check_index(folder)
    _check_tokenizer(folder / "tokenizer")
    pieces = {}
    for name in ("unet", "vae", "text_encoder", "vocoder", "scheduler"):
        path = folder / name / ("scheduler_config.json" if name == "scheduler" else "config.json")
        config = read_config(path)
        kind = _kind(path, name, config)
        check_config(path, config, kind, KINDS[kind].signature)
        pieces[name] = Piece(path.parent, kind, config)
    return pieces


def _kind(path: Path, piece: str, config: dict[str, Any]) -> str:
    """Return the name of the class of a piece. Files of the published models do not all state it."""
    stated = config.get("_class_name") or config.get("architectures")
    if isinstance(stated, list) and len(stated) == 1:
        stated = stated[0]
    if stated is None:
        return CLASSES[piece][0]
    if not isinstance(stated, str) or stated not in CLASSES[piece]:
        name = stated if isinstance(stated, str) and stated.isidentifier() and len(stated) < 30 else show(stated)[:30]
        known = "a scheduler of diffusers" if piece == "scheduler" else f"one of {', '.join(CLASSES[piece])}"
        raise SpotnbError(f"{where(path.parent)} is a {name}: expected {known}; pass another folder")
    return "DDIMScheduler" if piece == "scheduler" else stated


def _check_index(folder: Path) -> None:
    """Check that the folder's index, if there is one, names no class but those that are loaded."""
    path = folder / "model_index.json"
    index = read_config(path) if path.exists() else {}
    for piece, known in CLASSES.items():
        entry = index.get(piece)
        if entry is not None and not (isinstance(entry, list) and len(entry) == 2 and entry[1] in (*known, None)):
            raise SpotnbError(
                f"{where(path)} names {show(entry)[:40]} for the {piece}: expected a class that spotnb knows; "
                "no code of a model is run"
            )


def _check_tokenizer(folder: Path) -> None:
    """Check that the tokenizer is of a known class and consists of files in its own folder."""
    path = folder / "tokenizer_config.json"
    config = read_config(path) if path.exists() else {}
    kind, longest = config.get("tokenizer_class"), config.get("model_max_length", 1)
    if kind is not None and (not isinstance(kind, str) or kind not in TOKENIZERS):
        raise SpotnbError(f"{where(folder)} is a {show(kind)[:30]}: expected a RobertaTokenizer or {TOKENIZERS[-1]}")
    if isinstance(longest, bool) or not isinstance(longest, int | float) or not longest >= 1:
        raise SpotnbError(f"model_max_length in {where(path)} is {show(longest)}: expected the most words, 1 or more")
    for name, value in config.items():
        if name.endswith(("_file", "_files")) and name != "special_tokens_map_file" and value:
            raise SpotnbError(
                f"{where(path)} has {name}: expected a tokenizer in its own files; remove this entry from it"
            )


def check_fit(folder: Path, pieces: Mapping[str, Piece], additional: int) -> None:
    """Check that the pieces belong together.

    Args:
        folder: The folder, for the message.
        pieces: The pieces.
        additional: The number of channels that go into the UNet in addition to the latent.

    Raises:
        SpotnbError: Two pieces do not fit.
    """
    unet, vae, text, scheduler = (pieces[name].config for name in ("unet", "vae", "text_encoder", "scheduler"))
    place, advice = show_path(folder), "use pieces of one model"
    expected = vae["latent_channels"] + additional
    if unet["in_channels"] != expected:
        raise SpotnbError(
            f"{place}: the unet takes {unet['in_channels']} channels, but the vae, frequency code and tempo ruler "
            f"provide {expected}: {advice}"
        )
    if unet["out_channels"] != vae["latent_channels"]:
        raise SpotnbError(
            f"{place}: the unet returns {unet['out_channels']} channels, but the vae takes {vae['latent_channels']}: "
            f"{advice}"
        )
    width, provided = unet["projection_class_embeddings_input_dim"], text["projection_dim"]
    if width != provided:
        raise SpotnbError(
            f"{place}: the unet takes embeddings of {width} numbers, but the text encoder provides {provided}: {advice}"
        )
    side, halvings = math.isqrt(vae["in_channels"]), len(vae["block_out_channels"]) - 1
    if vae["in_channels"] != vae["out_channels"] or side**2 != vae["in_channels"] or side * 2**halvings != LATENT_MELS:
        raise SpotnbError(
            f"{place}: the vae makes one latent frame of {side * 2**halvings} mel frames: expected {LATENT_MELS}; "
            "use the vae of an AudioLDM model"
        )
    rates = pieces["vocoder"].config.get("upsample_rates", [HOP])
    if math.prod(rates) != HOP:
        raise SpotnbError(
            f"{place}: the vocoder makes {math.prod(rates)} samples of a mel frame: expected {HOP}; "
            "use the vocoder of an AudioLDM model"
        )
    if scheduler.get("trained_betas") is None and scheduler["beta_start"] > scheduler["beta_end"]:
        raise SpotnbError(
            f"{place}: beta_start is {scheduler['beta_start']:g}, above beta_end: expected a schedule whose noise "
            "grows; use the scheduler of an AudioLDM model"
        )
