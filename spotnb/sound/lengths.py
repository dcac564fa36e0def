"""AudioLDM's rule for the length of a latent, and the length of the longest sound."""

from __future__ import annotations

import math

from spotnb.errors import InputError
from spotnb.support.checks import check_real, show
from spotnb.tiling.clock import NOMINAL_FRAMES_PER_SECOND

LONGEST = 2_000_000_000
"""Samples of the longest sound that is read or written: 34 hours at 16 kHz. A WAV file holds little more."""


def duration_to_latent_t_size(duration: float) -> int:
    """Return AudioLDM's nominal number of latent frames for `duration` seconds, `int(duration * 25.6)`.

    A run may use more frames, because it has to fill the duration and its length has to be a multiple of the model's
    `time_multiple`. A duration of less than 39 ms (1 / 25.6 s) gives 0 frames.

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
