"""Decoding of a latent by way of a log-mel, as AudioLDM does it: latent to log-mel, log-mel to sound.

Both stages run in sliding windows, so that memory use does not grow with the duration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.models import border
from spotnb.models.adapt import as_model
from spotnb.models.memory import in_batches, in_parts
from spotnb.models.protocol import AudioModel, MelModel, has_mel
from spotnb.models.shelter import shelter
from spotnb.sound.mel import HOP
from spotnb.sound.mel import LATENT_MELS as MEL_FRAMES
from spotnb.support.checks import check_instance, check_int, show
from spotnb.support.progress import progress_bar

VAE_WINDOW, VAE_OVERLAP = 256, 64  # latent frames
RING_REACH = 64  # latent frames that are decoded past each end of a ring
VOCODER_WINDOW = 2048  # mel frames
VOCODER_CONTEXT = 64  # mel frames on each side of a window, enough for convolutions; vocoders may ask for more


@shelter
def sliding_window_vae_decode(
    model: AudioModel,
    latent: Tensor,
    window_size: int = VAE_WINDOW,
    overlap_size: int = VAE_OVERLAP,
    *,
    progress: bool = False,
) -> Tensor:
    """Decode a latent `[B, C, T, F]` to a log-mel in windows that are cross-faded.

    In the overlap of two windows, only the middle half is cross-faded; each outer quarter comes from the window that
    has more context there. The decoder attends to the entire window and is least accurate at its edges. A latent that
    is not longer than one window is decoded in a single pass.

    Args:
        model: The model whose decoder is used.
        latent: The clean latent.
        window_size: In latent frames. The default of 256 is the length that the autoencoder was trained on.
        overlap_size: Overlap of neighboring windows, in latent frames.
        progress: Whether to show a progress bar.

    Returns:
        The log-mel `[B, 1, 4T, 64]`.

    Raises:
        InputError: A size is out of range, `model` is not a model or decodes without a log-mel, or `latent` is not one
            of its latents.
        SpotnbError: The decoder returned NaN or infinity.
    """
    model = as_model(model)
    if not has_mel(model):
        raise InputError(
            f"{show(model.name)[:40]} decodes to sound without a log-mel: expected a model with decode_mel; "
            "SpotSampler.sound decodes any model"
        )
    check_latent(model, latent)
    window = check_int("window_size", window_size, 1, hint="256 frames suit AudioLDM")
    overlap = check_int("overlap_size", overlap_size, 0, window - 1, hint="it must be smaller than window_size")
    return _joined(mel_pieces(model, latent, window, overlap, progress=progress))


def check_latent(model: AudioModel, latent: Any) -> None:
    """Raise `InputError` unless `latent` is a latent of the model."""
    shape = f"[B, {model.channels}, T, {model.latent_bins}]"
    check_instance("latent", latent, Tensor, hint=f"pass a latent {shape}")
    sizes = tuple(latent.shape)
    if len(sizes) != 4 or not all(sizes) or sizes[1::2] != (model.channels, model.latent_bins):
        raise InputError(f"latent has shape {show(list(sizes))}: expected {shape}; pass a latent of this model")
    if not latent.is_floating_point():
        raise InputError(f"latent is {latent.dtype}: expected floating-point numbers; pass a latent of this model")
    if not torch.isfinite(latent).all():
        raise InputError("latent has NaN or infinity: expected finite numbers; find the step that returned them")


def mel_pieces(
    model: MelModel,
    latent: Tensor,
    window: int = VAE_WINDOW,
    overlap: int = VAE_OVERLAP,
    *,
    progress: bool = False,
) -> Iterator[Tensor]:
    """Yield the log-mel of `sliding_window_vae_decode` in consecutive pieces `[B, 1, frames, 64]` to save memory."""
    frames = latent.shape[2]
    if frames <= window:
        yield _decoded(model, latent, 0)
        return
    starts = [*range(0, frames - window, window - overlap), frames - window]
    held: Tensor | None = None  # decoded frames that overlap with the next window
    decoded = in_batches(
        starts,
        windows_at_a_time(model),
        lambda some: _decoded_together(model, latent, some, window),
        model.device,
        f"window of {window} frames to decode",
    )
    bar = progress_bar(
        zip(starts, decoded, strict=True), total=len(starts), desc="decode", unit="window", shown=progress
    )
    for (start, mel), following in zip(bar, [*starts[1:], frames], strict=True):
        if held is not None:
            mel = _cross_faded(held, mel)  # noqa: PLW2901
        settled = MEL_FRAMES * (following - start)
        held = mel[:, :, settled:]
        yield mel[:, :, :settled]


def windows_at_a_time(model: AudioModel) -> int:
    """Return how many windows are decoded together: several where a device computes them in parallel."""
    return 1 if model.device.type == "cpu" else 8


def _decoded_together(model: MelModel, latent: Tensor, starts: Sequence[int], window: int) -> Sequence[Tensor]:
    windows = torch.cat([latent[:, :, start : start + window] for start in starts])
    mels: Sequence[Tensor] = torch.split(_decoded(model, windows, starts[0]), len(latent))
    return mels


def _cross_faded(held: Tensor, mel: Tensor) -> Tensor:
    """Return a decoded window after a cross-fade with what is held of the previous one, in the middle half of both."""
    shared = held.shape[2]
    margin = shared // 4
    ramp = ((torch.arange(shared - 2 * margin, device=mel.device) + 0.5) / max(1, shared - 2 * margin))[:, None]
    inner = slice(margin, shared - margin)
    faded = held[:, :, inner] * (1 - ramp) + mel[:, :, inner] * ramp
    return torch.cat([held[:, :, :margin], faded, mel[:, :, shared - margin :]], dim=2)


def _joined(pieces: Iterable[Tensor]) -> Tensor:
    parts = list(pieces)
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)


def _decoded(model: MelModel, latent: Tensor, start: int) -> Tensor:
    mel = border.decode_mel(model, latent)
    if not torch.isfinite(mel).all():
        raise SpotnbError(
            f"the decoder returned NaN or infinity in the window at latent frame {start}: "
            "expected finite numbers; try dtype fp32"
        )
    return mel


@shelter
def sliding_window_vocode(model: MelModel, mel: Tensor, *, progress: bool = False) -> Tensor:
    """Convert a log-mel `[B, 1, frames, 64]` to sound `[B, 160 * frames]` in windows with context on both sides.

    The context is longer than the receptive field of the vocoder and is cut off afterwards, so the result equals that
    of a single pass up to rounding.

    Raises:
        SpotnbError: The vocoder returned NaN or infinity.
    """
    return torch.cat(list(wave_pieces(model, [mel], mel.shape[2], progress=progress)), dim=1)


def wave_pieces(model: MelModel, mels: Iterable[Tensor], frames: int, *, progress: bool = False) -> Iterator[Tensor]:
    """Yield the sound of `sliding_window_vocode` in consecutive pieces `[B, samples]`.

    The log-mel arrives in pieces `mels` as well. `frames` is their total number of frames.
    """
    context = vocoder_context(model)
    source = iter(mels)
    held, begin = next(source), 0  # the part of the log-mel that starts at frame `begin`
    for start in progress_bar(range(0, frames, VOCODER_WINDOW), desc="vocoder", unit="window", shown=progress):
        stop = min(start + VOCODER_WINDOW, frames)
        left, right = max(0, start - context), min(frames, stop + context)
        parts, reached = [held], begin + held.shape[2]
        while reached < right:
            parts.append(next(source))
            reached += parts[-1].shape[2]
        held, begin = _joined(parts)[:, :, left - begin :], left
        seen = held[:, :, : right - left]
        sound = in_parts(seen, partial(border.vocode, model), context, HOP, model.device, "mel window").cpu()
        if not torch.isfinite(sound).all():
            raise SpotnbError(
                f"the vocoder returned NaN or infinity near {start * HOP / model.sample_rate:.2f} s: "
                "expected finite numbers; try dtype fp32"
            )
        yield sound[:, (start - left) * HOP : (stop - left) * HOP]


def vocoder_context(model: AudioModel) -> int:
    """Return how many mel frames a window needs on each side: as many as the vocoder reaches, if it says so."""
    return max(VOCODER_CONTEXT, getattr(getattr(model, "vocoder", None), "receptive_frames", 0))


@shelter
def latent_to_mel(model: MelModel, latent: Tensor, *, ring: bool = False, progress: bool = False) -> Tensor:
    """Decode a latent to a log-mel `[B, 1, 4T, 64]`. If it is a ring, it is decoded across its ends."""
    if not ring:
        return _joined(mel_pieces(model, latent, progress=progress))
    frames = latent.shape[2]
    around = torch.arange(-RING_REACH, frames + RING_REACH, device=latent.device) % frames
    mel = _joined(mel_pieces(model, latent[:, :, around], progress=progress))
    return mel[:, :, MEL_FRAMES * RING_REACH : MEL_FRAMES * (RING_REACH + frames)]
