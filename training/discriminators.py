"""Discriminators of real and vocoded sound: of periods, and of complex spectra at several resolutions.

The period discriminators, least-squares losses, and feature matching are those of Kong et al. (2020, "HiFi-GAN",
sections 2.3 and 2.4). Spectra at several resolutions follow Jang et al. (2021, "UnivNet", section 2.2). They are
complex, as those of Défossez et al. (2022, "High fidelity neural audio compression", section 3.4), so that breaks in
phase can be detected. All networks are narrower than the published ones.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from training.vocoder_losses import hann

PERIODS = (2, 3, 5, 7, 11)
RESOLUTIONS = (512, 1024, 2048)
SLOPE = 0.1  # of the leaky ReLU


class Verdict(NamedTuple):
    """Output of a discriminator: the score (near 1 for real sound) and the features of each layer."""

    score: Tensor
    features: list[Tensor]


class PeriodDiscriminator(nn.Module):
    """Compares samples that are a number of periods apart.

    Args:
        period: The period in samples.
        width: Channels of the first layer.
    """

    def __init__(self, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        channels = (1, width, 2 * width, 4 * width, 8 * width)
        self.layers = nn.ModuleList(weight_norm(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0))) for a, b in pairwise(channels))
        self.last = weight_norm(nn.Conv2d(channels[-1], 1, (3, 1), 1, (1, 0)))

    def forward(self, sound: Tensor) -> Verdict:
        """Judge sounds `[B, samples]`."""
        missing = -sound.shape[1] % self.period
        padded = nn.functional.pad(sound[:, None], (0, missing), mode="reflect")
        return _verdict(padded.unflatten(2, (-1, self.period)), self.layers, self.last)


class SpectrumDiscriminator(nn.Module):
    """Sees the real and the imaginary part of a spectrum as an image with two channels.

    Args:
        size: Samples per frame.
        width: Channels of the first layer.
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.size = size
        channels = (2, width, width, 2 * width, 2 * width)
        self.layers = nn.ModuleList(weight_norm(nn.Conv2d(a, b, (5, 3), (2, 1), (2, 1))) for a, b in pairwise(channels))
        self.last = weight_norm(nn.Conv2d(channels[-1], 1, 3, 1, 1))

    def forward(self, sound: Tensor) -> Verdict:
        """Judge sounds `[B, samples]`."""
        window = hann(self.size, sound.device)
        spectrum = torch.stft(sound, self.size, self.size // 4, window=window, return_complex=True)
        image = torch.view_as_real(spectrum).permute(0, 3, 1, 2)
        # The square root of the magnitude, so that weak partials count beside strong ones.
        image = image * image.square().sum(1, keepdim=True).add(1e-6).pow(-0.25)
        return _verdict(image, self.layers, self.last)


def _verdict(image: Tensor, layers: nn.ModuleList, last: nn.Module) -> Verdict:
    features = []
    for layer in layers:
        image = nn.functional.leaky_relu(layer(image), SLOPE)
        features.append(image)
    return Verdict(last(image), features)


class Discriminators(nn.Module):
    """One discriminator per period and per resolution.

    Args:
        width: Channels of the first layer of each.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        periods = [PeriodDiscriminator(period, width) for period in PERIODS]
        self.all = nn.ModuleList([*periods, *(SpectrumDiscriminator(size, width) for size in RESOLUTIONS)])

    def forward(self, sound: Tensor) -> list[Verdict]:
        """Judge sounds `[B, samples]` by every discriminator."""
        return [one(sound) for one in self.all]

    def loss(self, ours: Tensor, real: Tensor) -> Tensor:
        """Compute the loss of the discriminators: 1 is right for real sound, 0 for ours."""
        pairs = zip(self(real), self(ours.detach()), strict=True)
        return torch.stack([(1 - a.score).square().mean() + b.score.square().mean() for a, b in pairs]).mean()

    def vocoder_losses(self, ours: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the losses of the vocoder.

        Returns:
            How far our sound is from passing as real, and the relative L1 distance of the features (feature matching),
            both averaged over the discriminators.
        """
        with torch.no_grad():
            expected = self(real)
        found = self(ours)
        adversarial = torch.stack([(1 - verdict.score).square().mean() for verdict in found]).mean()
        matching = [
            (a - b).abs().mean() / b.abs().mean().clamp_min(1e-6)
            for one, other in zip(found, expected, strict=True)
            for a, b in zip(one.features, other.features, strict=True)
        ]
        return adversarial, torch.stack(matching).mean()
