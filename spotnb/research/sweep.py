"""Grids of runs: every combination of some settings becomes one row in a tidy table.

Each cell of the grid writes its row (JSON), its sound and optionally its trace to a folder. The file names derive from
the settings, so an interrupted sweep continues where it stopped, and a larger grid reuses the cells of a smaller one.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from spotnb.errors import InputError, SpotnbError
from spotnb.models.defaults import NAMES, defaults_of
from spotnb.research.cell import COLUMNS, Job, Measure, cell_name, read_cell, run_cell, said
from spotnb.research.distributed import check_client
from spotnb.research.grid import CONFIG, RUN, cells
from spotnb.research.outdated import tell_of_other_weights
from spotnb.research.table import write_table
from spotnb.research.worker import Reference, refer
from spotnb.support.checks import check_flag, check_text, show
from spotnb.support.files import require_writable
from spotnb.support.paths import check_path
from spotnb.support.progress import progress_bar

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


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
    `network_frames`, `seam_score` and `seam_p` where a `tiles` run cuts (empty if it has no seam), `ends_std` (standard
    deviation of the latent in its outer 8 frames at both ends), `rms_db`, `peak_db`, `crest_db`, `lufs`, `candidate`,
    `sound` and `trace` (file names), and `error`. The row of a cell that fails states the error, and the next call
    tries the cell again.

    With several candidates, the row is that of the best one, whose seed is `seed` plus `candidate`. The times are
    those of all together, and the trace has all of them.

    Args:
        grid: For each setting one value, or a list, a range, an array or a series of values. All settings of
            `SpotDiffusionConfig` are allowed, and those of `SpotSampler` except known sound and `config`, whose fields
            stand for it. A prompt may be a `PromptTimeline`, and a solver a diffusers scheduler. `guidance_interval`
            takes a pair, or a list of pairs. A prompt is required. The seed is 0 by default; None draws one, which the
            row states. The default of the steps, the guidance, the solver and the tile is what suits the model, see
            `spotnb.models.defaults`. The model is loaded for that, unless the grid has all of them.
        out: The folder. Cells that it already holds are not run again.
        model: A model name for `load_model`, or an `AudioModel`. Another model, dtype or device makes other cells.
        trace: Whether to save the complete trace of each run next to its sound.
        client: A `dask.distributed.Client`, to run cells on its workers. Each worker loads the model once, and must see
            the folder `out` under the same path. If a worker is lost, its cells are run again.
        progress: Whether to show a progress bar.
        measures: Functions of the `Generation` by their names, which become further columns. A number, a text, a bool
            or None is stored. If a function fails, its cell is empty, the column `notes` says why, and the next call
            runs the cell again. A changed function needs a new name, because finished cells are not measured again.
            The table has the measures of this call only.

    Raises:
        InputError: A setting is unknown, a list is empty, the prompt is missing, a value cannot be stored, the client
            is not a running one, the model is unknown, or `measures` are not functions with names of their own.
        SpotnbError: pandas or Dask is not installed, the model cannot be loaded, or the folder cannot be written to.
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
    jobs = [
        Job(each, str(folder.resolve()), cell_name(each, reference), reference, trace, functions) for each in settings
    ]
    done = {job.name: row for job in jobs if (row := read_cell(job)) is not None}
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
                yield job.name, job.row | {"error": said(error)}


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise SpotnbError("sweep needs pandas, which is not installed: pip install 'spotnb[research]'") from error
    return pandas
