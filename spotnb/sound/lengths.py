"""From seconds to latent frames and samples, and back."""

from __future__ import annotations

import math

from spotnb.errors import InputError
from spotnb.sound.mel import SAMPLE_RATE
from spotnb.support.checks import check_real, show

FRAMES_PER_SECOND = 25
NOMINAL_FRAMES_PER_SECOND = 25.6
"""AudioLDM's own rule for sizes. A latent frame really lasts 640 samples, 40 ms: 25 of them are a second."""
SAMPLES_PER_FRAME = 640


def duration_to_latent_t_size(duration: float) -> int:
    """AudioLDM's nominal number of latent frames for `duration` seconds, `int(duration * 25.6)`.

    A run may use more frames than this nominal number: enough to fill the duration, and a multiple of what the model
    takes. Less than 40 ms is 0 frames.

    Raises:
        InputError: `duration` is no finite number above 0.

    >>> duration_to_latent_t_size(10.0), duration_to_latent_t_size(30)
    (256, 768)
    """
    seconds = check_real("duration", duration, hint="give seconds, such as 10.0")
    frames = seconds * NOMINAL_FRAMES_PER_SECOND
    if seconds <= 0 or not math.isfinite(frames):
        raise InputError(f"duration is {show(duration)}: expected a finite number above 0; give seconds, such as 10.0")
    return int(frames)


def check_duration(duration: float) -> float:
    """`duration` in seconds, if it is a finite number that gives at least one latent frame (40 ms)."""
    seconds = check_real("duration", duration, hint="give seconds, such as 10.0")
    if not math.isfinite(seconds * SAMPLE_RATE):
        raise InputError(f"duration is {seconds:g} s: expected what a memory can hold; give seconds, such as 10.0")
    if round(seconds * FRAMES_PER_SECOND, 6) < 1:
        raise InputError(f"duration is {seconds:g} s: expected at least 0.04, one latent frame; give seconds")
    return seconds


def run_frames(duration: float, time_multiple: int, ring: bool = False) -> int:
    """How many latent frames a run of `duration` seconds has.

    AudioLDM's nominal `int(25.6 d)`, or more where that would not fill the duration, rounded up to what the network
    takes; the surplus is cropped from the waveform. A ring cannot be cropped: it has `round(25 d)` frames.
    """
    seconds = check_duration(duration)
    exact = round(seconds * FRAMES_PER_SECOND, 6)  # 25 * 0.12 is 3, not 3.0000000000000004
    if ring:
        return round(exact)
    frames = max(int(NOMINAL_FRAMES_PER_SECOND * seconds), math.ceil(exact))
    return -(-frames // time_multiple) * time_multiple


def run_samples(duration: float, frames: int, ring: bool = False) -> int:
    """How many samples the sound of such a run has: exactly the duration, or the whole ring."""
    return SAMPLES_PER_FRAME * frames if ring else round(duration * SAMPLE_RATE)
