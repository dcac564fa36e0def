"""Give a vocoder's head a start: fit it to real sound by least squares, in half a CPU minute.

Magnitudes and frequencies of real sound are known, so no gradient has to find them through the STFT at first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from spotnb.models.mel import torch_log_mel
from spotnb.models.tones import MAX_JITTER, MAX_OFFSET
from spotnb.models.vocoder import SinusoidalVocoder
from training.data import Waveforms
from training.ridge import ridge_solution
from training.vocoder_losses import EDGE_FRAMES, LEAST_TONE, analysed, frequencies, magnitudes

BATCHES, BATCH, FRAMES = 8, 16, 128
LARGEST_TARGET = 0.97  # of MAX_OFFSET: beyond it, tanh is too flat to be inverted
FIRST_JITTER = 0.3  # bins
RIDGE = 1e-4  # of the mean square of the inputs


def targets(real: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Measure what the tones should be in real sounds `[B, samples]`, between consecutive frames.

    Returns:
        Logarithm of the magnitude, offset of the frequency in bins, and the weight of the offset, all
        `[B, count, frames - 1]`.
    """
    spectrum = analysed(real)
    found, magnitude = frequencies(spectrum)
    power = magnitude[:, : 4 * count + 1].square().unfold(1, 5, 4)
    found = found[:, : 4 * count + 1].unfold(1, 5, 4)
    total = power.sum(-1).clamp_min(1e-12)
    centers = 2 * torch.arange(count)[:, None] + 1
    offset = (power * found).sum(-1) / total - centers
    tops = magnitudes(spectrum, count)
    log_magnitude = ((tops[..., 1:] + tops[..., :-1]) / 2).clamp_min(LEAST_TONE).log()
    return log_magnitude, offset.clamp(-LARGEST_TARGET * MAX_OFFSET, LARGEST_TARGET * MAX_OFFSET), total.sqrt()


@torch.no_grad()
def fit_tones(vocoder: SinusoidalVocoder, waves: Waveforms, batches: int = BATCHES) -> None:
    """Set the head of the tones to the least-squares solution, weighted by magnitude for the frequencies.

    Their jitter starts as small and equal everywhere, since how it shows is not linear.

    Args:
        vocoder: A vocoder on the CPU. Its other weights stay as they are.
        waves: Clips to fit to.
        batches: How many batches of excerpts to use.
    """
    head = vocoder.tone_head
    inputs: list[Tensor] = []
    sizes: list[Tensor] = []
    offsets: list[Tensor] = []
    weights: list[Tensor] = []
    count = vocoder.config.tones
    inside = slice(EDGE_FRAMES, -EDGE_FRAMES)
    for real in _excerpts(waves, batches):
        mel = torch_log_mel(real)[:, 0]
        x = torch.cat([vocoder.features(mel), vocoder.standardised(mel), torch.ones_like(mel[..., :1])], 2)
        inputs.append(((x[:, 1:] + x[:, :-1]) / 2)[:, inside].flatten(0, 1))
        for target, kept in zip(targets(real, count), (sizes, offsets, weights), strict=True):
            kept.append(target.mT[:, inside].flatten(0, 1))
    x, size, offset, weight = (torch.cat(parts) for parts in (inputs, sizes, offsets, weights))
    raw = torch.atanh(offset / MAX_OFFSET)
    solutions = [_solved(x, size + 1)]  # the vocoder takes 1 from the logarithm
    solutions += [
        _solved(x * w.sqrt(), y * w.sqrt()) for w, y in zip(weight.T[..., None], raw.T[..., None], strict=True)
    ]
    solution = torch.cat(solutions, 1).T
    head.weight[: 2 * count] = solution[:, :-1]
    head.bias[: 2 * count] = solution[:, -1]
    head.weight[2 * count :] = 0
    head.bias[2 * count :] = math.log(FIRST_JITTER / (MAX_JITTER - FIRST_JITTER))


def _excerpts(waves: Waveforms, batches: int) -> Iterator[Tensor]:
    """Cut random excerpts `[BATCH, 160 * FRAMES]` from random clips, the same ones every time."""
    rng = np.random.default_rng(4)
    for _ in range(batches):
        clips = [waves[int(i)] for i in rng.integers(len(waves), size=BATCH)]
        starts = rng.integers(clips[0].size - FRAMES * 160, size=BATCH)
        yield torch.from_numpy(np.stack([c[s : s + FRAMES * 160] for c, s in zip(clips, starts, strict=True)]))


def _solved(x: Tensor, y: Tensor) -> Tensor:
    return ridge_solution(x, y, RIDGE * x.square().sum(0).mean())
