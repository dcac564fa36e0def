"""Grids of runs: every combination of some settings becomes one row in a tidy table.

Each cell of the grid writes its row (JSON), its sound and optionally its trace to a folder. The file names derive from
the settings, so an interrupted sweep continues where it stopped, and a larger grid reuses the cells of a smaller one.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from spotnb.errors import InputError, SpotnbError
from spotnb.research.worker import Reference, refer
from spotnb.sampling.settings import DEFAULT_GUIDANCE, DEFAULT_STEPS, NAMES, SOUNDS
from spotnb.support.checks import show
from spotnb.support.files import atomic_write, require_writable
from spotnb.support.options import options
from spotnb.support.progress import progress_bar
from spotnb.tiling.config import SpotDiffusionConfig

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

CONFIG = tuple(each.name for each in options(SpotDiffusionConfig))
NOT_SWEPT = frozenset({"config", "record", "record_dtype", "strength", "keep", *SOUNDS})
"""Settings that are not columns of a table. The fields of the config are columns instead, and sounds cannot be one."""
RUN = tuple(name for name in NAMES if name not in NOT_SWEPT)
DEFAULTS: dict[str, Any] = {"steps": DEFAULT_STEPS, "guidance_scale": DEFAULT_GUIDANCE, "seed": 0}


class Job(NamedTuple):
    """One cell of a grid, in a form that can be sent to a worker.

    Attributes:
        settings: The settings of the cell.
        folder: The folder for its files.
        name: The stem of its file names.
        model: The model.
        trace: Whether to save the complete trace.
    """

    settings: dict[str, Any]
    folder: str
    name: str
    model: Reference
    trace: bool


def sweep(
    grid: Mapping[str, Any],
    out: str | os.PathLike[str],
    *,
    model: Any = "tiny",
    trace: bool = False,
    client: Any = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Run every combination of the settings in `grid`, and return a table with one row for each.

    The table is also written to `out/table.csv`. A row holds the settings and these columns: `wall_seconds` of the cell
    with decoding, `seconds` of sampling, `forwards`, `network_frames`, `seam_score` and `seam_p` at the fixed grid of
    the tiles (empty if there is none), `ends_std` (standard deviation of the latent in the outer 8 frames at both
    ends), `rms_db`, `peak_db`, `crest_db`, `lufs`, `sound` and `trace` (file names), and `error`. The row of a cell
    that fails states the error, and the next call tries the cell again.

    Args:
        grid: For each setting a list of values, or one value. All settings of `SpotDiffusionConfig` are allowed, and
            those of `SpotSampler` except known sound and the options of the trace. `guidance_interval` takes a list of
            pairs. A prompt is required. The defaults are 25 steps, a guidance scale of 2.5 and the seed 0.
        out: The folder. Cells that it already holds are not run again.
        model: A model name for `load_model`, or an `AudioModel`. Another model, dtype or device makes other cells.
        trace: Whether to save the complete trace of each run next to its sound.
        client: A `dask.distributed.Client`, to run cells on its workers. Each worker loads the model once, and must see
            the folder `out` under the same path. If a worker is lost, its cells are run again.
        progress: Whether to show a progress bar.

    Raises:
        InputError: A setting is unknown, a list is empty, or the prompt is missing.
        SpotnbError: pandas is not installed, or the folder cannot be written to.
    """
    pandas = _pandas()
    folder = Path(out).expanduser()
    settings = list(cells(grid))
    require_writable(folder / "table.csv")
    reference = refer(model)
    jobs = [Job(each, str(folder.resolve()), _name(each, reference), reference, trace) for each in settings]
    done = {job.name: row for job in jobs if (row := _read(job)) is not None}
    waiting = list({job.name: job for job in jobs if job.name not in done}.values())
    if done:
        log.info("%d of %d cells are already done", len(done), len(jobs))
    results = map(run_cell, waiting) if client is None else _on_cluster(client, waiting)
    with progress_bar(total=len(jobs), initial=len(jobs) - len(waiting), desc="sweep", shown=progress) as bar:
        for name, row in results:
            done[name] = row
            bar.update()
    table = pandas.DataFrame([done[job.name] for job in jobs])
    with atomic_write(folder / "table.csv") as temporary:
        table.to_csv(temporary, index=False)
    return table


def cells(grid: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the settings of each cell. The last setting in `grid` changes fastest.

    Raises:
        InputError: A setting is unknown, a list is empty, or the prompt is missing.
    """
    if unknown := [name for name in grid if name not in (*RUN, *CONFIG)]:
        raise InputError(
            f"the grid has {show(unknown[0])}: expected some of {', '.join((*RUN, *CONFIG))}; leave it out"
        )
    if "prompt" not in grid:
        raise InputError("the grid has no prompt: expected a prompt or a list of prompts")
    full = dict(grid) | {name: value for name, value in DEFAULTS.items() if name not in grid}
    values = {name: list(each) if _is_list(each) else [each] for name, each in full.items()}
    if empty := [name for name, each in values.items() if not each]:
        raise InputError(f"{empty[0]} has no values in the grid: expected at least one; leave it out for its default")
    for combination in itertools.product(*values.values()):
        yield dict(zip(values, combination, strict=True))


def run_cell(job: Job) -> tuple[str, dict[str, Any]]:
    """Run, decode, measure and write a cell, and return its name and its row. An error becomes part of the row."""
    row = dict(job.settings)
    try:
        row |= _measured(job)
    except Exception as error:
        log.warning("cell %s failed", job.name, exc_info=True)
        return job.name, row | {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}
    with atomic_write(_row_file(job)) as temporary:
        temporary.write_text(json.dumps({"model": job.model.describe(), "row": row}, indent=1), "utf-8")
    return job.name, row


def _measured(job: Job) -> dict[str, Any]:
    import torch

    from spotnb.generate import complete
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.sound.files import save_audio

    config = SpotDiffusionConfig(**{name: value for name, value in job.settings.items() if name in CONFIG})
    run = {name: value for name, value in job.settings.items() if name in RUN}
    sampler = SpotSampler(job.model.load(), **run, config=config, record="all" if job.trace else "last")
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
    folder = Path(job.folder)
    save_audio(folder / f"{job.name}.flac", generation.waveform, sampler.model.sample_rate)
    if job.trace:
        sampler.trace.save(folder / f"{job.name}.npz")
    return row


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
                yield job.name, job.settings | {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}


def _name(settings: dict[str, Any], model: Reference) -> str:
    """Return the stem of a cell's file names, a digest of everything that decides the result, defaults included."""
    config = asdict(SpotDiffusionConfig()) | {name: value for name, value in settings.items() if name in CONFIG}
    run = {name: value for name, value in settings.items() if name in RUN}
    text = json.dumps([config, run, model.describe()], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _row_file(job: Job) -> Path:
    return Path(job.folder) / f"{job.name}.json"


def _read(job: Job) -> dict[str, Any] | None:
    """Return the row of a finished cell with all its files, or None if the cell has to be run."""
    try:
        row: dict[str, Any] = json.loads(_row_file(job).read_text("utf-8"))["row"]
        wanted = [row["sound"], *([row["trace"] or "no trace"] if job.trace else [])]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return row if all((Path(job.folder) / name).exists() for name in wanted) else None


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | range) and not isinstance(value, str | bytes)


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise SpotnbError("sweep needs pandas, which is not installed: pip install 'spotnb[research]'") from error
    return pandas
