"""Measures of the effect of each bug, for finished runs, healthy or not."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from spotnb.errors import InputError
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline
from spotnb.sound.measure import seam_score

END = 8  # latent frames (0.32 s) that count as an end of the sound


def spread(sampler: SpotSampler) -> float:
    """Return the standard deviation of the latent."""
    return float(sampler.latent.std())


def sliding(sampler: SpotSampler) -> float:
    """Return the average number of frames that x0 moves from step to step."""
    x0 = {record.step: torch.from_numpy(np.array(record.x0, np.float32)) for record in sampler.trace}
    moves = [abs(_lag(x0[step - 1], x0[step])) for step in x0 if step - 1 in x0]
    if not moves:
        raise InputError(
            "the trace has no two consecutive steps: expected a run with record='all' or 'x0'; run it again"
        )
    return sum(moves) / len(moves)


def _lag(before: Tensor, after: Tensor) -> int:
    """Return by how many frames `after` is `before` moved to the right around the ends; both are `[B, C, T, F]`."""
    one, other = (torch.fft.rfft(_centered(x), dim=2) for x in (before, after))
    frames = before.shape[2]
    correlation = torch.fft.irfft(one.conj() * other, n=frames, dim=2).sum(dim=(0, 1, 3))
    best = int(correlation.argmax())
    return best if 2 * best <= frames else best - frames


def _centered(x: Tensor) -> Tensor:
    return x - x.mean(dim=2, keepdim=True)


def _correlation(one: Tensor, other: Tensor) -> float:
    """Return the correlation of two tensors of equal shape."""
    return float((one * other).sum() / (one.norm() * other.norm()).clamp_min(1e-12))


def echo(sampler: SpotSampler) -> float:
    """Return the correlation of the first padding with the frames that it mirrors."""
    steps = range(sampler.first, len(sampler.solver))
    padded = next((k for k in steps if any(sampler.layout(k).pad)), None)
    if padded is None:
        raise InputError("no step of the run pads anything: expected nonzero shifts; raise max_shift_ratio")
    step = sampler.fork(at=padded).begin()
    left, right = step.layout.pad
    inside = step.padded[:, :, left : left + sampler.frames]
    outside = step.padded[:, :, :left], step.padded[:, :, left + sampler.frames :]
    places = [*range(-left, 0), *range(sampler.frames, sampler.frames + right)]
    mirrored = inside[:, :, [step.layout.frame_at(place) for place in places]]
    return _correlation(torch.cat(outside, dim=2), mirrored)


def tail_level(sampler: SpotSampler) -> float:
    """Return the level of the last 8 latent frames relative to the rest."""
    return float(sampler.latent[:, :, -END:].std() / sampler.latent[:, :, :-END].std())


def repetition(sampler: SpotSampler) -> float:
    """Return the correlation of the latent with itself one tile later."""
    x, width = _centered(sampler.latent), sampler.config.tile_size_time
    return _correlation(x[:, :, width:], x[:, :, :-width])


def deafness(sampler: SpotSampler) -> float:
    """Return the distance of the conditioning from that of the prompt, relative to the norm of the latter."""
    prompt = sampler.prompt
    expected = sampler.model.embed(list(prompt.prompts) if isinstance(prompt, PromptTimeline) else [prompt])
    prompts = sampler.definition.prompts
    used = prompts.conditioning[[row for rows in prompts.prompts for row in rows]]
    return float((used - expected).norm() / expected.norm())


def seam(sampler: SpotSampler) -> float:
    """Return the seam score of the log-mel at the seams of the first step."""
    return seam_score(sampler.sound().mel, sampler.layout(0).seams).score


def doubling(sampler: SpotSampler) -> float:
    """Return the correlation of the start with the mirrored frames that follow."""
    start = 0  # of the frames that the crop of a step added, which the later steps moved to the right
    for step in reversed(range(sampler.first, len(sampler.solver))):
        shift = sampler.layout(step).shift
        axis = start + shift
        reach = min(shift, sampler.frames - 1 - axis)
        if reach >= END:
            x = sampler.latent
            before, after = x[:, :, axis - reach : axis], x[:, :, axis + 1 : axis + 1 + reach].flip(2)
            return _correlation(_centered(before), _centered(after))
        start = axis
    raise InputError(f"no shift of the run reaches {END} frames: expected larger shifts; raise max_shift_ratio")
