"""Is there anything to hear at a seam? And how loud is it all?

Where two tiles that do not fit meet, the spectrum jumps from one mel frame to the next. So the size of that step (the
flux) at the seams, divided by its size everywhere else, is a measure of seams that needs neither a reference nor an
ear: 1 means that nothing more happens at the seams than elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError
from spotnb.sound.loudness import loudness, resampled
from spotnb.sound.mel import LATENT_MELS, LATENT_SECONDS, SAMPLE_RATE, as_log_mel
from spotnb.support.arrays import as_array, as_sample_rate, as_waveform

SMEAR = 4  # a decoder spreads a border over about one latent frame to each side: these mel frames count as neither
REACH = 2  # in a waveform, the flux is averaged over this many steps to each side
QUIET = 1e-3  # nepers (0.01 dB), added to every flux: inaudible, and silence scores 1 instead of 0 / 0
DRAWS = 2000  # random placings behind a p-value, so its least value is 1 / 2001
AT_A_TIME = 2**20  # samples that are taken in double precision together


class SeamScore(NamedTuple):
    """What `seam_score` found: `score` is the mean of `per_seam`."""

    score: float
    p_value: float
    per_seam: NDArray[np.float64]


class Levels(NamedTuple):
    """Levels of a sound in decibels: RMS and peak relative to full scale (an amplitude of 1), crest = peak - RMS.

    `lufs` is the loudness as ears weigh it, in LUFS: decibels too, relative to full scale.
    """

    rms_db: float
    peak_db: float
    crest_db: float
    lufs: float


def seam_score(audio: Any, seams: Iterable[int], sample_rate: int = SAMPLE_RATE) -> SeamScore:
    """How much more a sound changes at its seams than elsewhere.

    `audio`: a waveform `[samples]`, or a log-mel `[frames, 64]`, which `sample_rate` (Hz) does not concern. A waveform
    of another rate is resampled to 16 kHz.
    `seams`: latent frames (40 ms each) at which two segments meet, each once, at least one.

    The flux is the mean over mel bands of the absolute difference between successive frames. `per_seam`, in the order
    of `seams`, is its size at each seam over its mean elsewhere: everywhere further than 4 mel frames (one latent
    frame) from any seam and from both ends. In a log-mel, that is the one step across the seam; the sketch of the
    embedded model had 1.9 with fixed tiles, and 1.1 in one full pass. In a waveform, a 1024-sample window sees the seam
    in six successive frames, and a click on it leaves the step in the middle with *no* flux, so the mean of the five
    steps around it is taken: of 80 pieces of music cut hard at seven places, it puts 91 % below p = 0.05, the middle
    step 28 %. The two are different scales: compare log-mels with log-mels and waveforms with waveforms.

    `p_value`: how often as many random places (2000 drawings of a private generator, one added to both counts) reach
    the mean flux of the seams. It takes all places for alike: a beat that falls on every seam is significant too.

    Silence scores 1 with p = 1. Raises `InputError` for audio of another shape, NaN, no seams, seams twice or outside
    the sound, and seams so dense that no sound is left to compare with. The very start and end are no seams: nothing
    is before or behind them. The loop point of a circular sound is what `loop_score` is for.
    """
    mel_input = as_array(audio).ndim > 1
    if not mel_input:
        audio = resampled(as_waveform(audio), as_sample_rate(sample_rate), SAMPLE_RATE)
    mel = as_log_mel(audio)
    places = LATENT_MELS * _checked(seams, len(mel)) - 1  # flux k is the step from frame k to k + 1
    reach = 0 if mel_input else REACH
    flux = np.abs(np.diff(mel.astype(np.float64), axis=0)).mean(axis=1) + QUIET
    flux = np.convolve(flux, np.full(2 * reach + 1, 1 / (2 * reach + 1)), mode="same")[: len(mel) - 1]

    margin = SMEAR + reach
    inner = np.zeros(len(flux), bool)
    inner[margin : len(flux) - margin] = True
    elsewhere = inner.copy()
    for offset in range(-margin, margin + 1):
        elsewhere[np.clip(places + offset, 0, len(flux) - 1)] = False
    if not elsewhere.any():
        raise InputError(
            f"{len(places)} seams in {len(mel)} mel frames leave none further than {margin} from them to compare with: "
            "pass fewer seams or a longer sound"
        )
    at_seams = flux[places]
    # A drawing may repeat a place or hit a seam: that errs on the side of a larger p.
    drawn = np.random.default_rng(0).choice(flux[inner], (DRAWS, len(places))).mean(axis=1)
    reached = int(np.count_nonzero(drawn >= at_seams.mean() * (1 - 1e-12)))
    per_seam = at_seams / flux[elsewhere].mean()
    return SeamScore(float(per_seam.mean()), (1 + reached) / (1 + DRAWS), per_seam)


def loop_score(waveform: Any, sample_rate: int = SAMPLE_RATE) -> float:
    """How much more a looped sound changes where its end meets its start than elsewhere: 1 means no audible loop point.

    `waveform`: `[samples]`, half a second at least. It is turned by half its length, so that the loop point lies
    inside, and the point gets its `seam_score`. Raises `InputError` as that does.
    """
    wave, rate = as_waveform(waveform), as_sample_rate(sample_rate)
    if len(wave) < rate / 2:
        raise InputError(f"a loop score takes at least half a second of sound, got {len(wave) / rate:.3g} s")
    middle = int(len(wave) / rate / LATENT_SECONDS / 2)
    return seam_score(np.roll(wave, round(middle * LATENT_SECONDS * rate)), [middle], rate).score


def levels(waveform: Any, sample_rate: int = SAMPLE_RATE) -> Levels:
    """RMS, peak and crest factor of a waveform `[samples]` in dB, and its loudness in LUFS.

    Relative to an amplitude of 1: a sine of full scale has an RMS of -3.01 dBFS, a peak of 0 and a crest factor of
    3.01 dB. Silence has RMS and peak of minus infinity and a crest factor of NaN.

    The loudness is that of ITU-R BS.1770-4, integrated over the whole sound: middle and high frequencies count for
    more, blocks of 0.4 s that are quiet beside the others for nothing. That sine, at 997 Hz, has -3.01 LUFS. It is NaN
    for less than 0.4 s of sound, and minus infinity where no block reaches -70 LUFS. `sample_rate` (Hz) concerns it
    alone.

    Raises `InputError` for a waveform of another shape or type, with NaN or infinity, or for another kind of rate.
    """
    wave, rate = as_waveform(waveform), as_sample_rate(sample_rate)
    parts = (wave[start : start + AT_A_TIME] for start in range(0, len(wave), AT_A_TIME))
    power = sum(float(np.square(part, dtype=np.float64).sum()) for part in parts) / len(wave)
    with np.errstate(divide="ignore", invalid="ignore"):  # silence is no accident, see above
        rms, peak = 20 * np.log10([math.sqrt(power), float(max(wave.max(), -wave.min()))])
        return Levels(float(rms), float(peak), float(peak - rms), loudness(wave, rate))


def _checked(seams: Iterable[int], frames: int) -> NDArray[np.int64]:
    """`seams` as an array, if each of them has a mel frame to its left and to its right among `frames`."""
    array = np.asarray(list(seams) if isinstance(seams, Iterable) else seams)
    if not array.size:
        raise InputError("seams are empty: a single window has none; score it at the grid of a tiled run instead")
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(f"seams are whole latent frames, one after the other, got {_brief(array)}")
    outside = array[(array < 1) | (array * LATENT_MELS >= frames)]
    if outside.size:
        raise InputError(
            f"seams {_brief(outside)} are not inside the sound of {frames / LATENT_MELS:g} latent frames: "
            f"pass those of 1 to {(frames - 1) // LATENT_MELS} (and see loop_score for a loop point)"
        )
    if len(np.unique(array)) < array.size:
        raise InputError(f"seams {_brief(array)} hold a frame more than once: pass sorted(set(seams))")
    return array.astype(np.int64)


def _brief(array: NDArray[Any]) -> str:
    """The first values of an array, for a one-line message."""
    return ", ".join(map(str, array.ravel()[:8].tolist())) + (", ..." if array.size > 8 else "")
