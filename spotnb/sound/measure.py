"""Measures of seams, loop points and levels in a sound.

Where two tiles do not match, the spectrum jumps from one mel frame to the next. The size of that change (the flux) at
the seams, divided by its size elsewhere, therefore measures how audible the seams are, without a reference sound or a
listener. A value of 1 means that the sound changes no more at the seams than elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spotnb.errors import InputError
from spotnb.sound.heard import mono
from spotnb.sound.loudness import loudness
from spotnb.sound.mel import HOP, LATENT_SECONDS, MIRROR, SAMPLE_RATE, as_log_mel
from spotnb.sound.resampling import resampled
from spotnb.sound.results import Levels, SeamScore
from spotnb.support.arrays import MOST_CHANNELS, as_array, as_sample_rate, as_sound
from spotnb.support.checks import check_items, check_real, exact

MEL_SECONDS = HOP / SAMPLE_RATE
MOST_BANDS = 256  # of a spectrogram: longer rows are samples
LONGEST_FRAME = 10.0  # seconds of the longest latent frame
REACH = 2  # for a waveform, the flux is averaged over this many frame steps on each side
QUIET = 1e-3  # nepers (0.01 dB), added to every flux: inaudible, and gives silence a score of 1 instead of 0 / 0
MIRRORED = -(-MIRROR // HOP)  # mel frames at each end of a waveform that hold mirrored samples
SPARE = MIRRORED - REACH  # mel frames at each end of a waveform from which no step without them is within reach
DRAWS = 2000  # most placements for a p-value, whose smallest possible value is therefore 1 / 2001
AT_A_TIME = 2**20  # samples converted to double precision at once


@np.errstate(all="ignore")
def seam_score(
    audio: ArrayLike,
    seams: Iterable[int],
    sample_rate: int = SAMPLE_RATE,
    *,
    frame_seconds: float = LATENT_SECONDS,
) -> SeamScore:
    """Measure how much more a sound changes at its seams than elsewhere.

    The flux is the absolute difference between successive mel frames, averaged over the mel bands. The score of a seam
    is the flux at the seam divided by the mean flux elsewhere, which means farther than one latent frame (4 mel frames
    for AudioLDM) from every seam and from both ends, because a decoder spreads a border about that far.

    For a log-mel, the flux at a seam is the single frame step across it. A preliminary version of the embedded model
    scored 1.9 with fixed tiles and 1.1 in one full pass. For a waveform, six successive windows of 1024 samples contain
    the seam, and a click exactly on it leaves the middle step with *no* flux, so the flux is averaged over the five
    steps around the seam. In 80 pieces of music with hard cuts at seven places, this average puts 91 % below p = 0.05;
    the middle step alone puts 28 % there. Steps that hold mirrored samples, at the ends, are left out. The two scales
    differ: compare log-mels only with log-mels and waveforms only with waveforms.

    The p-value is the fraction of shifts of all seams together, around the ends of the sound, whose mean flux reaches
    that of the given seams, with one added to both counts. The seams keep their spacing, because the flux at
    neighboring places is alike. At most 2000 shifts are drawn, from a private generator, so that the result is
    repeatable. All places count as equivalent, so a beat that falls on every seam is significant as well. Silence
    scores 1 with p = 1.

    The start and the end of a sound are not seams, because only one segment touches them. Use `loop_score` for the loop
    point of a circular sound.

    Args:
        audio: A sound `[samples]` or `[channels, samples]`, whose channels are averaged, or a log-mel `[frames, 64]`.
        seams: Latent frames at which two segments meet. At least one is needed, and none may be repeated.
        sample_rate: Sample rate of a sound in Hz. It is resampled to 16 kHz if necessary. Ignored for a log-mel.
        frame_seconds: The length of a latent frame in seconds (default: AudioLDM's). A seam is measured at the nearest
            border of two mel frames, which are 10 ms long. `SpotSampler.clock` has the length of a model's frames.

    Returns:
        The mean score, the p-value and the scores in the order of `seams`.

    Raises:
        InputError: `audio` has another shape or holds NaN or infinity; there are no seams, or seams that are repeated
            or outside the sound; or the seams are so dense that no sound is left for comparison.
    """
    hint = "pass the clock's frame_seconds, such as 0.04"
    mels = check_real("frame_seconds", frame_seconds, MEL_SECONDS / 2, LONGEST_FRAME, hint=hint) / MEL_SECONDS
    mel_input = not is_sound(audio)
    if not mel_input:
        audio = resampled(mono(as_sound(audio)), as_sample_rate(sample_rate), SAMPLE_RATE)
    mel = as_log_mel(audio)
    reach, spare = (0, 0) if mel_input else (REACH, SPARE)
    places = _mel_places(_checked(seams, len(mel), mels, spare), mels) - 1  # flux k is the step from frame k to k + 1
    steps = np.abs(np.diff(mel.astype(np.float64), axis=0)).mean(axis=1) + QUIET
    flux = np.convolve(steps, np.full(2 * reach + 1, 1 / (2 * reach + 1)), mode="same")[: len(steps)]

    margin = math.ceil(round(mels, 6)) + reach
    inner = np.zeros(len(flux), bool)
    inner[margin : len(flux) - margin] = True
    elsewhere = inner.copy()
    for offset in range(-margin, margin + 1):
        elsewhere[np.clip(places + offset, 0, len(flux) - 1)] = False
    if not elsewhere.any():
        raise InputError(
            f"{len(places)} seams in {len(mel)} mel frames leave no frame to compare with that is more than {margin} "
            "away from every seam: pass fewer seams or a longer sound"
        )
    cut = 0 if mel_input else MIRRORED
    steps = steps[cut : len(steps) - cut]
    around = [np.arange(max(0, p - cut - reach), min(len(steps), p - cut + reach + 1)) for p in places]
    per_seam = np.array([steps[each].mean() for each in around]) / flux[elsewhere].mean()
    return SeamScore(float(per_seam.mean()), _p_value(steps, around, margin), per_seam)


def is_sound(audio: ArrayLike) -> bool:
    """Return whether an array is `[samples]` or `[channels, samples]`, and not a log-mel, of however many bands."""
    shape = as_array(audio).shape
    return len(shape) == 1 or (len(shape) == 2 and shape[0] <= MOST_CHANNELS and shape[1] > MOST_BANDS)


def seams_within(seams: Iterable[int], seconds: float, frame_seconds: float = LATENT_SECONDS) -> tuple[int, ...]:
    """Return those of some seams that `seam_score` measures in a sound of `seconds`, as a waveform or as its log-mel.

    A latent and its decoded log-mel may be longer than the sound, which is cropped to its duration: a seam past its end
    is not heard. Nor is a border at frame 0 a seam, see `loop_score`.

    Args:
        seams: Latent frames.
        seconds: The length of the sound.
        frame_seconds: The length of a latent frame in seconds (default: AudioLDM's).
    """
    mels = frame_seconds / MEL_SECONDS
    first, last = _bounds(math.floor(round(seconds / MEL_SECONDS, 6)), mels, SPARE)
    return tuple(seam for seam in seams if first <= seam <= last)


def _bounds(frames: int, mels: float, spare: int) -> tuple[int, int]:
    """Return the first and the last latent frame that can be a seam in a sound of `frames` mel frames.

    Args:
        frames: The length of the log-mel.
        mels: The mel frames in a latent frame.
        spare: The mel frames at each end in which no seam can be measured.
    """
    border = spare + 0.5  # a place is rounded to the nearest mel frame
    return math.ceil(round(border / mels, 6)), math.ceil(round((frames - border) / mels, 6)) - 1


def _mel_places(seams: NDArray[Any], mels: float) -> NDArray[np.int64]:
    """Return the mel frames that begin nearest to latent frames of `mels` mel frames each."""
    return np.floor(np.round(seams * mels, 6) + 0.5).astype(np.int64)


def _p_value(flux: NDArray[np.float64], around: list[NDArray[np.int64]], margin: int) -> float:
    """Return how often the mean flux of shifted seams reaches that of the seams themselves.

    Args:
        flux: `[steps]`.
        around: The steps whose mean is the flux of a seam, for each seam.
        margin: Shifts of no more steps are left out, because they hardly leave the seams.
    """
    shifts = np.arange(margin + 1, len(flux) - margin)
    if len(shifts) > DRAWS:
        shifts = np.random.default_rng(0).choice(shifts, DRAWS, replace=False)
    shifts = np.concatenate([[0], shifts])
    means = np.zeros(len(shifts))
    for each in around:
        for step in each:
            means += flux[(step + shifts) % len(flux)] / len(each)
    return float(np.mean(means >= means[0] * (1 - 1e-12)))


@np.errstate(all="ignore")
def loop_score(waveform: ArrayLike, sample_rate: int = SAMPLE_RATE) -> float:
    """Measure how much more a looped sound changes at its loop point, where its end meets its start, than elsewhere.

    The sound is rotated by half its length, so that the loop point lies inside it. The result is the `seam_score` of
    that point; 1 means that the loop point is not audible.

    Args:
        waveform: `[samples]` or `[channels, samples]`, whose channels are averaged; at least half a second long.
        sample_rate: In Hz.

    Raises:
        InputError: The sound is too short, or as for `seam_score`.
    """
    wave, rate = mono(as_sound(waveform)), as_sample_rate(sample_rate)
    if len(wave) < rate / 2:
        raise InputError(
            f"the waveform lasts {exact(len(wave) / rate)} s: expected at least half a second (0.5 s); pass a "
            "longer sound"
        )
    middle = int(len(wave) / rate / LATENT_SECONDS / 2)
    return seam_score(np.roll(wave, round(middle * LATENT_SECONDS * rate)), [middle], rate).score


def extremes(wave: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the minimum and maximum of each part of a sound, over all its channels, `[parts, 2]`.

    Args:
        wave: `[samples]` or `[channels, samples]`.
        starts: The first sample of each part.
    """
    channels = np.atleast_2d(wave)
    lowest = np.minimum.reduceat(channels, starts, axis=1).min(axis=0)
    return np.stack([lowest, np.maximum.reduceat(channels, starts, axis=1).max(axis=0)], axis=1)


@np.errstate(all="ignore")  # silence is valid, see below
def levels(waveform: ArrayLike, sample_rate: int = SAMPLE_RATE) -> Levels:
    """Compute the RMS level, peak level and crest factor of a waveform in dB, and its loudness in LUFS.

    Levels are relative to an amplitude of 1: a full-scale sine has an RMS level of -3.01 dBFS, a peak level of 0 dBFS
    and a crest factor of 3.01 dB. Silence has RMS and peak levels of minus infinity and a crest factor of NaN.

    The loudness follows ITU-R BS.1770-4 and is integrated over the entire sound: middle and high frequencies are
    weighted more, and blocks of 0.4 s that are much quieter than the rest are ignored. A full-scale sine of 997 Hz has
    -3.01 LUFS. The loudness is NaN for less than 0.4 s of sound or more than five channels, and minus infinity if no
    block reaches -70 LUFS.

    Of several channels, the RMS level is that of all their samples together, the peak is the highest of any channel,
    and the loudness adds their energies, those of the fourth and the fifth times 1.41, as the standard does: the same
    sound on two channels is 3.01 dB louder than on one.

    Args:
        waveform: `[samples]` or `[channels, samples]`.
        sample_rate: In Hz. Only the loudness depends on it.

    Raises:
        InputError: `waveform` is not a finite sound, or the sample rate is not one, see `load_audio`.
    """
    wave, rate = as_sound(waveform), as_sample_rate(sample_rate)
    parts = (wave[..., start : start + AT_A_TIME] for start in range(0, wave.shape[-1], AT_A_TIME))
    power = sum(float(np.square(part, dtype=np.float64).sum()) for part in parts) / wave.size
    rms, peak = 20 * np.log10([math.sqrt(power), float(max(wave.max(), -wave.min()))])
    return Levels(float(rms), float(peak), float(peak - rms), loudness(wave, rate))


def _checked(seams: Iterable[int], frames: int, mels: float, spare: int) -> NDArray[np.int64]:
    """Return `seams` as an array, after checking that each lies within the sound. For the arguments, see `_bounds`."""
    array = as_array(seams if hasattr(seams, "dtype") else check_items("seams", seams, hint="pass latent frames"))
    if not array.size:
        raise InputError(
            "seams is empty: expected at least one; a single window has none, so score it at the grid of a tiled run"
        )
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(f"seams is {_brief(array)}: expected a list of whole latent frames; round them")
    first, last = _bounds(frames, mels, spare)
    outside = array[(array < first) | (array > last)]
    if outside.size:
        raise InputError(
            f"seams {_brief(outside)} are outside the sound of {frames / mels:g} latent frames: "
            f"expected {first} to {last}; use loop_score for a loop point"
        )
    if len(np.unique(array)) < array.size:
        raise InputError(f"seams {_brief(array)} contain a frame more than once: pass sorted(set(seams))")
    return array.astype(np.int64)


def _brief(array: NDArray[Any]) -> str:
    """Return the first values of an array as text for a one-line message."""
    return ", ".join(map(str, array.ravel()[:8].tolist())) + (", ..." if array.size > 8 else "")
