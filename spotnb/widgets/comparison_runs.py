"""The runs of a `RunComparison`, as sounds on one time axis, scored at the same places and packed for the browser."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError
from spotnb.sound.files import check_rate, flac_bytes
from spotnb.sound.measure import Levels, SeamScore, levels, seam_score
from spotnb.sound.mel import FLOOR, LATENT_MELS, LATENT_SECONDS, SAMPLE_RATE, as_log_mel, log_mel
from spotnb.support.arrays import as_array, as_sample_rate, as_waveform
from spotnb.support.checks import check_int, check_items, check_text, exact, show

LEAST, MOST = 2, 4
RANGE: Final = (math.log(FLOOR), 2.0)  # of the colors of a log-mel, as in spotnb.plots.sound
COLUMNS = 65536  # the largest number of columns of an envelope
FINEST = 16  # the smallest number of samples in a column
_KINDS = "a Generation, a finished SpotSampler, a waveform [samples], or a pair of a waveform and its seams"


@dataclass(frozen=True, eq=False)
class Compared:
    """One run of a comparison.

    Attributes:
        name: The name of the run.
        waveform: `[samples]` in [-1, 1].
        rate: The sample rate in Hz.
        seams: Latent frames (40 ms each), or None if they are unknown.
        decoded: The log-mel `[frames, 64]` from a decoder, or None. It may be longer than the sound.
        grid: The fixed grid of the tiles, empty if the run has no tiles.
    """

    name: str
    waveform: NDArray[np.float32]
    rate: int
    seams: tuple[int, ...] | None = None
    decoded: NDArray[np.float32] | None = None
    grid: tuple[int, ...] = ()

    @property
    def seconds(self) -> float:
        """The length of the sound in seconds."""
        return len(self.waveform) / self.rate

    @cached_property
    def own_mel(self) -> NDArray[np.float32]:
        """The log-mel of the waveform itself."""
        if self.rate == SAMPLE_RATE:
            return log_mel(self.waveform)
        from spotnb.sound.loading import load_audio

        return log_mel(load_audio((self.waveform, self.rate)))

    @cached_property
    def levels(self) -> Levels:
        """The levels of the waveform."""
        return levels(self.waveform, self.rate)

    def envelope(self, columns: int = COLUMNS) -> tuple[int, NDArray[np.float32]]:
        """Return the samples per column, and the minimum and maximum of each column `[columns, 2]`. No peak is lost."""
        step = max(FINEST, -(-len(self.waveform) // columns))
        starts = np.arange(0, len(self.waveform), step)
        ends = [part.reduceat(self.waveform, starts) for part in (np.minimum, np.maximum)]
        return step, np.stack(ends, axis=1)

    def flac(self) -> bytes:
        """Return the waveform as a FLAC file."""
        return flac_bytes(self.waveform, self.rate)


def compared(runs: Any, sample_rate: int) -> list[Compared]:
    """Return 2 to 4 checked runs with unique names. Raises `InputError`, which names the run."""
    if isinstance(runs, Mapping):
        named = list(runs.items())
        for name, _ in named:
            check_text("the name of a run", name, hint="pass one that is not empty", blank=False)
    elif isinstance(runs, list | tuple):
        named = list(zip(_default_names(runs), runs, strict=True))
    else:
        raise InputError(f"runs are {show(runs)}: expected a mapping of names to runs, or a list of runs")
    if not LEAST <= len(named) <= MOST:
        raise InputError(f"got {len(named)} runs: expected {LEAST} to {MOST}; more are hard to keep apart by ear")
    rate = as_sample_rate(sample_rate)
    checked: list[Compared] = []
    for name, run in named:
        try:
            checked.append(_compared(name, run, rate))
            _ = checked[-1].own_mel if checked[-1].decoded is None else None  # reject a sound that is too short now
        except InputError as error:
            raise InputError(f"run {show(name)}: {error}") from error
        except (TypeError, ValueError) as error:  # numpy raises these for values that are not arrays
            raise InputError(f"run {show(name)}: it is {show(run)}: expected {_KINDS}") from error
    rates = {run.rate for run in checked}
    if len(rates) > 1:
        each = ", ".join(f"{show(run.name)} {run.rate} Hz" for run in checked)
        raise InputError(
            f"the runs have unequal sample rates ({each}): load_audio((waveform, rate)) converts to 16 kHz"
        )
    check_rate("FLAC", checked[0].rate)  # the page gets the sounds in this format
    return checked


def _default_names(runs: Iterable[Any]) -> list[str]:
    """Return names that distinguish the runs: the method and, if they differ, edge, shift ratio and seed."""
    samplers = [getattr(run, "sampler", None) for run in runs]
    parts = [
        [s.method, s.config.edge, f"shift {s.config.max_shift_ratio:g}", f"seed {s.seed}"] if s is not None else []
        for s in samplers
    ]
    sampled = [part for part in parts if part]
    distinct = [k for k in range(4) if k == 0 or len({part[k] for part in sampled}) > 1]
    names: list[str] = []
    for number, part in enumerate(parts, 1):
        name = ", ".join(part[k] for k in distinct) if part else f"sound {number}"
        names.append(f"{name} ({number})" if name in names else name)
    return names


def _compared(name: str, run: Any, rate: int) -> Compared:
    sampler = getattr(run, "sampler", None)
    if sampler is None:
        seams: Any = None
        if isinstance(run, tuple | list) and len(run) == 2 and as_array(run[0]).ndim:
            run, seams = run
            if isinstance(seams, numbers.Real):  # a pair (waveform, rate)
                rate, seams = as_sample_rate(seams), None
        if not isinstance(run, list | np.ndarray) and not hasattr(run, "detach"):
            raise InputError(f"it is {show(run)}: expected {_KINDS}")
        wave = _within(as_waveform(run))
        return Compared(name, wave, rate, None if seams is None else _checked(seams, len(wave) / rate))
    if not sampler.done:
        done, total = sampler.steps_done, len(sampler.solver)
        raise InputError(f"it is a sampler after {done} of {total} steps: call its run() first")
    sound = run.sound() if sampler is run else run
    tile = sampler.config.tile_size_time
    layout = sampler.trace[-1].layout if len(sampler.trace) else None
    wave = _within(as_waveform(sound.waveform))
    mel = as_log_mel(sound.mel)
    grid = tuple(range(tile, sampler.frames - 1, tile))
    own = tuple(layout.seams) if layout else ()
    return Compared(name, wave, sampler.model.sample_rate, own, mel, grid)


def _within(wave: NDArray[np.float32]) -> NDArray[np.float32]:
    peak = float(np.abs(wave).max())
    if peak > 1:
        raise InputError(
            f"the waveform peaks at {exact(peak)}: expected values from -1 to 1; divide it by its peak, or clip it"
        )
    return wave


def _checked(seams: Any, seconds: float) -> tuple[int, ...]:
    items = check_items("seams", seams, hint="pass latent frames (40 ms each), such as [256, 512]")
    last = max(1, math.ceil(seconds / LATENT_SECONDS))
    return tuple(sorted({check_int("a seam", seam, 0, last, hint="seams are latent frames, 40 ms") for seam in items}))


def scores(runs: list[Compared], grid: Iterable[int] | None) -> tuple[tuple[int, ...], list[SeamScore | None]]:
    """Return the frames at which all runs are scored, and the score of each run, or None if it has none."""
    if grid is not None:
        places = _checked(grid, max(run.seconds for run in runs))
    else:
        places = next((run.grid for run in runs if run.grid), ()) or tuple(
            sorted({s for r in runs for s in r.seams or ()})
        )
    return places, [_score(mel, places) for mel in mels(runs)]


def mels(runs: list[Compared]) -> list[NDArray[np.float32]]:
    """Return log-mels of one kind, because the scales differ: decoded ones if all runs have them, or else computed."""
    decoded = [run.decoded for run in runs if run.decoded is not None]
    return decoded if len(decoded) == len(runs) else [run.own_mel for run in runs]


def _score(mel: NDArray[np.float32], places: tuple[int, ...]) -> SeamScore | None:
    inside = [place for place in places if place > 0 and place * LATENT_MELS < len(mel)]
    try:
        return seam_score(mel, inside) if inside else None
    except InputError:  # the seams are so dense that nothing lies between them
        return None


def match_gains(runs: list[Compared]) -> tuple[str, list[float]]:
    """Return the name of a measure, and gains in dB that make all runs as loud as the softest. None exceeds 0 dB."""
    for measure, name in (("lufs", "LUFS"), ("rms_db", "RMS")):
        loud = [float(getattr(run.levels, measure)) for run in runs]
        if all(map(math.isfinite, loud)):
            return name, [min(loud) - level for level in loud]
    heard = [run.levels.rms_db for run in runs if math.isfinite(run.levels.rms_db)]  # silence stays silent
    return "RMS", [min(heard) - r.levels.rms_db if math.isfinite(r.levels.rms_db) else 0.0 for r in runs]


def packed_mel(mel: NDArray[np.float32]) -> bytes:
    """Return a log-mel `[frames, 64]` as bytes, 0 to 255 over the range of the colors."""
    low, high = RANGE
    return bytes(np.clip(np.rint((mel - low) * (255 / (high - low))), 0, 255).astype(np.uint8))


def packed_envelope(envelope: NDArray[np.float32]) -> bytes:
    """Return an envelope `[columns, 2]` as signed bytes, rounded outward so that only silence is 0."""
    scaled = 127 * envelope
    outwards = np.stack((np.floor(scaled[:, 0]), np.ceil(scaled[:, 1])), axis=1)
    return bytes(np.clip(outwards, -127, 127).astype(np.int8))
