"""AudioLDM's log-mel spectrogram in numpy: the one definition that models, measures and plots share.

16 kHz; Hann windows of 1024 samples, one every 160; magnitudes, not powers; 64 Slaney mel bands from 0 to 8000 Hz;
natural logarithm. The sound is mirrored by 432 samples at both ends, which centres frame j on its own 160 samples, so
that N samples give N // 160 frames and a latent border, 640 samples apart, falls exactly between two of them.

The framing is that of the vocoder, HiFi-GAN (https://github.com/jik876/hifi-gan, `meldataset.py`). AudioLDM's own
front end (https://github.com/haoheliu/AudioLDM, `audioldm/audio/stft.py`) differs only in mirroring 512 samples, which
sets every frame 5 ms earlier and adds one at the end.

Neither torch nor librosa is imported with this module. The differentiable twin is `spotnb.models.mel.torch_log_mel`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spotnb.errors import InputError
from spotnb.support.arrays import as_array, as_waveform, require_finite

SAMPLE_RATE = 16000
WINDOW = 1024
HOP = 160
BINS = 64
TOP_HZ = 8000
MIRROR = (WINDOW - HOP) // 2
FLOOR = 1e-5  # the least magnitude of a band: silence is log(1e-5) = -11.5

LATENT_MELS = 4  # mel frames in one latent frame
LATENT_SECONDS = LATENT_MELS * HOP / SAMPLE_RATE  # 40 ms

_CHUNK = 1024  # frames transformed at once: 10 s of sound in 30 MB, however long the whole is


@cache
def mel_filters() -> NDArray[np.float32]:
    """librosa's mel filters, `[64, 513]`, Slaney scale and normalisation. Shared, hence read-only."""
    from librosa.filters import mel  # here, since it takes a second and a half

    filters: NDArray[np.float32] = mel(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=BINS, fmin=0, fmax=TOP_HZ)
    filters.flags.writeable = False
    return filters


def mel_bin(hz: ArrayLike) -> NDArray[np.float64]:
    """Where a frequency in Hz lies among the 64 bands: 0 is the centre of the lowest band, 63 that of the highest."""
    hz = np.asarray(hz, np.float64)
    # Slaney's scale: 200 / 3 Hz to a mel up to 1 kHz (15 mels), then 27 mels to every factor of 6.4.
    mel = np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1000) / 1000) / np.log(6.4))
    top = 15 + 27 * np.log(TOP_HZ / 1000) / np.log(6.4)
    return np.asarray(mel / top * (BINS + 1) - 1)


def log_mel(waveform: ArrayLike) -> NDArray[np.float32]:
    """The log-mel spectrogram of a sound.

    `waveform`: `[samples]` at 16 kHz, at least 433 of them, for the mirror at each end.
    Returns `[samples // 160, 64]` float32: natural logarithms of magnitudes, -11.5 (silence) to about 3.
    Raises `InputError` for a waveform of another shape or type, too short, or with NaN or infinity.
    """
    wave = as_waveform(waveform)
    if len(wave) <= MIRROR:
        raise InputError(f"a log-mel takes at least {MIRROR + 1} samples (27 ms at 16 kHz), got {len(wave)}")
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, MIRROR, mode="reflect"), WINDOW)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi / WINDOW * np.arange(WINDOW))
    mel = np.empty((len(frames), BINS), np.float32)
    for start in range(0, len(frames), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        magnitudes = np.abs(np.fft.rfft(frames[chunk] * hann))
        mel[chunk] = np.log(np.maximum(magnitudes @ mel_filters().T, FLOOR))
    return mel


def as_log_mel(value: Any) -> NDArray[np.float32]:
    """`value` as a finite log-mel `[frames, 64]`: made from a 16 kHz waveform, or taken as it is.

    Leading axes of length one, as a decoder's `[1, 1, frames, 64]` has, are dropped. Raises `InputError` for others.
    """
    array = as_array(value)
    if array.ndim == 1:
        return log_mel(array)
    mel = array.reshape(array.shape[-2:]) if all(size == 1 for size in array.shape[:-2]) else array
    if mel.ndim != 2 or mel.shape[1] != BINS or not len(mel):
        raise InputError(f"expected a waveform [samples] or a log-mel [frames, {BINS}], got shape {list(array.shape)}")
    require_finite(mel, "the log-mel")
    return mel.astype(np.float32, copy=False)
