"""AudioLDM's log-mel spectrogram in torch, for models and their training; `spotnb.sound.mel` defines it."""

from __future__ import annotations

from functools import cache

import torch

from spotnb.errors import InputError
from spotnb.sound.mel import FLOOR, HOP, MIRROR, WINDOW, mel_filters


@cache
def _window_and_filters(device: torch.device, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    # If the first call is under inference_mode, the cached tensors must still work in a later backward pass.
    with torch.inference_mode(False):
        window = torch.hann_window(WINDOW, device=device, dtype=dtype)
        return window, torch.tensor(mel_filters().T, device=device, dtype=dtype)


def torch_log_mel(waveform: torch.Tensor) -> torch.Tensor:
    """Compute the log-mel spectrogram of a batch of sounds. The result is differentiable.

    The computation is in float32 or float64. Half precision is converted to float32 and autocast is disabled, because
    otherwise the rounding error would exceed the values of quiet bands. Bands at the floor (1e-5) have no gradient. The
    result equals `spotnb.sound.mel.log_mel`, which computes in float64, to 1e-4 almost everywhere (4e-3 in the quietest
    bands next to a pure tone), or to 1e-6 for a float64 waveform.

    Args:
        waveform: `[B, samples]` at 16 kHz, on any device. At least 433 samples are needed to mirror the ends.

    Returns:
        `[B, 1, samples // 160, 64]`, natural logarithms, on the same device.

    Raises:
        InputError: `waveform` has another shape or is too short.
    """
    if waveform.ndim != 2 or waveform.shape[1] <= MIRROR:
        raise InputError(
            f"the waveforms have shape {list(waveform.shape)}: expected [B, samples] with at least {MIRROR + 1} "
            "samples; pass one sound per row"
        )
    with torch.autocast(waveform.device.type, enabled=False):
        wave = waveform.to(torch.promote_types(waveform.dtype, torch.float32))
        return log_mel_of(stft(wave))[:, None]


def stft(wave: torch.Tensor) -> torch.Tensor:
    """Return the complex spectrum `[B, 513, samples // 160]` of `[B, samples]` in the framing of `spotnb.sound.mel`."""
    window, _ = _window_and_filters(wave.device, wave.dtype)
    padded = torch.nn.functional.pad(wave[:, None], (MIRROR, MIRROR), mode="reflect")[:, 0]
    return torch.stft(padded, WINDOW, HOP, window=window, center=False, return_complex=True)


def log_mel_of(spectrum: torch.Tensor) -> torch.Tensor:
    """Return the log-mel `[B, frames, 64]` of a complex spectrum `[B, 513, frames]`."""
    size = spectrum.abs()
    return (size.mT @ filters_like(size)).clamp_min(FLOOR).log()


def filters_like(x: torch.Tensor) -> torch.Tensor:
    """Return the mel filters `[513, 64]` on the device and in the dtype of a tensor."""
    return _window_and_filters(x.device, x.dtype)[1]
