"""A finished run for an `Overview`: its stages as planes of one channel, and their packing for a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotnb.errors import InputError
from spotnb.plots.overview import Plane, Process
from spotnb.plots.style import RANGE
from spotnb.sound.files import check_rate, flac_bytes
from spotnb.sound.measure import MEL_SECONDS, extremes
from spotnb.support.arrays import as_array
from spotnb.support.checks import check_int, show
from spotnb.widgets.comparison_runs import packed_envelope, packed_mel

if TYPE_CHECKING:
    from spotnb.sampling.sampler import SpotSampler

COLUMNS: Final = 2048  # of a latent: more than a screen shows
ENVELOPE: Final = 4096  # columns of a waveform
BUDGET: Final = 2_500_000  # bytes of all planes of a page

_KINDS = "a finished SpotSampler, a Generation, or a Trace or its path"


def sampler_of_run(run: Any, model: Any) -> SpotSampler:
    """Return the finished sampler of a run. A trace is resumed, which runs no step if it holds all of them.

    Raises:
        InputError: `run` is something else, it is not finished, or it kept too few steps.
    """
    from spotnb.sampling.replay import resume
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.trace.trace import Trace

    sampler = getattr(run, "sampler", run)
    if not isinstance(sampler, SpotSampler):
        try:
            trace = Trace.of(sampler)
        except InputError:
            raise InputError(f"run is {show(run)}: expected {_KINDS}") from None
        sampler = resume(trace, model)
    total = len(sampler.definition.steps)
    if not sampler.done:
        raise InputError(f"the run is not finished ({sampler!r}): expected a finished one; call its run() first")
    kept = [record for record in sampler.trace if record.x is not None and record.x0 is not None]
    if len(kept) < min(2, total):
        raise InputError(
            f"the run kept the latents of {len(kept)} of {total} steps: expected several; run it with record='all'"
        )
    return sampler


def process_of(sampler: SpotSampler, channel: int, candidate: int) -> tuple[Process, list[int]]:
    """Return the stages of a finished run, and the numbers of its recorded steps.

    Raises:
        InputError: The run has no such channel or candidate.
    """
    from spotnb.plots.drawing import latent_plane

    last = sampler.shape[0] - 1
    candidate = check_int("candidate", candidate, 0, last, hint=f"the run has {last + 1}")

    def plane(latent: Any) -> Plane:
        return latent_plane(as_array(latent)[candidate], channel)

    noise = plane(sampler.definition.start(origin=sampler.state.origin).x)
    kept = [record for record in sampler.trace if record.x is not None and record.x0 is not None]
    sound = sampler.sound(candidate=candidate)
    rate = sampler.clock.sample_rate
    mels = min(len(sound.mel), round(sound.waveform.shape[-1] / rate / MEL_SECONDS))
    process = Process(
        noise=noise,
        latents=[plane(record.x) for record in kept],
        estimates=[plane(record.x0) for record in kept],
        layouts=[record.layout for record in kept],
        mel=np.asarray(sound.mel[:mels], np.float32),
        waveform=sound.waveform,
        clock=sampler.clock,
    )
    return process, [record.step for record in kept]


def scene_of(sampler: SpotSampler, process: Process, steps: list[int], channel: int, candidate: int) -> dict[str, Any]:
    """Return the stages for a page."""
    from spotnb.sampling.card import prompt_text

    rate = process.clock.sample_rate
    check_rate("FLAC", rate)  # the page gets the sound in this format
    frames, rows = process.noise.shape
    _, channels, _, bins = sampler.shape
    samples = process.waveform.shape[-1]
    every = max(1, -(-samples // ENVELOPE))
    settings = sampler.definition.settings
    return {
        "prompt": prompt_text(settings),
        "method": settings.method,
        "seed": sampler.draws.seeds[candidate],
        "frames": frames,
        "framesPerSecond": process.clock.frames_per_second,
        "rows": rows,
        "channels": channels,
        "bins": bins,
        "channel": channel,
        "ring": settings.ring,
        "limit": process.limit,
        "total": settings.steps,
        "steps": [_step(*each) for each in zip(steps, process.layouts, strict=True)],
        "planes": _packed_planes(process),
        "seconds": samples / rate,
        "melSeconds": MEL_SECONDS,
        "melRange": list(RANGE),
        "mel": packed_mel(process.mel),
        "peak": float(np.abs(process.waveform).max()),
        "envelope": packed_envelope(extremes(process.waveform, np.arange(0, samples, every))),
        "sound": flac_bytes(process.waveform, rate),
    }


def _step(number: int, layout: Any) -> dict[str, Any]:
    tiles = [[*tile.window, *tile.segment] for tile in layout.tiles]
    faded = {"blended": layout.blended, "seams": list(layout.cuts)}
    return {"step": number, "shift": layout.shift, "tiles": tiles, **faded}


def _packed_planes(process: Process) -> dict[str, Any]:
    """Return the planes as bytes, 1 to 255 over the colors, with 128 at zero.

    Every `factor`-th frame is sent, and of a run of many steps the planes of every `every`-th one and of the last.
    """
    frames, rows = process.noise.shape
    factor = -(-frames // COLUMNS)
    count, limit = len(process.layouts), process.limit
    size = 2 * -(-frames // factor) * rows
    every = max(1, -(-count * size // BUDGET))
    sent = sorted({*range(0, count, every), count - 1})

    def packed(planes: list[Plane]) -> bytes:
        shades = np.stack([plane[::factor] for plane in planes]) * (127 / limit) + 128
        return bytes(np.clip(np.rint(shades), 1, 255).astype(np.uint8))

    return {
        "factor": factor,
        "columns": -(-frames // factor),
        "sent": sent,
        "noise": packed([process.noise]),
        "latents": packed([process.latents[index] for index in sent]),
        "estimates": packed([process.estimates[index] for index in sent]),
    }
