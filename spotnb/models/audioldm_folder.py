"""A model folder in diffusers' AudioLDM format: its pieces are found, checked and loaded."""

from __future__ import annotations

import contextlib
import json
import warnings
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoTokenizer, ClapTextModelWithProjection, SpeechT5HifiGan
from transformers.utils import logging as transformers_logging

from spotnb.errors import SpotnbError
from spotnb.models.audioldm import TRAINED_STEPS, DiffusersAudioLDM
from spotnb.models.heads import choose_heads
from spotnb.models.ruler import WAVE_CHANNELS, TempoRuler
from spotnb.models.vocoder import ISTFTVocoder

PIECES = ("unet", "vae", "text_encoder", "tokenizer", "vocoder", "scheduler")
CODE_FILE, RULER_FILE = "frequency_code.safetensors", "tempo_ruler.safetensors"


def from_folder(
    folder: Path, *, name: str, device: torch.device, dtype: torch.dtype, heads: str | tuple[int, ...] = "original"
) -> DiffusersAudioLDM:
    """Load a folder in diffusers' AudioLDM format.

    Args:
        folder: The folder with one sub-folder for each of `PIECES`.
        name: Name for the manifest.
        device: The device of all networks.
        dtype: The precision of the UNet.
        heads: Attention heads of the UNet; see `spotnb.models.heads`.

    Raises:
        InputError: `heads` does not fit.
        SpotnbError: A piece is missing, unreadable, of another class, or does not fit the others.
    """
    _check_pieces(folder)
    config = _read_json(folder / "unet" / "config.json")
    if "block_out_channels" not in config:
        raise SpotnbError(
            f"{folder / 'unet'} is not a UNet: expected block_out_channels in its config.json; "
            "pass a folder in AudioLDM's format"
        )
    kept, chosen = choose_heads(config, heads)
    with _quietly():
        unet = _load(folder / "unet", UNet2DConditionModel, **({} if kept else {"attention_head_dim": list(chosen)}))
        vae = _load(folder / "vae", AutoencoderKL)
        scheduler = _load(folder / "scheduler", DDIMScheduler)
        text_encoder = _load(folder / "text_encoder", ClapTextModelWithProjection)
        tokenizer = _load(folder / "tokenizer", AutoTokenizer)
        vocoder = _load(folder / "vocoder", _vocoder_class(folder))
    if len(tokenizer) < 10:
        raise SpotnbError(
            f"{folder / 'tokenizer'} has a vocabulary of {len(tokenizer)} words: its vocabulary files are missing; "
            "fetch the model again"
        )
    code, ruler = _read_code(folder / "unet" / CODE_FILE), _read_ruler(folder / "unet" / RULER_FILE)
    additional = (0 if code is None else len(code)) + (0 if ruler is None else WAVE_CHANNELS)
    _check_fit(folder, unet, vae, text_encoder, additional)
    _check_schedule(folder, scheduler)
    notes = {"heads": list(chosen), "heads_choice": "config" if kept else str(heads)}
    with _quietly():
        return DiffusersAudioLDM(
            name,
            unet,
            vae,
            text_encoder,
            tokenizer,
            vocoder,
            scheduler,
            frequency_code=code,
            tempo_ruler=ruler,
            device=device,
            dtype=dtype,
            notes=notes,
        )


def _check_fit(folder: Path, unet: Any, vae: Any, text_encoder: Any, channels: int) -> None:
    """Check that the pieces belong together; `channels` go into the UNet in addition to the latent."""
    expected = vae.config.latent_channels + channels
    if unet.config.in_channels != expected:
        raise SpotnbError(
            f"{folder}: the unet takes {unet.config.in_channels} channels, but the vae, frequency code and tempo ruler "
            f"provide {expected}: the pieces belong to different models; use pieces of one"
        )
    width, provided = unet.config.projection_class_embeddings_input_dim, text_encoder.config.projection_dim
    if width != provided:
        raise SpotnbError(
            f"{folder}: the unet takes embeddings of {width} numbers, but the text encoder provides {provided}: "
            "the pieces belong to different models; use pieces of one"
        )


def _check_schedule(folder: Path, scheduler: Any) -> None:
    if len(scheduler.alphas_cumprod) != TRAINED_STEPS:
        raise SpotnbError(
            f"{folder}: the scheduler has {len(scheduler.alphas_cumprod)} timesteps: expected {TRAINED_STEPS}; "
            "use the scheduler of an AudioLDM model"
        )
    if scheduler.config.prediction_type not in ("epsilon", "v_prediction"):
        raise SpotnbError(
            f"{folder}: prediction_type is {scheduler.config.prediction_type!r}: expected epsilon or v_prediction; "
            "use the scheduler of an AudioLDM model"
        )


def _check_pieces(folder: Path) -> None:
    missing = [piece for piece in PIECES if not (folder / piece).is_dir()]
    if missing:
        raise SpotnbError(
            f"{folder} is not an AudioLDM folder in diffusers' format: {', '.join(missing)} missing; "
            f"expected the sub-folders {', '.join(PIECES)}"
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpotnbError(f"cannot read {path}: {error}") from None
    if not isinstance(content, dict):
        raise SpotnbError(f"cannot read {path}: expected a JSON object, got a {type(content).__name__}")
    return content


def _read_code(path: Path) -> Tensor | None:
    """Return the frequency code in the folder of the UNet, or None if there is none."""
    return _read_tensors(path, "frequency_code")[0] if path.exists() else None


def _read_ruler(path: Path) -> TempoRuler | None:
    """Return the tempo ruler in the folder of the UNet, or None if there is none."""
    if not path.exists():
        return None
    tellings, beats = _read_tensors(path, "tellings", "beats")
    if tellings.ndim != 2 or beats.shape != tellings.shape[:1]:
        shapes = f"{list(tellings.shape)} and {list(beats.shape)}"
        raise SpotnbError(
            f"tellings and beats in {path} have shapes {shapes}: expected [K, C] and [K]; fetch the model again"
        )
    return TempoRuler(tellings, beats)


def _read_tensors(path: Path, *names: str) -> list[Tensor]:
    try:
        tensors = load_file(path)
        return [tensors[name] for name in names]
    except Exception as error:  # not a safetensors file, or a tensor is missing
        raise SpotnbError(f"cannot read {', '.join(names)} in {path}: {error}") from error


def _vocoder_class(folder: Path) -> type:
    config = _read_json(folder / "vocoder" / "config.json")
    name = config.get("_class_name") or (config.get("architectures") or ["SpeechT5HifiGan"])[0]
    classes: dict[str, type] = {"SpeechT5HifiGan": SpeechT5HifiGan, "ISTFTVocoder": ISTFTVocoder}
    if name not in classes:
        raise SpotnbError(
            f"{folder / 'vocoder'} is a {name}: expected one of {', '.join(classes)}; pass another folder"
        )
    return classes[name]


def _load(folder: Path, cls: type, **options: Any) -> Any:
    """Load one piece from its folder, never from the internet, and from pickle files only tensors."""
    network = issubclass(cls, nn.Module)
    if network:  # the libraries initialize weights that are missing in the files at random, without an error
        options["output_loading_info"] = True
    try:
        piece = cls.from_pretrained(folder, local_files_only=True, **options)  # type: ignore[attr-defined]
    except Exception as error:  # the libraries raise many types of errors
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SpotnbError(f"cannot load {folder} as {cls.__name__}: {reason}") from error
    if not network:
        return piece
    piece, info = piece
    weights = dict(piece.named_parameters())
    if missing := sorted(weights.keys() & set(info["missing_keys"])):
        raise SpotnbError(
            f"{folder} lacks weights of a {cls.__name__}: {missing[0]} and {len(missing) - 1} more; fetch it again"
        )
    if bad := [n for n, p in weights.items() if not p.isfinite().all()]:
        raise SpotnbError(f"{folder} has NaN or infinite weights in {bad[0]}: fetch the model again")
    return piece


@contextlib.contextmanager
def _quietly() -> Any:
    """Suppress the messages and progress bars of the libraries while loading. Real faults raise errors elsewhere."""
    levels = diffusers_logging.get_verbosity(), transformers_logging.get_verbosity()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        diffusers_logging.set_verbosity(levels[0])
        transformers_logging.set_verbosity(levels[1])
        if bars:
            transformers_logging.enable_progress_bar()
