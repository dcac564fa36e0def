"""The cost of a run, estimated before it begins."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from spotnb.models.protocol import audio_channels
from spotnb.models.shelter import shelter
from spotnb.sampling.guidance import Guide
from spotnb.sampling.memory import peak_bytes, trace_bytes
from spotnb.sampling.run import Run
from spotnb.support.cards import Card, Shown, count, joined, megabytes
from spotnb.tiling.layout import Layout
from spotnb.trace.trace import Trace

GRADIENT = 2
"""The cost of the gradient through a window, in forward passes."""


@dataclass(frozen=True, repr=False)
class Cost(Shown):
    """The cost of a complete run.

    Attributes:
        forwards: Number of windows that go through the network, per candidate. With guidance, each goes through twice.
        network_frames: Total length of these windows, in latent frames.
        seconds: Time for all steps, extrapolated from the finished steps, or before the first from one timed batch.
        peak_bytes: The most memory that the arrays of the run take at one time: latents, trace, and the largest stage
            of decoding. Libraries, weights and the working memory inside the networks come on top: a process that runs
            the embedded model takes about 0.7 GB in all.
        trace_bytes: The part of it that the trace takes at the end. It depends on `record` and `record_dtype`.
    """

    forwards: int
    network_frames: int
    seconds: float
    peak_bytes: int
    trace_bytes: int

    def _text_(self) -> str:
        windows = count(self.forwards, "window")
        return joined(windows, f"{self.seconds:.3g} s", f"{megabytes(self.peak_bytes)} at the peak")

    def _card_(self) -> Card:
        facts = {
            "Windows": (f"{self.forwards} per candidate", "with guidance, each goes through the network twice"),
            "Frames": f"{self.network_frames} for the network",
            "Time": (f"{self.seconds:.3g} s", "for all steps, without decoding"),
            "Memory": (
                f"{megabytes(self.peak_bytes)} at the peak",
                "of arrays; weights, libraries and the insides of the networks come on top",
            ),
            "Trace": megabytes(self.trace_bytes),
        }
        return Card(repr(self), facts)


def run_cost(run: Run, trace: Trace, spent: Mapping[int, float], frame_seconds: float | None = None) -> Cost:
    """Return the cost of a run.

    Args:
        run: The run.
        trace: The trace, which decides which arrays are kept.
        spent: The seconds that each finished step took.
        frame_seconds: The seconds that a forward pass takes per latent frame, if they have been measured.
    """
    layouts = {step: run.layout(step) for step in run.steps}
    work = {step: _work(run, step, layout) for step, layout in layouts.items()}
    if spent:
        seconds = sum(spent.values()) / sum(work[step] for step in spent) * sum(work.values())
    else:
        seconds = sum(work.values()) * (frame_seconds or seconds_per_frame(run))
    return Cost(
        forwards=sum(len(layout.tiles) for layout in layouts.values()),
        network_frames=sum(layout.network_frames for layout in layouts.values()),
        seconds=seconds,
        peak_bytes=peak_bytes(run.shape, run.steps, trace, run.model.samples_per_frame * audio_channels(run.model)),
        trace_bytes=trace_bytes(run.shape, run.steps, trace),
    )


def _work(run: Run, step: int, layout: Layout) -> int:
    """Return the work that a step is for the network, in frames of a forward pass."""
    crossing = sum(width for tile, width in enumerate(layout.widths) if run.denoiser.known_frames(layout, tile))
    passes = run.denoiser.guidance.passes(run.solver.timesteps[step])
    return passes * (layout.network_frames + GRADIENT * crossing)


@shelter
def seconds_per_frame(run: Run) -> float:
    """Measure the seconds that a forward pass takes per latent frame, on one batch of windows."""
    model, layout = run.model, run.layout(run.steps.start)
    width = min(layout.widths[0], 4 * model.native_frames)
    count = min(run.denoiser.tile_batch, len(layout.tiles))
    window = torch.zeros(run.shape[0], model.channels, width, model.latent_bins, device=model.device)
    guidance, guides = run.denoiser.guidance, [(Guide(run.prompts.prompts[0]),)] * count
    timestep = max(run.solver.timesteps[run.steps.start :], key=guidance.passes)
    timings = []
    for _ in range(2):  # the first one warms up
        started = time.perf_counter()
        predictions = run.denoiser.guided([window] * count, timestep, guides, [0] * count, run.frames)
        predictions[-1].eps.sum().item()
        timings.append(time.perf_counter() - started)
    return min(timings) / (guidance.passes(timestep) * count * width)
