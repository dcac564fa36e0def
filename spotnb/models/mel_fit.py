"""Whether the pieces of a folder of a mel-based family belong together: UNet, autoencoder, vocoder and scheduler."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spotnb.errors import SpotnbError
from spotnb.models.folder_configs import Piece
from spotnb.sound.mel import HOP, LATENT_MELS
from spotnb.support.paths import show_path

ADVICE = "use pieces of one model"


def check_mel_fit(folder: Path, pieces: Mapping[str, Piece], additional: int = 0) -> None:
    """Check that UNet, autoencoder, vocoder and scheduler belong together.

    Args:
        folder: The folder, for the message.
        pieces: The pieces.
        additional: The number of channels that go into the UNet in addition to the latent.

    Raises:
        SpotnbError: Two pieces do not fit.
    """
    unet, vae, scheduler = (pieces[name].config for name in ("unet", "vae", "scheduler"))
    place = show_path(folder)
    expected = vae["latent_channels"] + additional
    if unet["in_channels"] != expected:
        raise SpotnbError(
            f"{place}: the unet takes {unet['in_channels']} channels, but the vae, frequency code and tempo ruler "
            f"provide {expected}: {ADVICE}"
        )
    if unet["out_channels"] != vae["latent_channels"]:
        raise SpotnbError(
            f"{place}: the unet returns {unet['out_channels']} channels, but the vae takes {vae['latent_channels']}: "
            f"{ADVICE}"
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


def check_width(folder: Path, wanted: tuple[str, Any], provided: tuple[str, Any]) -> None:
    """Check that one piece provides embeddings of the width that another one takes.

    Args:
        folder: The folder, for the message.
        wanted: The piece that takes them, and how wide it expects them.
        provided: The piece that provides them, and how wide they are.

    Raises:
        SpotnbError: The widths differ.
    """
    if wanted[1] != provided[1]:
        raise SpotnbError(
            f"{show_path(folder)}: the {wanted[0]} takes embeddings of {wanted[1]} numbers, but the {provided[0]} "
            f"provides {provided[1]}: {ADVICE}"
        )


def text_width(config: Mapping[str, Any]) -> Any:
    """Return the width of the embeddings of a CLAP model or of its text encoder. The library's default is 512."""
    return config.get("projection_dim", 512)
