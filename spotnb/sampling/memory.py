"""The memory that a run needs, computed before it begins."""

from __future__ import annotations

import math

from spotnb.trace.trace import Trace

ALIVE = 10
"""Number of latents that exist at one time in a step: state, padding, windows, predictions, noise, next state."""


def trace_bytes(shape: tuple[int, int, int, int], steps: range, trace: Trace) -> int:
    """Return the bytes of all arrays that a trace holds at the end of a run."""
    arrays = 3 if trace.keeps_all_arrays else 1
    kept = sum(trace.keeps(step) for step in steps[:-1]) + 1
    return arrays * kept * trace.itemsize * math.prod(shape)


def peak_bytes(shape: tuple[int, int, int, int], steps: range, trace: Trace, samples_per_frame: int = 640) -> int:
    """Return the largest number of bytes that a run's arrays take at one time.

    Decoding takes one candidate at a time, and holds its log-mel and its sound.

    Args:
        shape: Of the latent, `[B, C, T, F]`.
        steps: The steps of the run.
        trace: The trace, which decides which arrays are kept.
        samples_per_frame: Samples of all channels per latent frame (default: AudioLDM's).
    """
    latent, frames = 4 * math.prod(shape), shape[2]
    mel = 4 * frames * 4 * 64
    sound = 4 * frames * samples_per_frame
    return trace_bytes(shape, steps, trace) + ALIVE * latent + 2 * mel + 3 * sound
