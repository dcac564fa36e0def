"""AudioLDM's log-mel spectrogram in torch, for models and their training; defined in `spotnb.sound.mel`."""

from __future__ import annotations

from functools import cache

import torch

from spotnb.errors import InputError
from spotnb.sound.mel import FLOOR, HOP, MIRROR, WINDOW, mel_filters


@cache
def _window_and_filters(device: torch.device, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    # A first call under inference_mode must not leave tensors behind that a later backward pass would refuse.
    with torch.inference_mode(False):
        window = torch.hann_window(WINDOW, device=device, dtype=dtype)
        return window, torch.tensor(mel_filters().T, device=device, dtype=dtype)


def torch_log_mel(waveform: torch.Tensor) -> torch.Tensor:
    """The log-mel spectrogram of a batch of sounds, differentiable.

    `waveform`: `[B, samples]` at 16 kHz, at least 433 samples; on any device.
    Returns `[B, 1, samples // 160, 64]`, natural logarithms, on the same device, in float32 at least: half precision is
    widened, and autocast switched off, for it would cost more than the quiet bands hold. Bands at the floor (1e-5)
    have no gradient. Equals `spotnb.sound.mel.log_mel`, which computes in float64, to 1e-4 almost everywhere (4e-3 in
    the quietest bands beside a pure tone); for a float64 waveform, to 1e-6.
    Raises `InputError` for another shape.
    """
    if waveform.ndim != 2 or waveform.shape[1] <= MIRROR:
        raise InputError(f"expected waveforms [B, {MIRROR + 1} samples or more], got shape {list(waveform.shape)}")
    with torch.autocast(waveform.device.type, enabled=False):
        wave = waveform.to(torch.promote_types(waveform.dtype, torch.float32))
        return log_mel_of(stft(wave))[:, None]


def stft(wave: torch.Tensor) -> torch.Tensor:
    """The complex spectrum `[B, 513, samples // 160]` of `[B, samples]` in the framing of `spotnb.sound.mel`."""
    window, _ = _window_and_filters(wave.device, wave.dtype)
    padded = torch.nn.functional.pad(wave[:, None], (MIRROR, MIRROR), mode="reflect")[:, 0]
    return torch.stft(padded, WINDOW, HOP, window=window, center=False, return_complex=True)


def log_mel_of(spectrum: torch.Tensor) -> torch.Tensor:
    """The log-mel `[B, frames, 64]` of a complex spectrum `[B, 513, frames]`."""
    size = spectrum.abs()
    return (size.mT @ filters_like(size)).clamp_min(FLOOR).log()


def filters_like(x: torch.Tensor) -> torch.Tensor:
    """The mel filters `[513, 64]`, on the device and in the dtype of a tensor."""
    return _window_and_filters(x.device, x.dtype)[1]
