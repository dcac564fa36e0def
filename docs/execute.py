"""Run a notebook from top to bottom on one thread, and save the pages of its widgets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from binder.links import BADGES_ID, LAUNCH_ID
from spotnb.errors import SpotnbError

REPOSITORY = Path(__file__).parents[1]
CELL_SECONDS = 600


@dataclass(frozen=True)
class Executed:
    """A notebook with outputs and without its launch cells, and the pages of its widgets by number."""

    name: str
    notebook: NotebookNode
    widgets: dict[str, str]


def execute(path: Path) -> Executed:
    """Execute a notebook in an empty folder.

    Raises:
        SpotnbError: If a cell fails; the message names the notebook.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id not in (BADGES_ID, LAUNCH_ID)]
    with TemporaryDirectory() as kept, TemporaryDirectory() as work:
        before = nbformat.v4.new_code_cell(f"import docs.embed; docs.embed.install({kept!r})")
        after = nbformat.v4.new_code_cell("import docs.embed; docs.embed.finish()")
        notebook.cells = [before, *notebook.cells, after]
        client = NotebookClient(
            notebook, timeout=CELL_SECONDS, kernel_name="python3", resources={"metadata": {"path": work}}
        )
        kernel = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}  # figures stay inline
        places = [str(REPOSITORY), *filter(None, [kernel.get("PYTHONPATH")])]
        try:
            client.execute(env=kernel | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(places)})
        except CellExecutionError as error:
            raise SpotnbError(f"{path.name} does not run to its end: {error.ename}: {error.evalue}") from error
        widgets = {page.stem: page.read_text("utf-8") for page in Path(kept).glob("*.html")}
    notebook.cells = notebook.cells[1:-1]
    return Executed(path.stem, notebook, widgets)
