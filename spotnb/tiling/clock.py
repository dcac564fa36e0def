"""Conversion of durations in seconds to latent frames and samples, for a model of any rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from spotnb.errors import InputError
from spotnb.support.checks import check_int, check_real, exact

SAMPLE_RATE, SAMPLES_PER_FRAME = 16_000, 640
NOMINAL_FRAMES_PER_SECOND = 25.6
"""AudioLDM's rule for latent sizes. A latent frame actually lasts 640 samples (40 ms), so 25 frames are one second."""


def check_duration(duration: float, shortest: float = 0.04) -> float:
    """Return `duration` in seconds as a float.

    Args:
        duration: In seconds.
        shortest: The length of a latent frame in seconds (default: AudioLDM's).

    Raises:
        InputError: `duration` is not a finite number, or is shorter than one latent frame.
    """
    seconds = check_real("duration", duration, hint="give seconds, such as 10.0")
    if not math.isfinite(seconds * SAMPLE_RATE):
        raise InputError(
            f"duration is {exact(seconds)} s: expected a duration that fits into memory; give seconds, such as 10.0"
        )
    if round(seconds / shortest, 6) < 1:
        raise InputError(
            f"duration is {exact(seconds)} s: expected at least {shortest:.3g} s, which is one latent frame; give "
            "seconds"
        )
    return seconds


@dataclass(frozen=True)
class Clock:
    """The rates of a model, which tie seconds, latent frames and samples together.

    Attributes:
        sample_rate: In Hz (default: AudioLDM's).
        samples_per_frame: Samples per latent frame (default: AudioLDM's, which is 40 ms).
    """

    sample_rate: int = SAMPLE_RATE
    samples_per_frame: int = SAMPLES_PER_FRAME

    @classmethod
    def of(cls, model: Any) -> Self:
        """Return the clock of an `AudioModel`."""
        return cls(int(model.sample_rate), int(model.samples_per_frame))

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any]) -> Self:
        """Return the clock in the manifest of a run. Older manifests state none; they are of AudioLDM's rates.

        Raises:
            InputError: A rate is not a whole number of at least 1.
        """
        stated = [name for name in ("sample_rate", "samples_per_frame") if name in manifest]
        return cls(**{name: check_int(name, manifest[name], 1, hint="the manifest was changed") for name in stated})

    @property
    def frames_per_second(self) -> float:
        """Latent frames per second: 25 for AudioLDM."""
        return self.sample_rate / self.samples_per_frame

    @property
    def frame_seconds(self) -> float:
        """Length of a latent frame in seconds: 0.04 for AudioLDM."""
        return self.samples_per_frame / self.sample_rate

    def frames(self, seconds: float) -> float:
        """Return a time in latent frames, rounded to a millionth, because 25 * 0.12 is a little above 3."""
        return round(seconds * self.sample_rate / self.samples_per_frame, 6)

    def run_frames(self, duration: float, time_multiple: int, ring: bool = False) -> int:
        """Return the number of latent frames of a run of `duration` seconds.

        It is the smallest number that fills the duration, and for AudioLDM's rates at least its nominal
        `int(25.6 * duration)`, rounded up to a multiple of `time_multiple`. The surplus is cropped from the waveform. A
        `ring` cannot be cropped, so its duration is rounded to complete frames.

        Raises:
            InputError: As for `check_duration`.
        """
        seconds = check_duration(duration, self.frame_seconds)
        needed = self.frames(seconds)
        if ring:
            return round(needed)
        frames = math.ceil(needed)
        if self == AUDIOLDM:
            frames = max(frames, int(NOMINAL_FRAMES_PER_SECOND * seconds))
        return -(-frames // time_multiple) * time_multiple

    def run_samples(self, duration: float, frames: int, ring: bool = False) -> int:
        """Return the samples of a run of `frames` latent frames: exactly `duration`, or all if it is a `ring`."""
        return self.samples_per_frame * frames if ring else round(duration * self.sample_rate)


AUDIOLDM = Clock()
"""The clock of AudioLDM: 16 kHz, 25 latent frames per second."""
