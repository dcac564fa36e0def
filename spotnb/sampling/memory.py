"""How much memory a run takes, worked out before it begins."""

from __future__ import annotations

import math

from spotnb.trace.trace import Trace

ALIVE = 10
"""Latents that are alive in a step: state, padding, windows, predictions, noise, next state."""


def trace_bytes(shape: tuple[int, int, int, int], steps: range, trace: Trace) -> int:
    """Return the bytes of the arrays of a run's records at the end, when they are most."""
    arrays = 3 if trace.keeps_all_arrays else 1
    kept = sum(trace.keeps(step) for step in steps[:-1]) + 1
    return arrays * kept * trace.itemsize * math.prod(shape)


def peak_bytes(shape: tuple[int, int, int, int], steps: range, trace: Trace) -> int:
    """Return the bytes of a run's arrays that are alive at one time.

    Decoding, which takes one candidate at a time, holds log-mel and sound.
    """
    latent, frames = 4 * math.prod(shape), shape[2]
    mel = 4 * frames * 4 * 64
    sound = 4 * frames * 640
    return trace_bytes(shape, steps, trace) + ALIVE * latent + 2 * mel + 3 * sound
