"""The runs of a `RunComparison`, as sounds on one time axis, scored at the same places and packed for the browser."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError
from spotnb.models.protocol import has_mel
from spotnb.plots.style import RANGE
from spotnb.sound.files import check_rate, flac_bytes
from spotnb.sound.heard import heard_mel
from spotnb.sound.measure import MEL_SECONDS, extremes, levels, seam_score, seams_within
from spotnb.sound.mel import LATENT_SECONDS, SAMPLE_RATE, as_log_mel, log_mel
from spotnb.sound.results import Levels, SeamScore
from spotnb.support.arrays import as_array, as_sample_rate, as_sound
from spotnb.support.checks import check_int, check_items, check_real, check_text, exact, show

if TYPE_CHECKING:
    from spotnb.sampling.generation import Generation

LEAST, MOST = 2, 4
COLUMNS = 65536  # the largest number of columns of an envelope
FINEST = 16  # the smallest number of samples in a column
_KINDS = "a Generation, a finished SpotSampler, a waveform [samples], or a pair of a waveform and its seams"


@dataclass(frozen=True, eq=False)
class Compared:
    """One run of a comparison.

    Attributes:
        name: The name of the run.
        waveform: `[samples]` or `[channels, samples]` in [-1, 1].
        rate: The sample rate in Hz.
        seams: Latent frames, or None if they are unknown.
        decoded: The log-mel `[frames, 64]` from a decoder, or None. It may be longer than the sound.
        grid: The fixed grid of its tile size in latent frames, empty if the sound has no border of it.
        frame_seconds: The length of a latent frame in seconds.
        blended: Whether the tiles of the last step cross-fade, so that there are no seams.
        about: How the sound came about: the prompt, the method and the seed, as far as they are known.
    """

    name: str
    waveform: NDArray[np.float32]
    rate: int
    seams: tuple[int, ...] | None = None
    decoded: NDArray[np.float32] | None = None
    grid: tuple[int, ...] = ()
    frame_seconds: float = LATENT_SECONDS
    blended: bool = False
    about: dict[str, str] = field(default_factory=dict)

    @property
    def samples(self) -> int:
        """The number of samples of each channel."""
        return int(self.waveform.shape[-1])

    @property
    def seconds(self) -> float:
        """The length of the sound in seconds."""
        return self.samples / self.rate

    @cached_property
    def own_mel(self) -> NDArray[np.float32]:
        """The log-mel of the waveform itself, with its channels averaged."""
        if self.rate == SAMPLE_RATE and self.waveform.ndim == 1:
            return log_mel(self.waveform)
        return heard_mel(self.waveform, self.rate)

    @cached_property
    def levels(self) -> Levels:
        """The levels of the waveform."""
        return levels(self.waveform, self.rate)

    def envelope(self, columns: int = COLUMNS) -> tuple[int, NDArray[np.float32]]:
        """Return the samples per column, and the minimum and maximum of each column `[columns, 2]`.

        No peak of any channel is lost.
        """
        step = max(FINEST, -(-self.samples // columns))
        return step, extremes(self.waveform, np.arange(0, self.samples, step))

    def flac(self) -> bytes:
        """Return the waveform as a FLAC file."""
        return flac_bytes(self.waveform, self.rate)


def compared(runs: Any, sample_rate: int, frame_seconds: float) -> list[Compared]:
    """Return 2 to 4 checked runs with unique names. Raises `InputError`, which names the run.

    `sample_rate` and `frame_seconds` are those of plain waveforms.
    """
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
    frame = check_real("frame_seconds", frame_seconds, MEL_SECONDS / 2, 10, hint="a latent frame of AudioLDM has 0.04")
    checked: list[Compared] = []
    for name, run in named:
        try:
            checked.append(_compared(name, run, rate, frame))
            _ = checked[-1].own_mel if checked[-1].decoded is None else None  # reject a sound that is too short now
        except InputError as error:
            raise InputError(f"run {show(name)}: {error}") from error
        except (TypeError, ValueError) as error:  # numpy raises these for values that are not arrays
            raise InputError(f"run {show(name)}: it is {show(run)}: expected {_KINDS}") from error
    for run in checked:
        check_rate("FLAC", run.rate)  # the page gets the sounds in this format
    return checked


def _default_names(runs: Iterable[Any]) -> list[str]:
    """Return names that distinguish the runs: the method and, if they differ, edge, shift ratio and seed."""
    parts = [_distinguishing(run) for run in runs]
    sampled = [part for part in parts if part]
    distinct = [k for k in range(4) if k == 0 or len({part[k] for part in sampled}) > 1]
    names: list[str] = []
    for number, part in enumerate(parts, 1):
        name = ", ".join(part[k] for k in distinct) if part else f"sound {number}"
        names.append(f"{name} ({number})" if name in names else name)
    return names


def _distinguishing(run: Any) -> list[str]:
    """Return what tells sampled runs apart, or nothing for a plain sound. A sampler and a `Generation` have a seed."""
    sampler = getattr(run, "sampler", None)
    if sampler is None:
        return []
    settings = sampler.definition.settings
    tiling = settings.tiling
    return [settings.method, tiling.edge, f"shift {tiling.max_shift_ratio:g}", f"seed {run.seed}"]


def _compared(name: str, run: Any, rate: int, frame: float) -> Compared:
    sampler = getattr(run, "sampler", None)
    if sampler is None:
        seams: Any = None
        if isinstance(run, tuple | list) and len(run) == 2 and as_array(run[0]).ndim:
            run, seams = run
            if isinstance(seams, numbers.Real):  # a pair (waveform, rate)
                rate, seams = as_sample_rate(seams), None
        if not isinstance(run, list | np.ndarray) and not hasattr(run, "detach"):
            raise InputError(f"it is {show(run)}: expected {_KINDS}")
        wave = _within(as_sound(run))
        own = None if seams is None else _checked(seams, wave.shape[-1] / rate, frame)
        return Compared(name, wave, rate, own, frame_seconds=frame)
    return _sampled(name, _made(sampler) if sampler is run else run)


def _made(sampler: Any) -> Generation:
    """Decode the first candidate of a finished sampler."""
    from spotnb.sampling.generation import Generation

    if not sampler.done:
        done, total = sampler.steps_done, len(sampler.solver)
        raise InputError(f"it is a sampler after {done} of {total} steps: call its run() first")
    sound = sampler.sound()
    return Generation(sound.waveform, sound.mel, sampler)


def _sampled(name: str, made: Generation) -> Compared:
    from spotnb.sampling.fixed_grid import fixed_grid

    run, layout = made.finished.run, made.finished.layout
    wave = _within(as_sound(made.waveform))
    mel = as_log_mel(made.mel) if has_mel(run.model) else None
    prompt = run.settings.prompt if isinstance(run.settings.prompt, str) else run.settings.prompt.text
    about = {"prompt": prompt, "method": run.settings.method, "seed": str(made.seed)}
    rate, frame = run.clock.sample_rate, run.clock.frame_seconds
    return Compared(name, wave, rate, made.seams, mel, fixed_grid(run), frame, layout.blended, about)


def _within(wave: NDArray[np.float32]) -> NDArray[np.float32]:
    peak = float(np.abs(wave).max())
    if peak > 1:
        raise InputError(
            f"the waveform peaks at {exact(peak)}: expected values from -1 to 1; divide it by its peak, or clip it"
        )
    return wave


def _checked(seams: Any, seconds: float, frame: float) -> tuple[int, ...]:
    items = check_items("seams", seams, hint="pass latent frames, such as [256, 512]")
    last = max(1, math.ceil(round(seconds / frame, 6)))
    hint = f"seams are latent frames of {1000 * frame:.3g} ms"
    return tuple(sorted({check_int("a seam", seam, 0, last, hint=hint) for seam in items}))


def scores(runs: list[Compared], grid: Iterable[int] | None) -> tuple[tuple[int, ...], list[SeamScore | None]]:
    """Return the frames at which all runs are scored, and the score of each run, or None if it has none.

    The frames are those of the first run. If all runs were decoded by way of a log-mel, these are scored, and otherwise
    the waveforms, because the two scales differ.
    """
    frame = runs[0].frame_seconds
    if grid is not None:
        places = _checked(grid, max(run.seconds for run in runs), frame)
    else:
        tiled = next((run for run in runs if run.grid), None)
        found = {_frame_at(s, run, frame) for run in ([tiled] if tiled else runs) for s in run.grid or run.seams or ()}
        places = tuple(sorted(found))
    return places, [_score(run, places, frame, decoded=_all_decoded(runs)) for run in runs]


def _frame_at(seam: int, run: Compared, frame: float) -> int:
    """Return a seam of a run in frames of the length `frame`."""
    return seam if run.frame_seconds == frame else round(seam * run.frame_seconds / frame)


def _all_decoded(runs: list[Compared]) -> bool:
    return all(run.decoded is not None for run in runs)


def mels(runs: list[Compared]) -> list[NDArray[np.float32]]:
    """Return log-mels of one kind, because the scales differ: decoded ones if all runs have them, or else computed."""
    decoded = [run.decoded for run in runs if run.decoded is not None]
    return decoded if len(decoded) == len(runs) else [run.own_mel for run in runs]


def _score(run: Compared, places: tuple[int, ...], frame: float, *, decoded: bool) -> SeamScore | None:
    sound = run.decoded if decoded else run.waveform
    assert sound is not None
    inside = seams_within(places, run.seconds, frame)
    try:
        return seam_score(sound, inside, run.rate, frame_seconds=frame) if inside else None
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
