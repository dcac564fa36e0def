"""An original AudioLDM checkpoint (`.ckpt`), read directly into the classes of diffusers and transformers.

The package `audioldm` that wrote it is not needed. The result equals what that package computes with its averaged
weights.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import spotnb.models.whole_networks

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor
from transformers import ClapTextConfig, ClapTextModelWithProjection, SpeechT5HifiGan, SpeechT5HifiGanConfig

from spotnb.errors import InputError, SpotnbError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.checkpoint_file import ADVICE, read_parts
from spotnb.models.checkpoint_sizes import text_config, unet_config, vae_config, vocoder_config
from spotnb.models.checkpoint_tokenizer import find_tokenizer
from spotnb.models.folder_load import loading
from spotnb.models.heads import choose_heads
from spotnb.models.identity import file_digest
from spotnb.sound.mel import BINS, LATENT_MELS
from spotnb.support.paths import show_path
from spotnb.support.reasons import reason_of

log = logging.getLogger(__name__)


def from_checkpoint(
    path: Path,
    *,
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    heads: str | tuple[int, ...] = "original",
    tokenizer: Path | None = None,
) -> DiffusersAudioLDM:
    """Load an original AudioLDM checkpoint.

    The sizes of all networks follow from the shapes in the file. Averaged weights (EMA) are used where there are any.

    Args:
        path: The file, as the package `audioldm` saves or downloads it.
        name: Name for the manifest.
        device: The device of all networks.
        dtype: The precision of the UNet.
        heads: Attention heads of the UNet, which the file does not tell; see `spotnb.models.heads`.
        tokenizer: A folder with RoBERTa's tokenizer, which is not in the file either; see `find_tokenizer`.

    Raises:
        InputError: `heads` does not fit.
        SpotnbError: The file is damaged, poisoned or of another kind, or there is no tokenizer on this machine.
    """
    parts = read_parts(path)
    weights = parts.weights
    try:
        configs = {
            "unet": unet_config(weights["unet"]),
            "vae": vae_config(weights["vae"], parts.scale),
            "vocoder": vocoder_config(weights["vocoder"]),
            "text_encoder": text_config(weights["text_encoder"]),
        }
    except (ArithmeticError, LookupError, ValueError) as error:
        log.debug("reading the sizes in %s", path, exc_info=True)
        raise _other(path, f"lacks {reason_of(error)}") from None
    _check_fit(path, configs)
    _, chosen = choose_heads(configs["unet"], heads)
    configs["unet"]["attention_head_dim"] = list(chosen)
    words = find_tokenizer(path.parent if tokenizer is None else tokenizer, configs["text_encoder"])
    with loading():
        pieces = {part: _built(path, part, config, weights[part]) for part, config in configs.items()}
        return DiffusersAudioLDM(
            name,
            **pieces,
            tokenizer=words,
            scheduler=_scheduler(parts.alphas),
            device=device,
            dtype=dtype,
            notes={
                "heads": list(chosen),
                "heads_choice": heads if isinstance(heads, str) else str(heads),
                "averaged_weights": parts.averaged,
            },
            digest=file_digest(path),
        )


def _other(path: Path, fault: str) -> SpotnbError:
    return SpotnbError(f"{show_path(path)} {fault}: {ADVICE}")


def _check_fit(path: Path, configs: Mapping[str, dict[str, Any]]) -> None:
    """Check what shapes alone would not show, or only as an error in use."""
    unet, vae, vocoder, text = (configs[part] for part in ("unet", "vae", "vocoder", "text_encoder"))
    compression = 2 ** (len(vae["block_out_channels"]) - 1)
    channels = {unet["in_channels"], unet["out_channels"], vae["latent_channels"]}
    widths = [*unet["block_out_channels"], *vae["block_out_channels"]]
    faults = {
        f"has latents of {sorted(channels)} channels": len(channels) > 1,
        f"has a frame of {compression} mel frames, not {LATENT_MELS}": compression != LATENT_MELS,
        "has an autoencoder of something else than a mel": vae["in_channels"] != 1 or vae["out_channels"] != 1,
        f"has a vocoder of {vocoder['model_in_dim']} mel bands, not {BINS}": vocoder["model_in_dim"] != BINS,
        "has embeddings that its unet does not take": text["projection_dim"]
        != unet["projection_class_embeddings_input_dim"],
        f"has widths {widths}, which 32 does not divide": any(width % 32 for width in widths),
    }
    if wrong := [fault for fault, present in faults.items() if present]:
        raise _other(path, wrong[0])


def _built(path: Path, part: str, config: dict[str, Any], weights: dict[str, Tensor]) -> Any:
    """Build a network without memory for its weights, and give it copies of those in the file."""
    try:
        with torch.device("meta"):
            network: Any = _new(part, config)
    except InputError:
        raise
    except Exception as error:  # the libraries raise many types of errors
        log.debug("building the %s of %s", part, path, exc_info=True)
        raise _other(path, f"has a {part} that cannot be built ({reason_of(error)})") from None
    given = _constants(part, config) | weights
    expected = network.state_dict()
    for fault, names in {"lacks": expected.keys() - given.keys(), "has": given.keys() - expected.keys()}.items():
        if names:
            raise _other(path, f"{fault} {min(names)[:60]} of the {part}")
    for name, weight in given.items():
        if weight.shape != expected[name].shape:
            raise _other(path, f"has {name[:50]} of the {part} in the shape {list(weight.shape)}")
        if weight.is_floating_point() != expected[name].is_floating_point():
            raise _other(path, f"has {name[:50]} of the {part} as {weight.dtype}")
    copies = {name: _copied(weight) for name, weight in given.items()}
    if bad := [name for name, weight in copies.items() if not weight.isfinite().all()]:
        raise _other(path, f"has NaN or infinite weights in {bad[0][:50]} of the {part}")
    network.load_state_dict(copies, strict=True, assign=True)
    return network


def _new(part: str, config: dict[str, Any]) -> Any:
    if part == "unet":
        return UNet2DConditionModel(**config)
    if part == "vae":
        return AutoencoderKL(**config)
    if part == "vocoder":
        return SpeechT5HifiGan(SpeechT5HifiGanConfig(**config))
    return ClapTextModelWithProjection(ClapTextConfig(**config))


def _constants(part: str, config: dict[str, Any]) -> dict[str, Tensor]:
    """Return what the classes store in addition to weights."""
    if part == "vocoder":
        return {"mean": torch.zeros(BINS), "scale": torch.ones(BINS)}
    if part == "text_encoder":
        positions = torch.arange(config["max_position_embeddings"])[None]
        embeddings = "text_model.embeddings"
        return {f"{embeddings}.position_ids": positions, f"{embeddings}.token_type_ids": torch.zeros_like(positions)}
    return {}


def _copied(weight: Tensor) -> Tensor:
    """Return a copy that does not depend on the file any more."""
    return weight.to(torch.float32 if weight.is_floating_point() else weight.dtype, copy=True).contiguous()


def _scheduler(alphas: Tensor) -> DDIMScheduler:
    """Return a scheduler with exactly this noise schedule, for a network that predicts noise as all of AudioLDM do."""
    scheduler = DDIMScheduler(num_train_timesteps=len(alphas), prediction_type="epsilon")
    scheduler.alphas_cumprod = alphas
    return scheduler
