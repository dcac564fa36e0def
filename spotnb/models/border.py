"""Calls of a model, with a check of what it returns.

A model may be anyone's. A wrong shape or type is named where it enters, with the method that returned it, and weights
that require gradients build no graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.models.protocol import AudioModel, MelModel, SoundModel, audio_channels
from spotnb.models.results import wrong_result
from spotnb.sound.mel import BINS, HOP, LATENT_MELS
from spotnb.support.arrays import as_array
from spotnb.support.checks import show

FLOAT = torch.float32


@torch.no_grad()
def embed(model: AudioModel, texts: list[str]) -> Any:
    """Return the conditioning of texts.

    Raises:
        SpotnbError: It does not have one row for each text, or holds NaN or infinity.
    """
    rows = model.embed(texts)
    if isinstance(rows, Tensor):
        if rows.ndim < 2 or len(rows) != len(texts) or not rows.is_floating_point():
            expected = f"{len(texts)} rows of floating-point numbers, one for each text"
            raise wrong_result(model, "embed", _form(rows), expected)
        if not torch.isfinite(rows).all():
            raise wrong_result(model, "embed", "NaN or infinity", "finite numbers")
        return rows
    if missing := [name for name in ("__len__", "__getitem__", "to") if not hasattr(rows, name)]:
        came = f"a {type(rows).__name__} without {missing[0]}"
        raise wrong_result(model, "embed", came, "a tensor [N, D] or a Conditioning")
    if len(rows) != len(texts):
        raise wrong_result(model, "embed", f"{len(rows)} rows", f"{len(texts)}, one for each text")
    return rows


def place(model: AudioModel, rows: Any, starts: Sequence[int], frames: int) -> Any:
    """Return rows that tell where the windows lie in the piece, if the model has `place`; else the rows themselves.

    Raises:
        SpotnbError: `place` returned something else than as many rows.
    """
    method = getattr(model, "place", None)
    if method is None:
        return rows
    with torch.no_grad():
        placed = method(rows, torch.tensor(starts), frames)
    try:
        count = len(placed)
    except TypeError:
        raise wrong_result(model, "place", _form(placed), f"{len(rows)} rows, as many as it was given") from None
    if count != len(rows):
        raise wrong_result(model, "place", f"{count} rows", f"{len(rows)}, as many as it was given")
    return placed


@torch.no_grad()
def typical_latent(model: AudioModel, cond: Any) -> Tensor | None:
    """Return the typical latent `[N, C, F]` of each row of conditioning, or None if the model has none.

    Raises:
        SpotnbError: It has another shape or type, or holds NaN or infinity.
    """
    method = getattr(model, "typical_latent", None)
    found = None if method is None else method(cond)
    if found is None:
        return None
    typical = _checked(model, "typical_latent", found, (len(cond), model.channels, model.latent_bins))
    if not torch.isfinite(typical).all():
        raise wrong_result(model, "typical_latent", "NaN or infinity", "finite numbers")
    return typical


def predict_noise(model: AudioModel, x: Tensor, t: Tensor, cond: Any) -> Tensor:
    """Return the predicted noise, with a graph only if `x` requires a gradient.

    NaN and infinity are looked for once per step instead, because a GPU has to be waited for.

    Raises:
        SpotnbError: The result has another shape or type than `x`.
    """
    with torch.set_grad_enabled(torch.is_grad_enabled() and x.requires_grad):
        noise = model.predict_noise(x, t, cond)
    if not isinstance(noise, Tensor) or noise.shape != x.shape or noise.dtype != FLOAT:
        raise wrong_result(model, "predict_noise", _form(noise), f"{list(x.shape)} float32, like x")
    return noise


@torch.no_grad()
def decode_mel(model: MelModel, latent: Tensor) -> Tensor:
    """Return the log-mel `[B, 1, 4T, 64]` of a latent. Raises `SpotnbError` if it has another shape or type."""
    mel = model.decode_mel(latent)
    return _checked(model, "decode_mel", mel, (len(latent), 1, LATENT_MELS * latent.shape[2], BINS))


@torch.no_grad()
def vocode(model: MelModel, mel: Tensor) -> Tensor:
    """Return the sound `[B, 160 * frames]` of a log-mel, without the few samples that some vocoders add at its end.

    Raises:
        SpotnbError: It has another shape or type.
    """
    sound, samples = model.vocode(mel), HOP * mel.shape[2]
    trimmed = sound[..., :samples] if isinstance(sound, Tensor) else sound
    return _checked(model, "vocode", trimmed, (len(mel), samples))


@torch.no_grad()
def decode(model: SoundModel, latent: Tensor) -> Tensor:
    """Return the sound `[B, channels, samples]` of a latent. Raises `SpotnbError` if it has another shape or type."""
    shape = len(latent), audio_channels(model), model.samples_per_frame * latent.shape[2]
    return _checked(model, "decode", model.decode(latent), shape)


@torch.no_grad()
def encode(model: AudioModel, waveform: Tensor) -> Tensor:
    """Return the latent `[B, C, T, F]` of sounds. Raises `SpotnbError` if it has another shape or type."""
    frames = waveform.shape[-1] // model.samples_per_frame
    return _checked(model, "encode", model.encode(waveform), (len(waveform), model.channels, frames, model.latent_bins))


def score_of(model: Any, waveform: Tensor, text: str) -> float:
    """Return how well a sound `[samples]` matches a text, by the model's `score`.

    Raises:
        SpotnbError: It returned something else than one number for each sound, in a tensor, an array or a list.
    """
    scores = model.score(waveform[None], text)
    try:
        (score,) = as_array(scores).tolist()
        return float(score)
    except (InputError, TypeError, ValueError):
        raise SpotnbError(
            f"the model's score returned {show(scores)}: expected one number for each sound; correct the model"
        ) from None


def _checked(model: AudioModel, method: str, result: Any, shape: tuple[int, ...]) -> Tensor:
    if not isinstance(result, Tensor) or result.shape != shape or not result.is_floating_point():
        raise wrong_result(model, method, _form(result), f"{list(shape)} float32")
    return result.detach().float()


def _form(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{list(value.shape)} {str(value.dtype).removeprefix('torch.')}"
    return f"a {type(value).__name__}"
