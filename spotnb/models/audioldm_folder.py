"""A model folder in diffusers' AudioLDM format: its pieces are checked and loaded."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from spotnb.errors import SpotnbError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.defaults import TINY
from spotnb.models.families import AUDIOLDM
from spotnb.models.folder_check import check_files
from spotnb.models.folder_configs import read_configs
from spotnb.models.folder_files import where
from spotnb.models.folder_load import check_schedule, load_clap_tokenizer, load_pieces, loading, try_model
from spotnb.models.heads import head_options
from spotnb.models.identity import folder_digest
from spotnb.models.locate import EMBEDDED
from spotnb.models.mel_fit import check_mel_fit, check_width, text_width
from spotnb.models.ruler import WAVE_CHANNELS, TempoRuler
from spotnb.models.typical import TypicalLatent
from spotnb.sound.mel import BINS, LATENT_MELS
from spotnb.support.reasons import reason_of

CODE_FILE, RULER_FILE, TYPICAL_FILE = (
    "frequency_code.safetensors",
    "tempo_ruler.safetensors",
    "typical_latent.safetensors",
)


def from_folder(
    folder: Path,
    *,
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    heads: str | tuple[int, ...] = "original",
    variant: str | None = None,
) -> DiffusersAudioLDM:
    """Load a folder in diffusers' AudioLDM format, which may be a stranger's.

    Its files and configurations are checked before anything is built from them, and no code in it is run. A model other
    than the embedded one must then pass one short latent through all its networks.

    Args:
        folder: The folder with one sub-folder for each piece of `families.AUDIOLDM`.
        name: Name for the manifest.
        device: The device of all networks.
        dtype: The precision of the UNet.
        heads: Attention heads of the UNet; see `spotnb.models.heads`.
        variant: The variant of the weights that is preferred.

    Raises:
        InputError: `heads` does not fit.
        SpotnbError: A piece is missing, unreadable, of another class, or does not fit the others.
    """
    check_files(folder, AUDIOLDM, variant)
    pieces = read_configs(folder, AUDIOLDM, variant)
    unet, text = pieces["unet"].config, pieces["text_encoder"].config
    options, notes = head_options(unet, heads)
    code, ruler = _read_code(folder / "unet" / CODE_FILE), _read_ruler(folder / "unet" / RULER_FILE)
    check_mel_fit(folder, pieces, (0 if code is None else len(code)) + (0 if ruler is None else WAVE_CHANNELS))
    typical = read_typical(folder / "unet" / TYPICAL_FILE, pieces["vae"].config["latent_channels"], text_width(text))
    check_width(
        folder,
        ("unet", unet["projection_class_embeddings_input_dim"]),
        ("text encoder", text_width(text)),
    )
    digest, embedded = folder_digest(folder, variant), folder == EMBEDDED
    with loading():
        loaded = load_pieces(pieces, options, trusted=embedded)
        check_schedule(folder, loaded["scheduler"].alphas_cumprod)
        model = DiffusersAudioLDM(
            name,
            **loaded,
            tokenizer=load_clap_tokenizer(folder / "tokenizer", text),
            frequency_code=code,
            tempo_ruler=ruler,
            typical=typical,
            device=device,
            dtype=dtype,
            notes=notes,
            digest=digest,
        )
        if embedded:
            model.defaults = TINY
        else:
            try_model(model, folder)
    return model


def _read_code(path: Path) -> Tensor | None:
    """Return the frequency code in the folder of the UNet, or None if there is none."""
    if not path.exists():
        return None
    (code,) = _read_tensors(path, "frequency_code")
    bins = BINS // LATENT_MELS
    if code.ndim != 2 or code.shape[1] != bins:
        raise SpotnbError(f"frequency_code in {where(path)} has shape {list(code.shape)}: expected [K, {bins}]")
    return code


def _read_ruler(path: Path) -> TempoRuler | None:
    """Return the tempo ruler in the folder of the UNet, or None if there is none."""
    if not path.exists():
        return None
    tellings, beats = _read_tensors(path, "tellings", "beats")
    if tellings.ndim != 2 or beats.shape != tellings.shape[:1] or not len(beats):
        shapes = f"{list(tellings.shape)} and {list(beats.shape)}"
        raise SpotnbError(
            f"tellings and beats in {where(path)} have shapes {shapes}: expected [K, C] and [K]; fetch the model again"
        )
    return TempoRuler(tellings, beats)


def read_typical(path: Path, channels: int, width: int) -> TypicalLatent | None:
    """Return the typical latent in the folder of the UNet, or None if there is none."""
    if not path.exists():
        return None
    mean, slope = _read_tensors(path, "mean", "slope")
    expected = [channels, BINS // LATENT_MELS]
    if list(mean.shape) != expected or list(slope.shape) != [*expected, width]:
        shapes = f"{list(mean.shape)} and {list(slope.shape)}"
        raise SpotnbError(
            f"mean and slope in {where(path)} have shapes {shapes}: expected {expected} and {[*expected, width]}; "
            "fetch the model again"
        )
    return TypicalLatent(mean.float(), slope.float())


def _read_tensors(path: Path, *names: str) -> list[Tensor]:
    try:
        tensors = load_file(path)
        read = [tensors[name] for name in names]
    except Exception as error:  # not a safetensors file, or a tensor is missing
        raise SpotnbError(f"cannot read {', '.join(names)} in {where(path)}: {reason_of(error)}") from None
    if bad := [name for name, tensor in zip(names, read, strict=True) if not tensor.isfinite().all()]:
        raise SpotnbError(f"{bad[0]} in {where(path)} has NaN or infinite numbers: fetch the model again")
    return read
