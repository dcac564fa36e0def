"""Runs that outlive their process: what is done is saved on the way, and taken up again."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from spotnb.errors import InputError
from spotnb.sampling.sampler import SpotSampler
from spotnb.trace.trace import Trace

log = logging.getLogger(__name__)

LEAST_PAUSE = 1.0  # s between two checkpoints
SHARE = 20  # and so many times as long as one takes to write: at most a twentieth of the time goes into them


def run_with_checkpoints(sampler: SpotSampler, path: str | os.PathLike[str], progress: bool = True) -> SpotSampler:
    """Do what is left of a run, and save it to `path` (a trace, `.npz`) every now and then. Returns the sampler.

    If `path` holds a checkpoint of the same run, it is taken up there: the result is that of a run without a break, bit
    for bit. (A solver that remembers earlier steps needs their records: without, it begins again.) The file stays when
    the run is done; remove it once the result is kept.
    Raises `InputError` if `path` holds another run, `SpotnbError` if it is no trace or cannot be written.
    """
    path = Path(path)
    if path.exists():
        _take_up(sampler, path)
    saved = time.monotonic()
    pause = LEAST_PAUSE
    total = len(sampler.solver)
    with tqdm(total=total, initial=sampler.steps_done, desc="steps", unit="step", disable=not progress) as bar:
        while not sampler.done:
            sampler.step()
            bar.update()
            if sampler.done or time.monotonic() - saved >= pause:
                began = time.monotonic()
                sampler.trace.save(path)
                saved = time.monotonic()
                pause = max(LEAST_PAUSE, SHARE * (saved - began))
    return sampler


def _take_up(sampler: SpotSampler, path: Path) -> None:
    trace = Trace.load(path)
    if (there := _decides(trace.manifest)) != (here := _decides(sampler.manifest())):
        names = [name for name in here if there.get(name) != here[name]] or ["more"]
        raise InputError(
            f"{path} is of another run ({', '.join(names[:3])} differ): expected one with these settings; remove the "
            "file, or give the settings it was made with"
        )
    sampler.resume(trace)
    if len(trace):
        log.info("going on at step %d of %d, from %s", sampler.steps_done, len(sampler.solver), path)


def _decides(manifest: dict[str, Any]) -> dict[str, Any]:
    """What of a manifest decides the result, as JSON gives it back."""
    left_out = ("versions", "threads", "tile_batch")
    kept: dict[str, Any] = json.loads(json.dumps({k: v for k, v in manifest.items() if k not in left_out}))
    return kept
