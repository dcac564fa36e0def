"""What each bug does, measured on a finished run, healthy or not."""

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
    return float(sampler.latent.std())


def sliding(sampler: SpotSampler) -> float:
    x0 = {record.step: torch.from_numpy(np.array(record.x0, np.float32)) for record in sampler.trace}
    moves = [abs(_lag(x0[step - 1], x0[step])) for step in x0 if step - 1 in x0]
    if not moves:
        raise InputError("the trace holds no two steps in a row: expected record='all' or 'x0'; run it again with that")
    return sum(moves) / len(moves)


def _lag(before: Tensor, after: Tensor) -> int:
    """How many frames to the right, around the ends, the second `[B, C, T, F]` best fits the first."""
    one, other = (torch.fft.rfft(_centred(x), dim=2) for x in (before, after))
    frames = before.shape[2]
    likeness = torch.fft.irfft(one.conj() * other, n=frames, dim=2).sum(dim=(0, 1, 3))
    best = int(likeness.argmax())
    return best if 2 * best <= frames else best - frames


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(dim=2, keepdim=True)


def _alike(one: Tensor, other: Tensor) -> float:
    """Correlation of two tensors of one shape."""
    return float((one * other).sum() / (one.norm() * other.norm()).clamp_min(1e-12))


def echo(sampler: SpotSampler) -> float:
    steps = range(sampler.first, len(sampler.solver))
    padded = next((k for k in steps if any(sampler.layout(k).pad)), None)
    if padded is None:
        raise InputError("no step of the run pads anything: expected some shift; raise max_shift_ratio")
    step = sampler.fork(at=padded).begin()
    left, right = step.layout.pad
    inside = step.padded[:, :, left : left + sampler.frames]
    outside = step.padded[:, :, :left], step.padded[:, :, left + sampler.frames :]
    places = [*range(-left, 0), *range(sampler.frames, sampler.frames + right)]
    mirrored = inside[:, :, [step.layout.frame_at(place) for place in places]]
    return _alike(torch.cat(outside, dim=2), mirrored)


def tail_level(sampler: SpotSampler) -> float:
    return float(sampler.latent[:, :, -END:].std() / sampler.latent[:, :, :-END].std())


def repetition(sampler: SpotSampler) -> float:
    x, width = _centred(sampler.latent), sampler.config.tile_size_time
    return _alike(x[:, :, width:], x[:, :, :-width])


def deafness(sampler: SpotSampler) -> float:
    prompt = sampler.prompt
    wanted = sampler.model.embed(list(prompt.prompts) if isinstance(prompt, PromptTimeline) else [prompt])
    prompts = sampler.definition.prompts
    told = prompts.conditioning[[row for rows in prompts.prompts for row in rows]]
    return float((told - wanted).norm() / wanted.norm())


def seam(sampler: SpotSampler) -> float:
    return seam_score(sampler.sound().mel, sampler.layout(0).seams).score


def doubling(sampler: SpotSampler) -> float:
    start = 0  # of what the crop before took in: later ones moved it to the right
    for step in reversed(range(sampler.first, len(sampler.solver))):
        shift = sampler.layout(step).shift
        axis = start + shift
        reach = min(shift, sampler.frames - 1 - axis)
        if reach >= END:
            x = sampler.latent
            before, after = x[:, :, axis - reach : axis], x[:, :, axis + 1 : axis + 1 + reach].flip(2)
            return _alike(_centred(before), _centred(after))
        start = axis
    raise InputError(f"no shift of the run reaches {END} frames: expected larger ones; raise max_shift_ratio")
