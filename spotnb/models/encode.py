"""From sound to latent, in windows, so that memory is bounded whatever the length."""

from __future__ import annotations

import torch
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.models.protocol import AudioModel

WINDOW, CONTEXT = 256, 32  # latent frames; what an encoder gives near a window's edge is thrown away


def waveform_to_latent(model: AudioModel, waveform: Tensor) -> Tensor:
    """Latent `[1, C, samples // 640, F]` of a sound `[samples]` at the model's rate.

    Raises `InputError` for less than a latent frame of sound, `SpotnbError` if the encoder gives NaN or infinity.
    """
    size = model.samples_per_frame
    frames = len(waveform) // size
    if not frames:
        raise InputError(f"{len(waveform)} samples of sound: expected at least {size}, one latent frame (40 ms)")
    parts = []
    stride = WINDOW - 2 * CONTEXT
    for start in range(0, frames, stride) if frames > WINDOW else [0]:
        stop = min(start + stride, frames) if frames > WINDOW else frames
        left, right = max(0, start - CONTEXT), min(frames, stop + CONTEXT)
        latent = model.encode(waveform[None, left * size : right * size])
        parts.append(latent[:, :, start - left : stop - left])
    whole = torch.cat(parts, dim=2)
    if not torch.isfinite(whole).all():
        raise SpotnbError("the encoder gave NaN or infinity; try dtype fp32, or a sound of ordinary level")
    return whole
