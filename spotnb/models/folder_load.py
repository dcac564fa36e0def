"""Loading of the checked pieces of a model folder, and a trial of the model that they make."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import spotnb.models.whole_networks

import torch
from diffusers.utils import logging as diffusers_logging
from torch import Tensor
from transformers import AutoTokenizer
from transformers.utils import logging as transformers_logging

from spotnb.errors import SpotnbError
from spotnb.models.folder_configs import KINDS, Piece
from spotnb.models.folder_files import IDS, named, where
from spotnb.models.folder_weights import weight_bytes
from spotnb.solvers.protocol import TRAINED_STEPS
from spotnb.sound.mel import BINS, LATENT_MELS
from spotnb.support.paths import show_path
from spotnb.support.quiet import without_warnings
from spotnb.support.reasons import reason_of

log = logging.getLogger(__name__)

_LOADING = RLock()


def load_pieces(
    pieces: Mapping[str, Piece], options: Mapping[str, Mapping[str, Any]] | None = None, *, trusted: bool = False
) -> dict[str, Any]:
    """Load all pieces with a configuration.

    Args:
        pieces: The pieces.
        options: Entries of the configuration of a piece that are replaced, by piece.
        trusted: Whether the files are ours, so that their size is not compared with the configuration.

    Raises:
        SpotnbError: A piece cannot be loaded, lacks weights, has some that are not used, or has NaN in them.
    """
    for piece in () if trusted else pieces.values():
        if KINDS[piece.kind].weights:
            _check_size(piece)
    return {name: _load(piece, (options or {}).get(name, {})) for name, piece in pieces.items()}


def _load(piece: Piece, changes: Mapping[str, Any]) -> Any:
    """Load one piece from its folder, never from the internet, and from pickle files only tensors."""
    kind, place = KINDS[piece.kind], where(piece.folder)
    options = dict(changes)
    try:
        if kind.weights:
            # The libraries initialize weights that are missing in the files at random, without an error.
            options |= {"output_loading_info": True, "variant": piece.weights.variant}
            options["use_safetensors"] = piece.weights.safe
            # Otherwise they make the type of the weights the default of all threads while they load.
            options["torch_dtype"] = torch.float32
        loaded = kind.network.from_pretrained(piece.folder, local_files_only=True, **options)
    except Exception as error:  # the libraries raise many types of errors
        log.debug("loading %s", piece.folder, exc_info=True)
        raise SpotnbError(f"cannot load {place}: {reason_of(error)}") from None
    if not kind.weights:
        return loaded
    loaded, info = loaded
    weights = dict(loaded.named_parameters())
    if missing := sorted(weights.keys() & set(info["missing_keys"])):
        raise SpotnbError(f"{place} lacks weights: {named(missing, 1)}; fetch it again")
    if unused := sorted(name for name in info["unexpected_keys"] if not name.endswith(IDS)):
        raise SpotnbError(f"{place} has weights that its configuration does not use: {named(unused, 1)}")
    if bad := [n for n, p in weights.items() if not p.isfinite().all()][:1]:
        raise SpotnbError(f"{place} has NaN or infinite weights in {named(bad, 1)}: fetch the model again")
    return loaded


def _check_size(piece: Piece) -> None:
    """Check that the files hold as many weights as the configuration describes, before memory is taken for them.

    The network is built without memory for its weights. A stored number takes at least one byte.
    """
    try:
        with torch.device("meta"):
            built = KINDS[piece.kind].build(piece.config)
    except Exception as error:  # the libraries raise many types of errors
        log.debug("building %s", piece.folder, exc_info=True)
        raise SpotnbError(f"cannot load {where(piece.folder)}: {reason_of(error)}") from None
    count, stored = sum(weight.numel() for weight in built.parameters()), weight_bytes(piece.folder, piece.weights)
    if count > stored:
        raise SpotnbError(
            f"{where(piece.folder)} describes a network of {count} weights, but its files hold {stored} bytes: "
            "fetch the model again"
        )


def load_tokenizer(folder: Path, words: int, longest: int) -> Any:
    """Load a tokenizer, for texts that are as long as its text encoder can read.

    Args:
        folder: Its folder.
        words: The words that the text encoder knows.
        longest: The most tokens that the text encoder can read.

    Raises:
        SpotnbError: It cannot be loaded, has no words, or more than the text encoder.
    """
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
    if count > words:
        raise SpotnbError(
            f"{where(folder)} has {count} words, but the text encoder knows {words}: use pieces of one model"
        )
    tokenizer.model_max_length = min(tokenizer.model_max_length, longest)
    return tokenizer


def load_clap_tokenizer(folder: Path, text_config: Mapping[str, Any]) -> Any:
    """Load the tokenizer of a CLAP text encoder, which counts positions as RoBERTa does. Raises as `load_tokenizer`."""
    positions = text_config.get("max_position_embeddings", 514)
    padding = text_config.get("pad_token_id", 1) or 0
    return load_tokenizer(folder, text_config.get("vocab_size", 50265), positions - padding - 1)


def check_schedule(folder: Path, alphas: Tensor) -> None:
    """Check a noise schedule. Raises `SpotnbError` unless it has 1000 steps of growing noise."""
    if len(alphas) != TRAINED_STEPS:
        raise SpotnbError(f"{show_path(folder)}: the scheduler has {len(alphas)} timesteps: expected {TRAINED_STEPS}")
    if not (alphas.isfinite().all() and (alphas > 0).all() and (alphas <= 1).all() and (alphas.diff() < 0).all()):
        raise SpotnbError(
            f"{show_path(folder)}: the noise of the scheduler does not grow from step to step, or leaves no signal: "
            "use the scheduler of an AudioLDM model"
        )


@torch.no_grad()
def try_model(model: Any, folder: Path) -> None:
    """Pass one short latent through all networks, because some faults of a configuration show only in use.

    Raises:
        SpotnbError: A network cannot be used, or returns another shape.
    """
    frames = max(model.time_multiple, 2)
    latent = torch.zeros(1, model.channels, frames, model.latent_bins)
    samples = model.samples_per_frame * frames
    try:
        results: dict[str, tuple[Tensor, Sequence[int]]] = {
            "noise": (model.predict_noise(latent, torch.tensor([1]), model.embed(["a"])), latent.shape)
        }
        if hasattr(model, "decode_mel"):
            mel = model.decode_mel(latent)
            results["mel"] = mel, (1, 1, LATENT_MELS * frames, BINS)
            results["sound"] = model.vocode(mel), (1, samples)
        else:
            results["sound"] = model.decode(latent), (1, model.audio_channels, samples)
    except Exception as error:  # the libraries raise many types of errors
        log.debug("trying %s", folder, exc_info=True)
        raise SpotnbError(
            f"{show_path(folder)}: its networks cannot be used ({reason_of(error)}); fetch the model again"
        ) from None
    for name, (result, shape) in results.items():
        if tuple(result.shape) != tuple(shape):
            raise SpotnbError(
                f"{show_path(folder)}: its networks return {name} of the shape {list(result.shape)}: "
                f"expected {list(shape)}; fetch the model again"
            )


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Let one thread at a time load networks, without the messages of the libraries.

    While the libraries load, they replace functions of their own and of torch for all threads, and put back what they
    found: two that overlap would leave `tie_weights` of transformers without effect for the rest of the process. Real
    faults raise errors elsewhere.
    """
    with _LOADING, _quietly():
        yield


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    levels = diffusers_logging.get_verbosity(), transformers_logging.get_verbosity()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()
    libraries = diffusers_logging, transformers_logging
    shown = [library for library in libraries if library.is_progress_bar_enabled()]
    for library in shown:
        library.disable_progress_bar()
    try:
        with without_warnings(category=FutureWarning):
            yield
    finally:
        diffusers_logging.set_verbosity(levels[0])
        transformers_logging.set_verbosity(levels[1])
        for library in shown:
            library.enable_progress_bar()
