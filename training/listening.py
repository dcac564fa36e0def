"""Measures of audible properties: pitch, tempo, level, brightness, reverberation, density, and faults.

Every measure takes a sound `[samples]` at 16 kHz.
"""

from __future__ import annotations

import librosa
import numpy as np
from librosa.decompose import hpss
from librosa.onset import onset_detect, onset_strength
from numpy.typing import NDArray

from spotnb.sound.loudness import ABSOLUTE_GATE, loudness
from spotnb.sound.mel import SAMPLE_RATE

Sound = NDArray[np.float32]
HOP = 256
SAME_NOTE = 80  # a step of fewer cents between two frames is within one note
SILENT_DB = -60.0
AUDIBLE = 1e-2  # of the highest magnitude: weaker frames and peaks do not count
LOWEST, HIGHEST = 100, 4000  # Hz: where peaks of the spectrum are followed
CONTRAST_FROM, CONTRAST_OCTAVES = 200, 5  # Hz, and octaves above it: up to 6400 Hz
AROUND = 2  # frames (16 ms) on both sides that belong to an onset
SETTLED = 4  # frames at the start, where the padding ends
LATER = 4  # frames: 64 ms


def pitch_deviation(sound: Sound) -> float:
    """Return the median absolute pitch step between frames (16 ms) within a note, in cents; NaN without a pitch.

    Pitches are estimated with librosa's pYIN (Mauch & Dixon 2014) at a resolution of 5 cents.
    """
    pitch, voiced, _ = librosa.pyin(
        sound, fmin=65, fmax=1050, sr=SAMPLE_RATE, frame_length=1024, hop_length=HOP, resolution=0.05
    )
    steps = 1200 * np.abs(np.diff(np.log2(np.where(voiced, pitch, np.nan))))
    steps = steps[steps < SAME_NOTE]
    return float(np.median(steps)) if len(steps) >= 10 else float("nan")


def tempo(sound: Sound) -> float:
    """Estimate beats per minute by autocorrelation of librosa's onset strength, without a preferred tempo."""
    strength = onset_strength(y=sound, sr=SAMPLE_RATE, hop_length=HOP)
    lag = librosa.autocorrelate(strength - strength.mean())
    rate = SAMPLE_RATE / HOP
    lags = np.arange(int(rate * 60 / 220), int(rate * 60 / 55))
    # Add the doubled lag, because a beat also repeats after two beats.
    score = lag[lags] + 0.5 * lag[2 * lags]
    best = int(lags[np.argmax(score)])
    left, middle, right = lag[best - 1 : best + 2]
    bend = left - 2 * middle + right
    return float(60 * rate / (best + (0.5 * (left - right) / bend if bend < 0 else 0.0)))


def tempo_fits(measured: float, asked: float, tolerance: float = 0.08) -> bool:
    """Return whether a tempo is the requested one, its double, or its half, within a relative tolerance."""
    return any(abs(measured / (asked * factor) - 1) <= tolerance for factor in (0.5, 1, 2))


def onset_rate(sound: Sound) -> float:
    """Return the number of onsets per second."""
    onsets = onset_detect(y=sound, sr=SAMPLE_RATE, hop_length=HOP, units="time")
    return len(onsets) / (len(sound) / SAMPLE_RATE)


def level(sound: Sound) -> float:
    """Return the RMS level in dB relative to full scale."""
    return float(20 * np.log10(max(1e-9, np.sqrt(np.mean(np.square(sound, dtype=np.float64))))))


def lufs(sound: Sound) -> float:
    """Return the integrated loudness in LUFS (ITU-R BS.1770-4), at least -70."""
    return max(ABSOLUTE_GATE, loudness(sound, SAMPLE_RATE))


def outside(sound: Sound) -> float:
    """Return the share of samples outside [-1, 1], which a sound file would clip."""
    return float((np.abs(sound) > 1).mean())


def spectral_contrast(sound: Sound) -> float:
    """Return how far the peaks of the spectrum stand above its valleys, in dB, averaged over octaves and frames.

    Octave bands are those of Jiang et al. (2002, "Music type classification by spectral contrast feature"). Frames more
    than 40 dB below the loudest one do not count, since their valleys are rounding errors.
    """
    magnitude = np.abs(librosa.stft(sound, n_fft=2048, hop_length=512))
    size = magnitude.max(0)
    loud = magnitude[:, size > AUDIBLE * size.max()] if size.max() > 0 else magnitude
    contrast = librosa.feature.spectral_contrast(
        S=loud, sr=SAMPLE_RATE, fmin=CONTRAST_FROM, n_bands=CONTRAST_OCTAVES, quantile=0.02
    )
    return float(contrast[1:].mean())  # the first band is all that lies below the octaves


def onset_clarity(sound: Sound) -> float:
    """Return how much more the spectrum rises at onsets than elsewhere, in dB; 0 without onsets.

    The rise is librosa's onset strength, the mean over mel bands of what each gains from frame to frame. At each onset,
    its highest value within 32 ms counts, less the median of the clip.
    """
    strength = onset_strength(y=sound, sr=SAMPLE_RATE, hop_length=HOP)[SETTLED:]
    onsets = onset_detect(onset_envelope=strength, sr=SAMPLE_RATE, hop_length=HOP)
    peaks = [strength[max(0, frame - AROUND) : frame + AROUND + 1].max() for frame in onsets]
    return float(np.mean(peaks) - np.median(strength)) if peaks else 0.0


def pitch_jitter(sound: Sound) -> float:
    """Return how much the frequencies of steady tones change within 64 ms, in cents; NaN without tones.

    The tones are the peaks of the spectrum between 100 and 4000 Hz, so that chords count as well as melodies. Their
    frequencies are those of the phase vocoder, and their changes are weighted by magnitude.
    """
    window = 2048
    spectrum = librosa.stft(sound, n_fft=window, hop_length=HOP)
    magnitude = np.abs(spectrum)
    bins = np.arange(len(spectrum))[:, None]
    turned = np.angle(spectrum[:, 1:] * spectrum[:, :-1].conj() * np.exp(-2j * np.pi * bins * HOP / window))
    hertz = bins * SAMPLE_RATE / window + turned * SAMPLE_RATE / (2 * np.pi * HOP)  # between two frames
    middle = magnitude[1:-1, :-1]
    peak = (middle > magnitude[:-2, :-1]) & (middle >= magnitude[2:, :-1]) & (middle > AUDIBLE * magnitude.max())
    before, after, weight = hertz[1:-1, :-LATER], hertz[1:-1, LATER:], middle[:, :-LATER]
    peak = peak[:, :-LATER] & (before > LOWEST) & (before < HIGHEST) & (after > LOWEST)
    cents = 1200 * np.abs(np.log2(after[peak] / before[peak]))
    weight = weight[peak] * (cents < SAME_NOTE)
    return float((cents * weight).sum() / weight.sum()) if weight.any() else float("nan")


def centroid(sound: Sound) -> float:
    """Return the mean spectral centroid in octaves above 1 Hz, weighted by magnitude."""
    magnitude = np.abs(librosa.stft(sound, n_fft=1024, hop_length=HOP)).sum(1)
    hertz = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=1024)
    return float(np.log2(max(1.0, (magnitude * hertz).sum() / max(1e-9, magnitude.sum()))))


def share_of_lows(sound: Sound) -> float:
    """Return the ratio of the energy below 250 Hz to the total energy, in dB. It is low in old recordings."""
    power = np.square(np.abs(librosa.stft(sound, n_fft=1024, hop_length=HOP))).sum(1)
    low = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=1024) < 250
    return float(10 * np.log10((power[low].sum() + 1e-9) / (power.sum() + 1e-9)))


def depth(sound: Sound) -> float:
    """Return how far the level falls between notes: its 90th minus its 10th percentile, in dB.

    Reverberation fills the gaps between notes and so reduces it.
    """
    rms = librosa.feature.rms(y=sound, frame_length=1024, hop_length=HOP)[0]
    decibels = 20 * np.log10(np.maximum(rms, 1e-5))
    return float(np.percentile(decibels, 90) - np.percentile(decibels, 10))


def majorness(sound: Sound) -> float:
    """Return the mean chroma's correlation with the best major key profile minus that with the best minor one.

    The key profiles are those of Krumhansl & Kessler 1982.
    """
    chroma = librosa.feature.chroma_stft(y=sound, sr=SAMPLE_RATE, n_fft=4096, hop_length=1024).mean(1)
    major = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
    minor = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
    best = [max(np.corrcoef(np.roll(profile, k), chroma)[0, 1] for k in range(12)) for profile in (major, minor)]
    return float(best[0] - best[1])


def harmonic_to_noise(sound: Sound) -> float:
    """Return the energy ratio of the harmonic part and the rest, in dB, by median filtering (Fitzgerald 2010)."""
    spectrum = librosa.stft(sound, n_fft=2048, hop_length=512)
    harmonic, rest = hpss(spectrum, margin=1.0)
    return float(10 * np.log10((np.square(np.abs(harmonic)).sum() + 1e-9) / (np.square(np.abs(rest)).sum() + 1e-9)))


def faults(sound: Sound) -> dict[str, bool]:
    """Detect silence, clipping (over one sample in ten thousand at full scale), and a constant offset."""
    return {
        "silent": level(sound) < SILENT_DB,
        "clipped": bool((np.abs(sound) > 0.999).mean() > 1e-4),
        "offset": bool(abs(float(sound.mean())) > 1e-2),
    }
