"""Runs that survive the end of their process, because they are saved on the way and can be continued."""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spotnb.errors import InputError
from spotnb.sampling.sampler import SpotSampler
from spotnb.support.checks import check_flag, check_instance
from spotnb.support.paths import check_path, show_path
from spotnb.support.progress import progress_bar
from spotnb.tiling.clock import AUDIOLDM
from spotnb.trace.trace import Trace

log = logging.getLogger(__name__)

LEAST_PAUSE = 1.0  # seconds between two checkpoints
SHARE = 20  # the pause is at least this many times the time to write one: checkpoints take a twentieth of the run
UNSTATED = {**asdict(AUDIOLDM), "finish_steps": 0, "finish_overlap": None}
"""Entries that older manifests do not state, with the values that they mean."""


def run_with_checkpoints(sampler: SpotSampler, path: str | os.PathLike[str], progress: bool = True) -> SpotSampler:
    """Take the remaining steps of a run, and save it from time to time.

    If `path` holds a checkpoint of the same run, the run continues from there. The result equals that of an
    uninterrupted run, bit for bit. A solver that remembers earlier steps needs their records, and starts over without
    them. The file is kept when the run is done; remove it once you have saved the result.

    Args:
        sampler: The run.
        path: The checkpoint, a trace (`.npz`).
        progress: Whether to show a progress bar.

    Returns:
        The sampler.

    Raises:
        InputError: `path` holds a different run.
        SpotnbError: `path` is not a trace, or it cannot be written.
    """
    check_instance("sampler", sampler, SpotSampler, hint="SpotSampler(model, prompt) creates one")
    path, progress = check_path("path", path), check_flag("progress", progress)
    if path.exists():
        _continue(sampler, path)
    saved = time.monotonic()
    pause = LEAST_PAUSE
    total = len(sampler.solver)
    with progress_bar(total=total, initial=sampler.steps_done, desc="steps", unit="step", shown=progress) as bar:
        while not sampler.done:
            sampler.step()
            bar.update()
            if sampler.done or time.monotonic() - saved >= pause:
                began = time.monotonic()
                sampler.trace.save(path)
                saved = time.monotonic()
                pause = max(LEAST_PAUSE, SHARE * (saved - began))
    return sampler


def _continue(sampler: SpotSampler, path: Path) -> None:
    """Move a sampler to where its checkpoint ends."""
    trace = Trace.load(path)
    if (saved := deciding(trace.manifest)) != (current := deciding(sampler.manifest())):
        names = [name for name in current if saved.get(name) != current[name]] or ["more"]
        raise InputError(
            f"{show_path(path)} holds another run ({', '.join(names[:3])} differ): expected a run with these settings; "
            "remove the file, or pass the settings of that run"
        )
    sampler.resume(trace)
    if len(trace):
        log.info("continuing at step %d of %d, from %s", sampler.steps_done, len(sampler.solver), path)


def deciding(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of a manifest that decide the result, as they come back from JSON."""
    left_out = ("versions", "threads", "tile_batch", "result")
    kept: dict[str, Any] = json.loads(json.dumps({k: v for k, v in manifest.items() if k not in left_out}))
    return UNSTATED | kept
