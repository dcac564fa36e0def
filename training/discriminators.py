"""Judges that learn to tell made sound from real: by its periods, and by its spectra at several resolutions.

Kong et al. 2020, "HiFi-GAN", section 2.3 (periods; least squares and feature matching: section 2.4); Jang et al. 2021,
"UnivNet", section 2.2 (resolutions). The spectra here are complex, so that a phase that jumps can be heard
(Défossez et al. 2022, "High fidelity neural audio compression", section 3.4). Narrower than the published ones.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

PERIODS = (2, 3, 5, 7, 11)
RESOLUTIONS = (512, 1024, 2048)
SLOPE = 0.1


class Verdict(NamedTuple):
    """What a judge says of a batch (near 1: real) and what it noticed on the way, layer by layer."""

    score: Tensor
    features: list[Tensor]


class PeriodJudge(nn.Module):
    """Sees a sound folded at a period: columns of samples that lie this far apart."""

    def __init__(self, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        sizes = (1, width, 2 * width, 4 * width, 8 * width)
        self.layers = nn.ModuleList(weight_norm(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0))) for a, b in pairwise(sizes))
        self.last = weight_norm(nn.Conv2d(sizes[-1], 1, (3, 1), 1, (1, 0)))

    def forward(self, sound: Tensor) -> Verdict:
        short = -sound.shape[1] % self.period
        padded = nn.functional.pad(sound[:, None], (0, short), mode="reflect")
        return judged(padded.unflatten(2, (-1, self.period)), self.layers, self.last)


class SpectrumJudge(nn.Module):
    """Sees a sound's complex spectrum: real and imaginary parts, as an image of two channels."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.size = size
        sizes = (2, width, width, 2 * width, 2 * width)
        self.layers = nn.ModuleList(weight_norm(nn.Conv2d(a, b, (5, 3), (2, 1), (2, 1))) for a, b in pairwise(sizes))
        self.last = weight_norm(nn.Conv2d(sizes[-1], 1, 3, 1, 1))

    def forward(self, sound: Tensor) -> Verdict:
        window = _hann(self.size, sound.device)
        spectrum = torch.stft(sound, self.size, self.size // 4, window=window, return_complex=True)
        # Roots, so that quiet partials are seen beside loud ones.
        image = torch.view_as_real(spectrum).permute(0, 3, 1, 2)
        size = image.square().sum(1, keepdim=True).add(1e-6).pow(-0.25)
        return judged(image * size, self.layers, self.last)


def judged(image: Tensor, layers: nn.ModuleList, last: nn.Module) -> Verdict:
    features = []
    for layer in layers:
        image = nn.functional.leaky_relu(layer(image), SLOPE)
        features.append(image)
    return Verdict(last(image), features)


@cache
def _hann(size: int, device: torch.device) -> Tensor:
    return torch.hann_window(size, device=device)


class Judges(nn.Module):
    """All of them; each gives a verdict of sounds `[B, samples]`."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.judges = nn.ModuleList(
            [*(PeriodJudge(period, width) for period in PERIODS), *(SpectrumJudge(size, width) for size in RESOLUTIONS)]
        )

    def forward(self, sound: Tensor) -> list[Verdict]:
        return [judge(sound) for judge in self.judges]

    def lesson(self, ours: Tensor, real: Tensor) -> Tensor:
        """What the judges have to learn: real is 1, made is 0 (least squares), mean over judges."""
        pairs = zip(self(real), self(ours.detach()), strict=True)
        return torch.stack([(1 - a.score).square().mean() + b.score.square().mean() for a, b in pairs]).mean()

    def doubts(self, ours: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """What a made sound lacks: to pass for real, and to be noticed as the real one is (means over judges)."""
        with torch.no_grad():
            expected = self(real)
        found = self(ours)
        passing = torch.stack([(1 - verdict.score).square().mean() for verdict in found]).mean()
        apart = [
            (a - b).abs().mean() / b.abs().mean().clamp_min(1e-6)
            for one, other in zip(found, expected, strict=True)
            for a, b in zip(one.features, other.features, strict=True)
        ]
        return passing, torch.stack(apart).mean()
