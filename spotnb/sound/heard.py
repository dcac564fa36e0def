"""The log-mel of a sound of any model, as pictures and seam scores need it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spotnb.sound.mel import MIRROR, SAMPLE_RATE, log_mel
from spotnb.sound.resampling import resampled


def mono(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the channels of a sound `[samples]` or `[channels, samples]`, `[samples]`."""
    return waveform if waveform.ndim == 1 else waveform.mean(axis=0, dtype=np.float32)


def heard_mel(waveform: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return the log-mel `[frames, 64]` of a sound of any rate and any number of channels.

    Channels are averaged, and the sound is resampled to 16 kHz, so that pictures and seam scores of all models are
    alike: 100 frames per second, up to 8 kHz. A sound that is too short for one frame is extended with silence.

    Args:
        waveform: `[samples]` or `[channels, samples]`.
        sample_rate: In Hz.
    """
    sound = resampled(mono(waveform), sample_rate, SAMPLE_RATE)
    return log_mel(np.pad(sound, (0, max(0, MIRROR + 1 - len(sound)))))
