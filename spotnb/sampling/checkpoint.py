"""Runs that survive the end of their process, because they are saved on the way and can be continued."""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.history import UNIMPORTANT
from spotnb.sampling.sampler import SpotSampler
from spotnb.solvers.ddim import DDIM
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
    uninterrupted run, bit for bit. A solver that remembers earlier steps needs their records, see `record_for`. From a
    file without them the run starts over, and a warning says so. The file is kept when the run is done; remove it once
    you have saved the result.

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
    """Move a sampler to where its checkpoint ends, if that holds the state of the run there."""
    trace = Trace.load(path)
    if off := _differences(sampler, trace):
        raise InputError(
            f"{show_path(path)} holds another run ({off}): expected a run with these settings; remove the file, or "
            "pass the settings of that run"
        )
    if not len(trace):
        return
    if not _holds_state(sampler, trace):
        state = "not the whole state of the run, which record='all' in fp32 keeps"
        log.warning("%s holds %s: starting at step %d", show_path(path), state, sampler.steps_done)
        return
    sampler.resume(trace)
    log.info("continuing at step %d of %d, from %s", sampler.steps_done, len(sampler.solver), path)


def _holds_state(sampler: SpotSampler, trace: Trace) -> bool:
    """Return whether a trace restores the state of a run after its last record, without the network."""
    if trace.keeps_all_arrays != sampler.trace.keeps_all_arrays:  # one file holds the same arrays of every step
        return False
    last = trace.exact_before(trace.steps[-1] + 1, since=sampler.first, unbroken=sampler.solver.remembers)
    return last is not None and last.step == trace.steps[-1]


def record_for(solver: Any) -> str:
    """Return the `record` of a run that can be continued: "last", or "all" if the solver remembers earlier steps.

    Args:
        solver: The setting: a name, a scheduler or an object of the caller's.
    """
    return "all" if getattr(solver, "remembers", solver != DDIM.name) else "last"


def why_not_continued(sampler: SpotSampler, path: Path) -> str:
    """Return why a run does not continue from a checkpoint, such as "seed differs", or "" if it does."""
    try:
        return _differences(sampler, Trace.load(path))
    except SpotnbError:
        log.debug("the checkpoint cannot be opened", exc_info=True)
        return "it is damaged, or no trace that this version opens"


def _differences(sampler: SpotSampler, trace: Trace) -> str:
    """Return which entries of its manifest tell a trace from a run, such as "seed differs", or "" if none does."""
    saved, current = deciding(trace.manifest), deciding(sampler.manifest())
    if saved == current:
        return ""
    names = [name for name in current if saved.get(name) != current[name]] or ["more"]
    return f"{', '.join(names[:3])} {'differs' if len(names) == 1 else 'differ'}"


def deciding(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of a manifest that decide the result, as they come back from JSON."""
    left_out = ("versions", "threads", "result", *UNIMPORTANT)
    kept: dict[str, Any] = json.loads(json.dumps({k: v for k, v in manifest.items() if k not in left_out}))
    return UNSTATED | kept
