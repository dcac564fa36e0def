"""One cell of a sweep: a run, its measurements as a row, and its files.

Their names derive from everything that decides the result, so that a cell is found again and not run twice.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from spotnb.errors import InputError, SpotnbError, one_line
from spotnb.research.grid import CONFIG, RUN, described, shown
from spotnb.research.worker import Reference
from spotnb.sound.results import Levels
from spotnb.support.checks import as_plain, show
from spotnb.support.files import atomic_write
from spotnb.tiling.config import SpotDiffusionConfig

if TYPE_CHECKING:
    from spotnb.sampling.generation import Generation

log = logging.getLogger(__name__)

VERSION = 2
"""The version of rows. Raise it with a new column, or a new meaning of one: cells of other versions are run again."""

COLUMNS = (
    *("wall_seconds", "seconds", "forwards", "network_frames", "seam_score", "seam_p", "ends_std"),
    *(*Levels._fields, "candidate", "sound", "trace", "error", "notes"),
)
"""The columns of a table after the settings, except measures."""

Measure = Callable[["Generation"], Any]


class Job(NamedTuple):
    """One cell of a grid, in a form that can be sent to a worker.

    Attributes:
        settings: The settings of the cell.
        folder: The folder for its files.
        name: The stem of its file names.
        model: The model.
        trace: Whether to save the complete trace.
        measures: The caller's own measures.
    """

    settings: dict[str, Any]
    folder: str
    name: str
    model: Reference
    trace: bool
    measures: Mapping[str, Measure]

    @property
    def row(self) -> dict[str, Any]:
        """The settings as they stand in the table."""
        return {name: shown(value) for name, value in self.settings.items()}

    @property
    def row_file(self) -> Path:
        """The file of the row."""
        return Path(self.folder) / f"{self.name}.json"


def cell_name(settings: Mapping[str, Any], model: Reference) -> str:
    """Return the stem of a cell's file names, a digest of everything that decides the result, defaults included."""
    config = asdict(SpotDiffusionConfig()) | {name: value for name, value in settings.items() if name in CONFIG}
    run = {name: described(value) for name, value in settings.items() if name in RUN}
    text = json.dumps([config, run, model.describe()], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_cell(job: Job) -> dict[str, Any] | None:
    """Return the row of a finished cell with all its files, or None if the cell has to be run.

    Measures that the job does not ask for stay in the file.
    """
    try:
        stored = json.loads(job.row_file.read_text("utf-8"))
        row: dict[str, Any] = stored["row"]
        wanted = [row["sound"], *([row["trace"] or "no trace"] if job.trace else [])]
        if stored.get("version") != VERSION:
            return None
        if job.measures and (row.get("notes") or not job.measures.keys() <= row.keys()):
            return None
        if not all((Path(job.folder) / name).exists() for name in wanted):
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    asked = {*job.settings, *COLUMNS, *job.measures} - (set() if job.measures else {"notes"})
    return {name: value for name, value in row.items() if name in asked}


def run_cell(job: Job) -> tuple[str, dict[str, Any]]:
    """Run, decode, measure and write a cell, and return its name and its row. An error becomes part of the row."""
    row = job.row
    try:
        _measure(job, row)
    except Exception as error:
        unexpected = not isinstance(error, SpotnbError)  # whose message says everything
        log.warning("cell %s failed: %s", job.name, said(error), exc_info=unexpected)
        return job.name, row | {"error": said(error)}
    stored = {"version": VERSION, "model": job.model.describe(), "row": row}
    with atomic_write(job.row_file) as temporary:
        temporary.write_text(json.dumps(stored, indent=1), "utf-8")
    return job.name, row


def _measure(job: Job, row: dict[str, Any]) -> None:
    """Run a cell, write its sound and its trace, and add to its row what was measured."""
    from spotnb.generate import complete
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.sound.files import save_audio

    config = SpotDiffusionConfig(**{name: value for name, value in job.settings.items() if name in CONFIG})
    run: dict[str, Any] = {"record": "all" if job.trace else "last"}
    run |= {name: value for name, value in job.settings.items() if name in RUN}
    sampler = SpotSampler(job.model.load(), **run, config=config)
    row["seed"] = sampler.seed  # it may have been drawn
    started = time.perf_counter()
    generation = complete(sampler, progress=False)
    measured = {"wall_seconds": time.perf_counter() - started, **_measurements(generation)}
    own = _own_measures(job.measures, generation) if job.measures else {}
    sound, trace = f"{job.name}.flac", f"{job.name}.npz" if job.trace else None
    save_audio(Path(job.folder) / sound, generation.waveform, sampler.model.sample_rate)
    if trace:
        sampler.trace.save(Path(job.folder) / trace)
    row |= measured | {"sound": sound, "trace": trace, "error": None} | own


def _measurements(generation: Generation) -> dict[str, Any]:
    import torch

    cost, score, level = generation.sampler.cost(), generation.grid_score(), generation.levels()
    latent = generation.to_known_sound().latent
    ends = torch.cat([latent[:, :, :8], latent[:, :, -8:]], dim=2)
    return {
        "seconds": cost.seconds,
        "forwards": cost.forwards,
        "network_frames": cost.network_frames,
        "seam_score": None if score is None else float(score.score),
        "seam_p": None if score is None else float(score.p_value),
        "ends_std": float(ends.std()),
        **{name: float(value) if math.isfinite(value) else None for name, value in level._asdict().items()},
        "candidate": generation.candidate,
    }


def _own_measures(measures: Mapping[str, Measure], generation: Generation) -> dict[str, Any]:
    """Return the values of the caller's measures, and notes on those that failed."""
    row: dict[str, Any] = {}
    notes = []
    for name, measure in measures.items():
        row[name] = None
        try:
            value = as_plain(measure(generation))
            if isinstance(value, Real) and not isinstance(value, Integral):
                value = float(value) if math.isfinite(value) else None
            elif isinstance(value, Integral) and not isinstance(value, bool):
                value = int(value)
            elif not (value is None or isinstance(value, bool | str)):
                raise InputError(f"it returned {show(value)}: expected a number, a text, a bool or None")
            row[name] = value
        except Exception as error:
            notes.append(f"{name}: {said(error)}")
    return row | {"notes": "; ".join(notes) or None}


def said(error: Exception) -> str:
    """Return an error as it stands in a row, in one line."""
    return one_line(f"{type(error).__name__}: {error}")
