"""A model folder in diffusers' AudioLDM format: its pieces are checked and loaded."""

from __future__ import annotations

import contextlib
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from diffusers.utils import logging as diffusers_logging
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoTokenizer
from transformers.utils import logging as transformers_logging

from spotnb.errors import SpotnbError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.defaults import TINY
from spotnb.models.folder_check import IDS, check_files, named, weight_bytes, where
from spotnb.models.folder_configs import KINDS, Piece, check_fit, read_configs
from spotnb.models.heads import choose_heads
from spotnb.models.identity import folder_digest
from spotnb.models.locate import EMBEDDED
from spotnb.models.ruler import WAVE_CHANNELS, TempoRuler
from spotnb.solvers.protocol import TRAINED_STEPS
from spotnb.sound.mel import BINS, HOP, LATENT_MELS
from spotnb.support.paths import show_path
from spotnb.support.reasons import reason_of

log = logging.getLogger(__name__)

CODE_FILE, RULER_FILE = "frequency_code.safetensors", "tempo_ruler.safetensors"


def from_folder(
    folder: Path, *, name: str, device: torch.device, dtype: torch.dtype, heads: str | tuple[int, ...] = "original"
) -> DiffusersAudioLDM:
    """Load a folder in diffusers' AudioLDM format, which may be a stranger's.

    Its files and configurations are checked before anything is built from them, and no code in it is run. A model other
    than the embedded one must then pass one short latent through all its networks.

    Args:
        folder: The folder with one sub-folder for each of `folder_check.PIECES`.
        name: Name for the manifest.
        device: The device of all networks.
        dtype: The precision of the UNet.
        heads: Attention heads of the UNet; see `spotnb.models.heads`.

    Raises:
        InputError: `heads` does not fit.
        SpotnbError: A piece is missing, unreadable, of another class, or does not fit the others.
    """
    check_files(folder)
    pieces = read_configs(folder)
    kept, chosen = choose_heads(pieces["unet"].config, heads)
    code, ruler = _read_code(folder / "unet" / CODE_FILE), _read_ruler(folder / "unet" / RULER_FILE)
    check_fit(folder, pieces, (0 if code is None else len(code)) + (0 if ruler is None else WAVE_CHANNELS))
    options = {"unet": {} if kept else {"attention_head_dim": list(chosen)}}
    digest, embedded = folder_digest(folder), folder == EMBEDDED
    with _quietly():
        loaded = {piece: _load(each, embedded, **options.get(piece, {})) for piece, each in pieces.items()}
        tokenizer = _load_tokenizer(folder / "tokenizer", pieces["text_encoder"].config)
        _check_schedule(folder, loaded["scheduler"].alphas_cumprod)
        model = DiffusersAudioLDM(
            name,
            **loaded,
            tokenizer=tokenizer,
            frequency_code=code,
            tempo_ruler=ruler,
            device=device,
            dtype=dtype,
            notes={"heads": list(chosen), "heads_choice": "config" if kept else str(heads)},
            digest=digest,
        )
        if embedded:
            model.defaults = TINY
        else:
            _try(model, folder)
    return model


def _check_schedule(folder: Path, alphas: Tensor) -> None:
    if len(alphas) != TRAINED_STEPS:
        raise SpotnbError(f"{show_path(folder)}: the scheduler has {len(alphas)} timesteps: expected {TRAINED_STEPS}")
    if not (alphas.isfinite().all() and (alphas > 0).all() and (alphas <= 1).all() and (alphas.diff() < 0).all()):
        raise SpotnbError(
            f"{show_path(folder)}: the noise of the scheduler does not grow from step to step, or leaves no signal: "
            "use the scheduler of an AudioLDM model"
        )


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


def _read_tensors(path: Path, *names: str) -> list[Tensor]:
    try:
        tensors = load_file(path)
        read = [tensors[name] for name in names]
    except Exception as error:  # not a safetensors file, or a tensor is missing
        raise SpotnbError(f"cannot read {', '.join(names)} in {where(path)}: {reason_of(error)}") from None
    if bad := [name for name, tensor in zip(names, read, strict=True) if not tensor.isfinite().all()]:
        raise SpotnbError(f"{bad[0]} in {where(path)} has NaN or infinite numbers: fetch the model again")
    return read


def _load(piece: Piece, embedded: bool, **options: Any) -> Any:
    """Load one piece from its folder, never from the internet, and from pickle files only tensors."""
    cls, place = KINDS[piece.kind].network, where(piece.folder)
    network = piece.kind != "DDIMScheduler"
    try:
        if network and not embedded:
            _check_size(piece)
        if network:
            options["output_loading_info"] = True  # the libraries initialize missing weights without an error
            # Otherwise they make the type of the weights the default of all threads while they load.
            options["torch_dtype"] = torch.float32
        loaded = cls.from_pretrained(piece.folder, local_files_only=True, **options)
    except SpotnbError:
        raise
    except Exception as error:  # the libraries raise many types of errors
        log.debug("loading %s", piece.folder, exc_info=True)
        raise SpotnbError(f"cannot load {place}: {reason_of(error)}") from None
    if not network:
        return loaded
    loaded, info = loaded
    weights = dict(loaded.named_parameters())
    if missing := sorted(weights.keys() & set(info["missing_keys"])):
        raise SpotnbError(f"{place} lacks weights: {named(missing, 1)}; fetch it again")
    if unused := sorted(name for name in info["unexpected_keys"] if not name.endswith(IDS)):
        raise SpotnbError(f"{place} has weights that its configuration does not use: {named(unused, 1)}")
    if bad := [n for n, p in weights.items() if not p.isfinite().all()]:
        raise SpotnbError(f"{place} has NaN or infinite weights in {bad[0]}: fetch the model again")
    return loaded


def _check_size(piece: Piece) -> None:
    """Check that the files hold as many weights as the configuration describes, before memory is taken for them.

    The network is built without memory for its weights. A stored number takes at least one byte.
    """
    kind = KINDS[piece.kind]
    with torch.device("meta"):
        built = kind.network(kind.config(**piece.config)) if kind.config else kind.network.from_config(piece.config)
    count, stored = sum(weight.numel() for weight in built.parameters()), weight_bytes(piece.folder)
    if count > stored:
        raise SpotnbError(
            f"{where(piece.folder)} describes a network of {count} weights, but its files hold {stored} bytes: "
            "fetch the model again"
        )


def _load_tokenizer(folder: Path, text_encoder: dict[str, Any]) -> Any:
    """Load the tokenizer, for texts that are as long as the text encoder can read."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        count = len(tokenizer)
    except Exception as error:  # the libraries raise many types of errors
        log.debug("loading %s", folder, exc_info=True)
        raise SpotnbError(f"cannot load {where(folder)} as a tokenizer: {reason_of(error)}") from None
    if count < 10:
        raise SpotnbError(
            f"{where(folder)} has a vocabulary of {count} words: its vocabulary files are missing; "
            "fetch the model again"
        )
    if count > text_encoder["vocab_size"]:
        raise SpotnbError(
            f"{where(folder)} has {count} words, but the text encoder knows {text_encoder['vocab_size']}: "
            "use pieces of one model"
        )
    room = text_encoder["max_position_embeddings"] - (text_encoder.get("pad_token_id") or 0) - 1  # as RoBERTa counts
    tokenizer.model_max_length = min(tokenizer.model_max_length, room)
    return tokenizer


@torch.no_grad()
def _try(model: DiffusersAudioLDM, folder: Path) -> None:
    """Pass one short latent through all networks, because some faults of a configuration show only in use."""
    frames = max(model.time_multiple, 2)
    try:
        latent = torch.zeros(1, model.channels, frames, model.latent_bins)
        noise = model.predict_noise(latent, torch.tensor([1]), model.embed(["a"]))
        mel = model.decode_mel(latent)
        sound = model.vocode(mel)
    except Exception as error:  # the libraries raise many types of errors
        log.debug("trying %s", folder, exc_info=True)
        raise SpotnbError(
            f"{show_path(folder)}: its networks cannot be used ({reason_of(error)}); fetch the model again"
        ) from None
    shapes = [list(each.shape) for each in (noise, mel, sound)]
    expected = [list(latent.shape), [1, 1, LATENT_MELS * frames, BINS], [1, HOP * LATENT_MELS * frames]]
    if shapes != expected:
        raise SpotnbError(
            f"{show_path(folder)}: its unet, vae and vocoder return the shapes {shapes}: expected {expected}"
        )


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
