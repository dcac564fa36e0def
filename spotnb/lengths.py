"""From seconds to latent frames and samples, and back."""

from __future__ import annotations

import math

from spotnb.config import NOMINAL_FRAMES_PER_SECOND, check_real
from spotnb.errors import InputError
from spotnb.mel import SAMPLE_RATE

FRAMES_PER_SECOND = 25
SAMPLES_PER_FRAME = 640


def check_duration(duration: float) -> float:
    """`duration` in seconds, if it is a finite number that gives at least one latent frame (40 ms)."""
    seconds = check_real("duration", duration, hint="give seconds, such as 10.0")
    if not math.isfinite(seconds * SAMPLE_RATE):
        raise InputError(f"duration is {seconds:g} s: expected what a memory can hold; give seconds, such as 10.0")
    if round(seconds * FRAMES_PER_SECOND, 6) < 1:
        raise InputError(f"duration is {seconds:g} s: expected at least 0.04, one latent frame; give seconds")
    return seconds


def run_frames(duration: float, time_multiple: int, circular: bool = False) -> int:
    """How many latent frames a run of `duration` seconds has.

    AudioLDM's nominal `int(25.6 d)`, or more where that would not fill the duration, rounded up to what the network
    takes; the surplus is cropped from the waveform. A ring cannot be cropped: it has `round(25 d)` frames.
    """
    seconds = check_duration(duration)
    exact = round(seconds * FRAMES_PER_SECOND, 6)  # 25 * 0.12 is 3, not 3.0000000000000004
    if circular:
        return round(exact)
    frames = max(int(NOMINAL_FRAMES_PER_SECOND * seconds), math.ceil(exact))
    return -(-frames // time_multiple) * time_multiple


def run_samples(duration: float, frames: int, circular: bool = False) -> int:
    """How many samples the sound of such a run has: exactly the duration, or the whole ring."""
    return SAMPLES_PER_FRAME * frames if circular else round(duration * SAMPLE_RATE)
