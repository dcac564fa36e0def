"""AudioLDM's log-mel spectrogram in numpy, the single definition that models, measures and plots share.

The sample rate is 16 kHz. Hann windows of 1024 samples are taken every 160 samples. Their magnitudes (not powers) are
mapped to 64 Slaney mel bands from 0 to 8000 Hz, and the natural logarithm is taken. The sound is mirrored by 432
samples at both ends, which centers frame j on samples 160 j to 160 (j + 1). N samples therefore give N // 160 frames,
and a border between latent frames, which are 640 samples long, falls exactly between two mel frames.

The framing is that of the HiFi-GAN vocoder (https://github.com/jik876/hifi-gan, `meldataset.py`). AudioLDM's own front
end (https://github.com/haoheliu/AudioLDM, `audioldm/audio/stft.py`) differs only in that it mirrors 512 samples, which
moves every frame 5 ms earlier and adds one frame at the end.

Importing this module imports neither torch nor transformers. `spotnb.models.mel.torch_log_mel` is the differentiable
version.
"""

from __future__ import annotations

from functools import cache

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
FLOOR = 1e-5  # smallest magnitude of a band: silence is log(1e-5) = -11.5

LATENT_MELS = 4  # mel frames per latent frame
LATENT_SECONDS = LATENT_MELS * HOP / SAMPLE_RATE  # 40 ms

_CHUNK = 1024  # frames transformed at once: 10 s of sound, which takes 30 MB


@cache
@np.errstate(all="ignore")
def mel_filters() -> NDArray[np.float32]:
    """Return the mel filters, `[64, 513]`, with Slaney scale and normalization.

    The array is cached and therefore read-only.
    """
    import spotnb.support.whole_transformers

    from transformers.audio_utils import mel_filter_bank  # imported here because it takes a second

    bank = mel_filter_bank(WINDOW // 2 + 1, BINS, 0, TOP_HZ, SAMPLE_RATE, norm="slaney", mel_scale="slaney")
    filters = np.ascontiguousarray(bank.T, np.float32)
    filters.flags.writeable = False
    return filters


@np.errstate(all="ignore")
def mel_bin(hz: ArrayLike) -> NDArray[np.float64]:
    """Return the position of a frequency in Hz among the 64 bands, where 0 and 63 are the centers of the outer bands.

    Positions between bands are fractional, and positions outside them are below 0 or above 63.
    """
    hz = np.asarray(hz, np.float64)
    # Slaney's scale: 200 / 3 Hz per mel up to 1 kHz (15 mels), then 27 mels for every factor of 6.4.
    mel = np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1000) / 1000) / np.log(6.4))
    top = 15 + 27 * np.log(TOP_HZ / 1000) / np.log(6.4)
    return np.asarray(mel / top * (BINS + 1) - 1)


@np.errstate(all="ignore")
def log_mel(waveform: ArrayLike) -> NDArray[np.float32]:
    """Compute the log-mel spectrogram of a sound.

    Args:
        waveform: `[samples]` at 16 kHz. At least 433 samples are needed to mirror the ends.

    Returns:
        `[samples // 160, 64]` float32: natural logarithms of magnitudes, from -11.5 (silence) to about 3.

    Raises:
        InputError: `waveform` is too short, or is not a finite waveform.
    """
    wave = as_waveform(waveform)
    if len(wave) <= MIRROR:
        raise InputError(
            f"the waveform has {len(wave)} samples: expected at least {MIRROR + 1} (27 ms at 16 kHz) for a log-mel; "
            "pass a longer sound"
        )
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, MIRROR, mode="reflect"), WINDOW)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi / WINDOW * np.arange(WINDOW))
    mel = np.empty((len(frames), BINS), np.float32)
    for start in range(0, len(frames), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        magnitudes = np.abs(np.fft.rfft(frames[chunk] * hann))
        mel[chunk] = np.log(np.maximum(magnitudes @ mel_filters().T, FLOOR))
    return mel


@np.errstate(all="ignore")
def as_log_mel(value: ArrayLike) -> NDArray[np.float32]:
    """Return `value` as a log-mel `[frames, 64]`.

    Args:
        value: A waveform `[samples]` at 16 kHz, whose log-mel is computed, or a log-mel. Leading axes of length one, as
            in a decoder's `[1, 1, frames, 64]`, are dropped.

    Raises:
        InputError: `value` has another shape, or holds NaN or infinity.
    """
    array = as_array(value)
    if array.ndim == 1:
        return log_mel(array)
    mel = array.reshape(array.shape[-2:]) if all(size == 1 for size in array.shape[:-2]) else array
    if mel.ndim != 2 or mel.shape[1] != BINS or not len(mel):
        raise InputError(
            f"the sound has shape {list(array.shape)}: expected a waveform [samples] or a log-mel [frames, {BINS}]; "
            "pass one of these"
        )
    require_finite(mel, "the log-mel")
    return mel.astype(np.float32, copy=False)
