"""Losses of the vocoder: mel bands at several resolutions, and magnitude, frequency and jitter of its tones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn
from transformers.audio_utils import mel_filter_bank

from spotnb.sound.mel import HOP, SAMPLE_RATE, WINDOW

RESOLUTIONS = (512, 1024, 2048)
ANALYSIS = 2048  # samples per frame where real frequencies are measured: twice the frame of the vocoder
EDGE_FRAMES = ANALYSIS // 2 // HOP + 1  # frames at each end that contain mirrored sound, whose frequencies are negative
LARGEST_ERROR = 0.25  # turns per frame
MEL_BANDS = {256: 20, 512: 40, 1024: 80, 2048: 160}  # by samples per frame
LEAST_BAND = 1e-4  # of a mel band
LAG, AROUND = 8, 5  # frames between two spectra that are compared, and frames on each side that are averaged
NOISE_COHERENCE, STEADY_COHERENCE = 0.44, 0.965  # of white noise and of tones without jitter, both measured
COHERENCE_DECAY = 2.6  # of tones, by the square of their jitter: measured for fades of three hops
JITTER_SHARE = 0.6  # of the jitter that explains the coherence of real sounds, where tones that glide count as noise
LEAST_TONE = 1e-3  # magnitude of a tone


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


@cache
def mel_bank(size: int, device: torch.device) -> Tensor:
    """Return the mel filters `[size // 2 + 1, bands]` for spectra of frames of `size` samples."""
    bank = mel_filter_bank(
        size // 2 + 1, MEL_BANDS[size], 0, SAMPLE_RATE / 2, SAMPLE_RATE, norm="slaney", mel_scale="slaney"
    )
    return torch.from_numpy(bank).float().to(device) * (size / WINDOW) ** -0.5


def mel_distance(ours: Tensor, real: Tensor) -> Tensor:
    """Compute the L1 distance of log-mels of sounds `[B, samples]`, averaged over several resolutions.

    A log-mel tells what can be known of the sound from the vocoder's own input. Finer spectra punish a partial that is
    a few Hz wrong more than a blur, and therefore teach to blur.
    """
    total = torch.zeros((), device=ours.device)
    for size in MEL_BANDS:
        bank = mel_bank(size, ours.device)
        a, b = ((_magnitudes(x, size).mT @ bank).clamp_min(LEAST_BAND).log() for x in (ours, real))
        total = total + (a - b).abs().mean()
    return total / len(MEL_BANDS)


def spectral_convergence(ours: Tensor, real: Tensor) -> float:
    """Compute the relative distance of STFT magnitudes (1024 samples per frame) of sounds `[B, samples]`."""
    a, b = _magnitudes(ours, 1024), _magnitudes(real, 1024)
    return ((a - b).norm(dim=(1, 2)) / (b.norm(dim=(1, 2)) + 1e-3)).mean().item()


def _magnitudes(sound: Tensor, size: int) -> Tensor:
    return torch.stft(sound, size, size // 4, size, hann(size, sound.device), return_complex=True).abs()


def analysed(sound: Tensor) -> Tensor:
    """Return the complex spectrum of sounds `[B, samples]` in the framing of the vocoder, but in longer windows.

    Returns:
        `[B, ANALYSIS // 2 + 1, samples // HOP]`.
    """
    margin = (ANALYSIS - HOP) // 2
    padded = nn.functional.pad(sound[:, None], (margin, margin), mode="reflect")[:, 0]
    return torch.stft(padded, ANALYSIS, HOP, window=hann(ANALYSIS, sound.device), center=False, return_complex=True)


def frequencies(spectrum: Tensor) -> tuple[Tensor, Tensor]:
    """Measure the frequency in each bin from the phase difference between consecutive frames.

    This is the phase vocoder's estimate (Flanagan & Golden 1966, "Phase vocoder"). It is unambiguous up to 50 Hz from
    the center of the bin.

    Args:
        spectrum: What `analysed` returns.

    Returns:
        Frequencies in bins of a spectrum of `WINDOW` samples, and the smaller magnitude of the two frames, both
        `[B, ANALYSIS // 2 + 1, frames - 1]`.
    """
    index = torch.arange(ANALYSIS // 2 + 1, device=spectrum.device)[:, None]
    center = (index * HOP % ANALYSIS) / ANALYSIS  # turns per hop
    back = torch.polar(torch.ones_like(center), -2 * math.pi * center)
    turned = torch.angle(spectrum[..., 1:] * spectrum[..., :-1].conj() * back) / (2 * math.pi)
    magnitude = torch.minimum(spectrum[..., 1:].abs(), spectrum[..., :-1].abs())
    return index * (WINDOW / ANALYSIS) + turned * (WINDOW / HOP), magnitude


def magnitudes(spectrum: Tensor, count: int) -> Tensor:
    """Measure the magnitudes that tones need to sound like a spectrum, `[B, count, frames]`.

    Args:
        spectrum: What `analysed` returns.
        count: Number of tones.
    """
    power = spectrum[:, : 4 * count].abs().square().unflatten(1, (count, 4)).sum(2)
    # Of a main lobe in twice the window, the squares add up to 6 times the square of its top in the vocoder's window.
    return (power / 6).sqrt()


def magnitude_distance(magnitude: Tensor, spectrum: Tensor) -> Tensor:
    """Compute the L1 distance of the log-magnitudes of tones from real ones, as seen through the longer windows.

    A window of `ANALYSIS` samples tells neighboring tones apart, but blurs onsets. The magnitudes of the tones are
    therefore blurred alike before they are compared, so that nothing teaches them to be blurred.

    Args:
        magnitude: Magnitudes of tones, `[B, J, frames]`.
        spectrum: What `analysed` returns of the real sounds.
    """
    reach = ANALYSIS // 2 // HOP
    window = hann(ANALYSIS, magnitude.device)[ANALYSIS // 2 - reach * HOP :: HOP][: 2 * reach + 1]
    padded = nn.functional.pad(magnitude, (reach, reach), mode="replicate")
    blurred = nn.functional.conv1d(padded.flatten(0, 1)[:, None], (window / window.sum())[None, None])
    ours, real = (
        x.clamp_min(LEAST_TONE).log()[..., EDGE_FRAMES:-EDGE_FRAMES]
        for x in (blurred.view_as(magnitude), magnitudes(spectrum, magnitude.shape[1]))
    )
    return (ours - real).abs().mean()


def coherence(spectrum: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Measure how steadily the phase advances near each of the vocoder's tones.

    It is the coherence of spectra `LAG` frames apart, over the bins of a tone and `AROUND` frames on each side:
    1 for a steady tone of any frequency, `NOISE_COHERENCE` on average for noise.

    Args:
        spectrum: What `analysed` returns.
        count: Number of tones.

    Returns:
        The coherence, and its weight, which is the geometric mean of the magnitudes, both `[B, count, frames - LAG]`.
    """
    spectrum = spectrum[:, : 4 * count + 1]
    product = spectrum[..., LAG:] * spectrum[..., :-LAG].conj()
    parts = torch.stack([product.real, product.imag, product.abs()], 1).unfold(2, 5, 4).sum(-1)
    length = 2 * AROUND + 1
    real, imaginary, size = (
        nn.functional.avg_pool2d(parts.flatten(0, 1), (1, length), 1, (0, AROUND), count_include_pad=False)
        .unflatten(0, (-1, 3))
        .unbind(1)
    )
    return (real.square() + imaginary.square()).sqrt() / size.clamp_min(1e-9), size.sqrt()


def jitter_distance(jitter: Tensor, spectrum: Tensor) -> Tensor:
    """Compute how far the coherence that tones with a jitter have is from that of real sounds, squared.

    With all of the jitter that explains the coherence, harmonic-to-noise ratio and spectral contrast of the copies are
    below those of the real clips, and with a smaller share above them.

    Args:
        jitter: Standard deviations in bins, `[B, J, frames]`, as in `spotnb.models.tones`.
        spectrum: What `analysed` returns of the real sounds.

    Returns:
        The mean square of the difference, weighted by the square root of the magnitude.
    """
    expected, weight = coherence(spectrum, jitter.shape[1])
    half, inside = LAG // 2, slice(EDGE_FRAMES, -EDGE_FRAMES)
    width = jitter[..., half : half + expected.shape[2]] / JITTER_SHARE
    ours = NOISE_COHERENCE + (STEADY_COHERENCE - NOISE_COHERENCE) * (-COHERENCE_DECAY * width.square()).exp()
    error, weight = (ours - expected.clamp(max=STEADY_COHERENCE)).square()[..., inside], weight.sqrt()[..., inside]
    return (error * weight).sum() / weight.sum().clamp_min(1e-9)


def frequency_distance(offset: Tensor, spectrum: Tensor) -> Tensor:
    """Compute the distance of the frequencies of sinusoids from the real ones near their centers.

    It is weighted by magnitude, since any frequency will do where nothing sounds. Bins on the border of two sinusoids
    count for both, so that either of them can follow a tone there.

    Args:
        offset: Frequencies in bins above the centers, `[B, J, frames]`, as in `spotnb.models.tones`.
        spectrum: What `analysed` returns of the real sounds.

    Returns:
        The mean absolute difference in turns per frame; 0.01 are 1 Hz.
    """
    count = offset.shape[1]
    inside = slice(EDGE_FRAMES, -EDGE_FRAMES)
    found, magnitude = (x[:, : 4 * count + 1, inside].unfold(1, 5, 4) for x in frequencies(spectrum))
    centers = 2 * torch.arange(count, device=offset.device)[:, None] + 1
    ours = ((offset[..., 1:] + offset[..., :-1]) / 2 + centers)[..., inside, None]
    error = ((ours - found).abs() * (HOP / WINDOW)).clamp(max=LARGEST_ERROR)
    return (error * magnitude).sum() / magnitude.sum().clamp_min(1e-9)


def frequency_error(ours: Tensor, real: Tensor) -> float:
    """Compute how far the frequencies in our sounds are from the real ones, in Hz; sounds are `[B, samples]`.

    It is the mean absolute difference over bins and frames, weighted by the magnitude of the real sound.
    """
    inside = slice(EDGE_FRAMES, -EDGE_FRAMES)
    (found, _), (expected, magnitude) = frequencies(analysed(ours)), frequencies(analysed(real))
    error = ((found - expected).abs() * (HOP / WINDOW)).clamp(max=LARGEST_ERROR)[..., inside]
    weight = magnitude[..., inside]
    return ((error * weight).sum() / weight.sum().clamp_min(1e-9)).item() * SAMPLE_RATE / HOP
