"""Grids of runs: every combination of some settings becomes one row in a tidy table.

Each cell of the grid writes its row (JSON), its sound and optionally its trace to a folder. The file names derive from
the settings, so an interrupted sweep continues where it stopped, and a larger grid reuses the cells of a smaller one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from spotnb.errors import InputError, SpotnbError, one_line
from spotnb.models.defaults import NAMES, defaults_of
from spotnb.research.distributed import check_client
from spotnb.research.grid import CONFIG, RUN, cells, described, shown
from spotnb.research.outdated import tell_of_other_weights
from spotnb.research.table import write_table
from spotnb.research.worker import Reference, refer
from spotnb.sound.results import Levels
from spotnb.support.checks import as_plain, check_flag, check_text, show
from spotnb.support.files import atomic_write, require_writable
from spotnb.support.paths import check_path
from spotnb.support.progress import progress_bar
from spotnb.tiling.config import SpotDiffusionConfig

if TYPE_CHECKING:
    import pandas as pd

    from spotnb.sampling.generation import Generation

log = logging.getLogger(__name__)

COLUMNS = (
    *("wall_seconds", "seconds", "forwards", "network_frames", "seam_score", "seam_p", "ends_std"),
    *(*Levels._fields, "sound", "trace", "error", "notes"),
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


def sweep(
    grid: Mapping[str, Any],
    out: str | os.PathLike[str],
    *,
    model: Any = "tiny",
    trace: bool = False,
    client: Any = None,
    progress: bool = True,
    measures: Mapping[str, Measure] | None = None,
) -> pd.DataFrame:
    """Run every combination of the settings in `grid`, and return a table with one row for each.

    The table is also written to `out/table.csv`, which `spotnb.research.table.read_table` reads. A row holds the
    settings and these columns: `wall_seconds` of the cell with decoding, `seconds` of sampling, `forwards`,
    `network_frames`, `seam_score` and `seam_p` at the fixed grid of the tiles (empty if there is none), `ends_std`
    (standard deviation of the latent in its outer 8 frames at both ends), `rms_db`, `peak_db`, `crest_db`, `lufs`,
    `sound` and `trace` (file names), and `error`. The row of a cell that fails states the error, and the next call
    tries the cell again.

    Args:
        grid: For each setting one value, or a list, a range, an array or a series of values. All settings of
            `SpotDiffusionConfig` are allowed, and those of `SpotSampler` except known sound. A prompt may be a
            `PromptTimeline`, and a solver a diffusers scheduler. `guidance_interval` takes a pair, or a list of pairs.
            A prompt is required. The seed is 0 by default, and what suits the model is the default of the steps, the
            guidance, the solver and the tile, see `spotnb.models.defaults`. The model is loaded for that, unless the
            grid has all of them.
        out: The folder. Cells that it already holds are not run again.
        model: A model name for `load_model`, or an `AudioModel`. Another model, dtype or device makes other cells.
        trace: Whether to save the complete trace of each run next to its sound.
        client: A `dask.distributed.Client`, to run cells on its workers. Each worker loads the model once, and must see
            the folder `out` under the same path. If a worker is lost, its cells are run again.
        progress: Whether to show a progress bar.
        measures: Functions of the `Generation` by their names, which become further columns. A number, a text, a bool
            or None is stored. If a function fails, its cell is empty, the column `notes` says why, and the next call
            runs the cell again. A changed function needs a new name, because finished cells are not measured again.

    Raises:
        InputError: A setting is unknown, a list is empty, the prompt is missing, a value cannot be stored, the client
            is not a running one, or `measures` are not functions with names of their own.
        SpotnbError: pandas is not installed, or the folder cannot be written to.
    """
    pandas = _pandas()
    folder = check_path("out", out)
    cells(grid)  # an invalid grid ends here, before the model is loaded
    functions = _check_measures(measures)
    trace, progress = check_flag("trace", trace), check_flag("progress", progress)
    if client is not None:
        check_client(client)
    require_writable(folder / "table.csv")
    reference = refer(model)
    settings = list(cells(grid, {} if set(grid) >= set(NAMES) else _usual(reference, client)))
    jobs = [Job(each, str(folder.resolve()), _name(each, reference), reference, trace, functions) for each in settings]
    done = {job.name: row for job in jobs if (row := _read(job)) is not None}
    waiting = list({job.name: job for job in jobs if job.name not in done}.values())
    if done:
        log.info("%d of %d cells are already done", len(done), len(jobs))
    if waiting:
        tell_of_other_weights(folder, reference.describe())
    results = map(run_cell, waiting) if client is None else _on_cluster(client, waiting)
    with progress_bar(total=len(jobs), initial=len(jobs) - len(waiting), desc="sweep", shown=progress) as bar:
        for name, row in results:
            done[name] = row
            bar.update()
    table = pandas.DataFrame([done[job.name] for job in jobs])
    write_table(table, folder / "table.csv")
    return table


def _usual(model: Reference, client: Any) -> dict[str, Any]:
    """Return the settings that suit a model. If it is given by name, a cluster loads it there."""
    if client is None or model.model is not None:
        return defaults_of(model.load())
    usual: dict[str, Any] = client.submit(_loaded_defaults, model, pure=False).result()
    return usual


def _loaded_defaults(model: Reference) -> dict[str, Any]:
    return defaults_of(model.load())


def _check_measures(measures: Any) -> dict[str, Measure]:
    taken = (*RUN, *CONFIG, *COLUMNS)
    if measures is None:
        return {}
    if not isinstance(measures, Mapping):
        raise InputError(f"measures is {show(measures)}: expected a dict of names and functions of a Generation")
    for name, function in measures.items():
        if check_text("a name in measures", name, hint="it becomes a column", blank=False) in taken:
            raise InputError(f"measures has {show(name)}: expected a name that is not a column already; choose another")
        if not callable(function):
            raise InputError(f"measure {show(name)} is {show(function)}: expected a function of a Generation")
    return dict(measures)


def run_cell(job: Job) -> tuple[str, dict[str, Any]]:
    """Run, decode, measure and write a cell, and return its name and its row. An error becomes part of the row."""
    row = job.row
    try:
        row |= _measured(job)
    except Exception as error:
        log.warning("cell %s failed", job.name, exc_info=True)
        return job.name, row | {"error": _said(error)}
    with atomic_write(_row_file(job)) as temporary:
        temporary.write_text(json.dumps({"model": job.model.describe(), "row": row}, indent=1), "utf-8")
    return job.name, row


def _measured(job: Job) -> dict[str, Any]:
    import torch

    from spotnb.generate import complete
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.sound.files import save_audio

    config = SpotDiffusionConfig(**{name: value for name, value in job.settings.items() if name in CONFIG})
    run: dict[str, Any] = {"record": "all" if job.trace else "last"}
    run |= {name: value for name, value in job.settings.items() if name in RUN}
    sampler = SpotSampler(job.model.load(), **run, config=config)
    started = time.perf_counter()
    generation = complete(sampler, progress=False)
    row: dict[str, Any] = {"wall_seconds": time.perf_counter() - started}
    cost, score, level = sampler.cost(), generation.grid_score(), generation.levels()
    ends = torch.cat([sampler.latent[:, :, :8], sampler.latent[:, :, -8:]], dim=2)
    row |= {
        "seconds": cost.seconds,
        "forwards": cost.forwards,
        "network_frames": cost.network_frames,
        "seam_score": None if score is None else float(score.score),
        "seam_p": None if score is None else float(score.p_value),
        "ends_std": float(ends.std()),
        **{name: float(value) if math.isfinite(value) else None for name, value in level._asdict().items()},
        "sound": f"{job.name}.flac",
        "trace": f"{job.name}.npz" if job.trace else None,
        "error": None,
    }
    if job.measures:
        row |= _own_measures(job.measures, generation)
    folder = Path(job.folder)
    save_audio(folder / f"{job.name}.flac", generation.waveform, sampler.model.sample_rate)
    if job.trace:
        sampler.trace.save(folder / f"{job.name}.npz")
    return row


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
            notes.append(f"{name}: {_said(error)}")
    return row | {"notes": "; ".join(notes) or None}


def _said(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}")


def _on_cluster(client: Any, jobs: Sequence[Job]) -> Iterable[tuple[str, dict[str, Any]]]:
    from distributed import as_completed

    from spotnb.research.distributed import delivered

    if not jobs:
        return
    with delivered(jobs[0].model, client) as there:
        sent = {f"spotnb-{job.name}": job._replace(model=there) for job in jobs}
        futures = {client.submit(run_cell, job, key=key, pure=False): job for key, job in sent.items()}
        for future in as_completed(futures):
            job = futures[future]
            try:
                yield future.result()
            except Exception as error:  # the worker was lost repeatedly; errors of the cell itself are already rows
                yield job.name, job.row | {"error": _said(error)}


def _name(settings: dict[str, Any], model: Reference) -> str:
    """Return the stem of a cell's file names, a digest of everything that decides the result, defaults included."""
    config = asdict(SpotDiffusionConfig()) | {name: value for name, value in settings.items() if name in CONFIG}
    run = {name: described(value) for name, value in settings.items() if name in RUN}
    text = json.dumps([config, run, model.describe()], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _row_file(job: Job) -> Path:
    return Path(job.folder) / f"{job.name}.json"


def _read(job: Job) -> dict[str, Any] | None:
    """Return the row of a finished cell with all its files, or None if the cell has to be run."""
    try:
        row: dict[str, Any] = json.loads(_row_file(job).read_text("utf-8"))["row"]
        wanted = [row["sound"], *([row["trace"] or "no trace"] if job.trace else [])]
        if job.measures and (row.get("notes") or not job.measures.keys() <= row.keys()):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return row if all((Path(job.folder) / name).exists() for name in wanted) else None


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise SpotnbError("sweep needs pandas, which is not installed: pip install 'spotnb[research]'") from error
    return pandas
