"""What a run takes, told before it begins."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from spotnb.tiling.layout import Layout
from spotnb.trace.trace import Trace

if TYPE_CHECKING:
    from spotnb.sampling.sampler import SpotSampler


@dataclass(frozen=True)
class Cost:
    """What a whole run takes.

    Attributes:
        forwards: windows that go through the network (each twice where guidance pulls), for each candidate.
        network_frames: latent frames of all these windows.
        seconds: of the steps: what finished ones took, extended to the run, or else extended from one batch timed now.
        peak_bytes: of arrays at a time: latents, trace, and the longest stage of decoding; weights not counted.
        trace_bytes: of these, what the trace holds in the end: `record` and `record_dtype` decide it.
    """

    forwards: int
    network_frames: int
    seconds: float
    peak_bytes: int
    trace_bytes: int


def trace_bytes(shape: tuple[int, int, int, int], steps: range, trace: Trace) -> int:
    """Bytes of the arrays of a run's records in the end, when they are most."""
    arrays = 3 if trace.keeps_all_arrays else 1
    kept = sum(trace.keeps(step) for step in steps[:-1]) + 1
    return arrays * kept * trace.itemsize * math.prod(shape)


def peak_bytes(shape: tuple[int, int, int, int], steps: range, trace: Trace) -> int:
    """Bytes of a run's arrays at a time."""
    latent, frames = 4 * math.prod(shape), shape[2]
    mel = 4 * frames * 4 * 64
    sound = 4 * frames * 640
    # Ten latents are alive in a step (state, padding, windows, predictions, noise, next state); decoding, which is one
    # candidate at a time, holds mel and sound.
    return trace_bytes(shape, steps, trace) + 10 * latent + 2 * mel + 3 * sound


def seconds_per_frame(sampler: SpotSampler, layout: Layout) -> float:
    """Seconds of a forward pass per latent frame, from one batch of windows of a layout, timed now."""
    model = sampler.model
    width = min(layout.widths[0], 4 * model.native_frames)
    count = min(sampler.tile_batch, len(layout.tiles))
    window = torch.zeros(sampler.candidates, model.channels, width, model.latent_bins, device=model.device)
    timings = []
    timestep = max(sampler.solver.timesteps[sampler.first :], key=sampler.passes)
    for _ in range(2):  # the first one warms up
        started = time.perf_counter()
        found = sampler.guided([window] * count, timestep, [((0, None),)] * count, [0] * count)
        found[-1].guided.sum().item()
        timings.append(time.perf_counter() - started)
    return min(timings) / (sampler.passes(timestep) * count * width)
