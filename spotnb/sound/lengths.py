"""Conversion of durations in seconds to latent frames and samples."""

from __future__ import annotations

import math

from spotnb.errors import InputError
from spotnb.sound.mel import SAMPLE_RATE
from spotnb.support.checks import check_real, exact, show

FRAMES_PER_SECOND = 25
NOMINAL_FRAMES_PER_SECOND = 25.6
"""AudioLDM's rule for latent sizes. A latent frame actually lasts 640 samples (40 ms), so 25 frames are one second."""
SAMPLES_PER_FRAME = 640
LONGEST = 2_000_000_000
"""Samples of the longest sound that is read or written: 34 hours at 16 kHz. A WAV file holds little more."""


def duration_to_latent_t_size(duration: float) -> int:
    """Return AudioLDM's nominal number of latent frames for `duration` seconds, `int(duration * 25.6)`.

    A run may use more frames, because it has to fill the duration and its length has to be a multiple of the model's
    `time_multiple`. A duration of less than 40 ms gives 0 frames.

    Raises:
        InputError: `duration` is not a finite number above 0.

    >>> duration_to_latent_t_size(10.0), duration_to_latent_t_size(30)
    (256, 768)
    """
    seconds = check_real("duration", duration, hint="give seconds, such as 10.0")
    frames = seconds * NOMINAL_FRAMES_PER_SECOND
    if seconds <= 0 or not math.isfinite(frames):
        raise InputError(f"duration is {show(duration)}: expected a finite number above 0; give seconds, such as 10.0")
    return int(frames)


def check_duration(duration: float) -> float:
    """Return `duration` in seconds as a float.

    Raises:
        InputError: `duration` is not a finite number, or is shorter than one latent frame (40 ms).
    """
    seconds = check_real("duration", duration, hint="give seconds, such as 10.0")
    if not math.isfinite(seconds * SAMPLE_RATE):
        raise InputError(
            f"duration is {exact(seconds)} s: expected a duration that fits into memory; give seconds, such as 10.0"
        )
    if round(seconds * FRAMES_PER_SECOND, 6) < 1:
        raise InputError(
            f"duration is {exact(seconds)} s: expected at least 0.04 s, which is one latent frame; give seconds"
        )
    return seconds


def run_frames(duration: float, time_multiple: int, ring: bool = False) -> int:
    """Return the number of latent frames of a run of `duration` seconds.

    This is AudioLDM's nominal `int(25.6 * duration)`, or more if that would not fill the duration, rounded up to a
    multiple of `time_multiple`. The surplus is cropped from the waveform. A `ring` cannot be cropped, so it
    has `round(25 * duration)` frames.

    Raises:
        InputError: As for `check_duration`.
    """
    seconds = check_duration(duration)
    exact = round(seconds * FRAMES_PER_SECOND, 6)  # 25 * 0.12 is 3, not 3.0000000000000004
    if ring:
        return round(exact)
    frames = max(int(NOMINAL_FRAMES_PER_SECOND * seconds), math.ceil(exact))
    return -(-frames // time_multiple) * time_multiple


def run_samples(duration: float, frames: int, ring: bool = False) -> int:
    """Return the number of samples of a run of `frames` latent frames: exactly `duration`, or all if it is a `ring`."""
    return SAMPLES_PER_FRAME * frames if ring else round(duration * SAMPLE_RATE)
