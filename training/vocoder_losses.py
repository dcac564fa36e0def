"""How far a made sound is from a real one: magnitudes at several resolutions, and the frequencies of its tones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn

from spotnb.mel import HOP, WINDOW

RESOLUTIONS = (512, 1024, 2048)
LISTENING = 2048  # points of the spectrum that tells real frequencies: twice as fine as what is drawn
MIRRORED = LISTENING // 2 // HOP + 1  # frames at each end that hear the mirrored sound, whose tones run backwards
FARTHEST = 0.25  # turns a frame: a frequency that is further off is as wrong as one that is this far off


@cache
def _hann(size: int, device: torch.device) -> Tensor:
    return torch.hann_window(size, device=device)


def _magnitude(sound: Tensor, size: int) -> Tensor:
    return torch.stft(sound, size, size // 4, size, _hann(size, sound.device), return_complex=True).abs()


def stft_distance(ours: Tensor, real: Tensor, resolutions: Sequence[int] = RESOLUTIONS) -> Tensor:
    """Multi-resolution STFT distance of sounds `[B, samples]`, mean over resolutions.

    Yamamoto et al. 2020, "Parallel WaveGAN", section 2.2: spectral convergence and L1 of log-magnitudes.
    """
    total = torch.zeros((), device=ours.device)
    for size in resolutions:
        a, b = _magnitude(ours, size), _magnitude(real, size)
        convergence = ((a - b).norm(dim=(1, 2)) / (b.norm(dim=(1, 2)) + 1e-3)).mean()
        total = total + convergence + ((a + 1e-3).log() - (b + 1e-3).log()).abs().mean()
    return total / len(resolutions)


def spectral_convergence(ours: Tensor, real: Tensor) -> float:
    """Distance of STFT magnitudes over their own size (1024 points), mean over sounds: 0 is perfect."""
    a, b = _magnitude(ours, 1024), _magnitude(real, 1024)
    return ((a - b).norm(dim=(1, 2)) / (b.norm(dim=(1, 2)) + 1e-3)).mean().item()


def frequencies(sound: Tensor) -> tuple[Tensor, Tensor]:
    """Which frequency sounds in each bin, from frame to frame, and how loud: both `[B, 1025, frames - 1]`.

    `sound` `[B, samples]`. Frequencies are in bins of a spectrum of `WINDOW` points, from how far a bin of `LISTENING`
    points turned in one hop (Flanagan & Golden 1966, "Phase vocoder"): unambiguous up to 50 Hz from the bin.
    """
    margin = (LISTENING - HOP) // 2
    padded = nn.functional.pad(sound[:, None], (margin, margin), mode="reflect")[:, 0]
    window = _hann(LISTENING, sound.device)
    spectrum = torch.stft(padded, LISTENING, HOP, window=window, center=False, return_complex=True)
    index = torch.arange(LISTENING // 2 + 1, device=sound.device)[:, None]
    own = (index * HOP % LISTENING) / LISTENING
    back = torch.polar(torch.ones_like(own), -2 * math.pi * own)
    turned = torch.angle(spectrum[..., 1:] * spectrum[..., :-1].conj() * back) / (2 * math.pi)
    loudness = torch.minimum(spectrum[..., 1:].abs(), spectrum[..., :-1].abs())
    return index * (WINDOW / LISTENING) + turned * (WINDOW / HOP), loudness


def frequency_distance(stray: Tensor, real: Tensor) -> Tensor:
    """How far the frequencies of sinusoids are from those that sound around their homes, in turns a frame.

    `stray` `[B, J, frames]` as `spotnb.models.tones` has it; `real` `[B, samples]`. Weighted by magnitude: where
    nothing sounds, any frequency is right. A bin at the border of two homes counts for both, and either can hold its
    tone.
    """
    count = stray.shape[1]
    inside = slice(MIRRORED, -MIRRORED)
    found, loudness = (x[:, : 4 * count + 1, inside].unfold(1, 5, 4) for x in frequencies(real))
    home = 2 * torch.arange(count, device=stray.device)[:, None] + 1
    ours = ((stray[..., 1:] + stray[..., :-1]) / 2 + home)[..., inside, None]
    wrong = ((ours - found).abs() * (HOP / WINDOW)).clamp(max=FARTHEST)
    return (wrong * loudness).sum() / loudness.sum().clamp_min(1e-9)
