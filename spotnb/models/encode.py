"""Encoding of sound to a latent, in windows so that memory use does not grow with the duration."""

from __future__ import annotations

import torch
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.models.border import encode
from spotnb.models.protocol import AudioModel
from spotnb.models.shelter import shelter

WINDOW, CONTEXT = 256, 32  # latent frames; the context near the edges of a window is encoded and discarded


@shelter
def waveform_to_latent(model: AudioModel, waveform: Tensor) -> Tensor:
    """Encode a sound at the sample rate of the model to a latent `[1, C, samples // samples_per_frame, F]`.

    Args:
        model: The model that encodes it.
        waveform: `[samples]`, or `[channels, samples]` for a model of several channels.

    Raises:
        InputError: The sound is shorter than one latent frame.
        SpotnbError: The encoder returned NaN or infinity.
    """
    size = model.samples_per_frame
    frames = waveform.shape[-1] // size
    if not frames:
        raise InputError(
            f"the sound has {waveform.shape[-1]} samples: expected at least {size}, which is one latent frame "
            f"({1000 * size / model.sample_rate:.3g} ms); pass a longer sound"
        )
    parts = []
    stride = WINDOW - 2 * CONTEXT
    for start in range(0, frames, stride) if frames > WINDOW else [0]:
        stop = min(start + stride, frames) if frames > WINDOW else frames
        left, right = max(0, start - CONTEXT), min(frames, stop + CONTEXT)
        latent = encode(model, waveform[None, ..., left * size : right * size])
        parts.append(latent[:, :, start - left : stop - left])
    encoded = torch.cat(parts, dim=2)
    if not torch.isfinite(encoded).all():
        raise SpotnbError(
            "the encoder returned NaN or infinity: expected finite numbers; try dtype fp32, or a sound of normal level"
        )
    return encoded
