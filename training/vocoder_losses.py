"""Losses of the vocoder: STFT magnitudes at several resolutions, and the frequencies of its tones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn

from spotnb.sound.mel import HOP, SAMPLE_RATE, WINDOW

RESOLUTIONS = (512, 1024, 2048)
ANALYSIS = 2048  # samples per frame where real frequencies are measured: twice the frame of the vocoder
EDGE_FRAMES = ANALYSIS // 2 // HOP + 1  # frames at each end that contain mirrored sound, whose frequencies are negative
LARGEST_ERROR = 0.25  # turns per frame


@cache
def hann(size: int, device: torch.device) -> Tensor:
    """Return a Hann window."""
    return torch.hann_window(size, device=device)


def stft_distance(ours: Tensor, real: Tensor, resolutions: Sequence[int] = RESOLUTIONS) -> Tensor:
    """Compute the multi-resolution STFT distance of sounds `[B, samples]`.

    It is spectral convergence plus the L1 distance of log-magnitudes, averaged over the resolutions (Yamamoto et al.
    2020, "Parallel WaveGAN", section 2.2).
    """
    total = torch.zeros((), device=ours.device)
    for size in resolutions:
        a, b = _magnitudes(ours, size), _magnitudes(real, size)
        convergence = ((a - b).norm(dim=(1, 2)) / (b.norm(dim=(1, 2)) + 1e-3)).mean()
        total = total + convergence + ((a + 1e-3).log() - (b + 1e-3).log()).abs().mean()
    return total / len(resolutions)


def spectral_convergence(ours: Tensor, real: Tensor) -> float:
    """Compute the relative distance of STFT magnitudes (1024 samples per frame) of sounds `[B, samples]`."""
    a, b = _magnitudes(ours, 1024), _magnitudes(real, 1024)
    return ((a - b).norm(dim=(1, 2)) / (b.norm(dim=(1, 2)) + 1e-3)).mean().item()


def _magnitudes(sound: Tensor, size: int) -> Tensor:
    return torch.stft(sound, size, size // 4, size, hann(size, sound.device), return_complex=True).abs()


def frequencies(sound: Tensor) -> tuple[Tensor, Tensor]:
    """Measure the frequency in each bin from the phase difference between consecutive frames.

    This is the phase vocoder's estimate (Flanagan & Golden 1966, "Phase vocoder"). It is unambiguous up to 50 Hz from
    the center of the bin.

    Args:
        sound: Sounds `[B, samples]`.

    Returns:
        Frequencies in bins of a spectrum of `WINDOW` samples, and the smaller magnitude of the two frames, both
        `[B, ANALYSIS // 2 + 1, frames - 1]`.
    """
    margin = (ANALYSIS - HOP) // 2
    padded = nn.functional.pad(sound[:, None], (margin, margin), mode="reflect")[:, 0]
    window = hann(ANALYSIS, sound.device)
    spectrum = torch.stft(padded, ANALYSIS, HOP, window=window, center=False, return_complex=True)
    index = torch.arange(ANALYSIS // 2 + 1, device=sound.device)[:, None]
    center = (index * HOP % ANALYSIS) / ANALYSIS  # turns per hop
    back = torch.polar(torch.ones_like(center), -2 * math.pi * center)
    turned = torch.angle(spectrum[..., 1:] * spectrum[..., :-1].conj() * back) / (2 * math.pi)
    magnitude = torch.minimum(spectrum[..., 1:].abs(), spectrum[..., :-1].abs())
    return index * (WINDOW / ANALYSIS) + turned * (WINDOW / HOP), magnitude


def frequency_distance(offset: Tensor, real: Tensor) -> Tensor:
    """Compute the distance of the frequencies of sinusoids from the real ones near their centers.

    It is weighted by magnitude, since any frequency will do where nothing sounds. Bins on the border of two sinusoids
    count for both, so that either of them can follow a tone there.

    Args:
        offset: Frequencies in bins above the centers, `[B, J, frames]`, as in `spotnb.models.tones`.
        real: Real sounds `[B, samples]`.

    Returns:
        The mean absolute difference in turns per frame; 0.01 are 1 Hz.
    """
    count = offset.shape[1]
    inside = slice(EDGE_FRAMES, -EDGE_FRAMES)
    found, magnitude = (x[:, : 4 * count + 1, inside].unfold(1, 5, 4) for x in frequencies(real))
    centers = 2 * torch.arange(count, device=offset.device)[:, None] + 1
    ours = ((offset[..., 1:] + offset[..., :-1]) / 2 + centers)[..., inside, None]
    error = ((ours - found).abs() * (HOP / WINDOW)).clamp(max=LARGEST_ERROR)
    return (error * magnitude).sum() / magnitude.sum().clamp_min(1e-9)


def frequency_error(ours: Tensor, real: Tensor) -> float:
    """Compute how far the frequencies in our sounds are from the real ones, in Hz; sounds are `[B, samples]`.

    It is the mean absolute difference over bins and frames, weighted by the magnitude of the real sound.
    """
    inside = slice(EDGE_FRAMES, -EDGE_FRAMES)
    (found, _), (expected, magnitude) = frequencies(ours), frequencies(real)
    error = ((found - expected).abs() * (HOP / WINDOW)).clamp(max=LARGEST_ERROR)[..., inside]
    weight = magnitude[..., inside]
    return ((error * weight).sum() / weight.sum().clamp_min(1e-9)).item() * SAMPLE_RATE / HOP
