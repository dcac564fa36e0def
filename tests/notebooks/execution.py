"""Execute notebooks of the course, and check their limits of time and memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeAlias

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SOLUTIONS = sorted((FOLDER / "solutions").glob("*.ipynb"))
CPU_SECONDS, PEAK_MB = 150, 1200  # twice what the longest takes alone: on busy cores the same work takes longer
USED = "__import__('time').process_time(), int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1000"
"""An expression for the processor seconds and the peak memory in MB of the kernel that evaluates it.

It does not use `ru_maxrss`, which a process inherits from its parent: here pytest with everything it has loaded.
"""
IN_BROWSER = {"03-moving-tiles": "tile-shift", "05-step-by-step": "inspector"}
"""Notebooks that run in JupyterLab on a machine with a browser, and the widget that is used in each."""

Note: TypeAlias = Callable[[str, object], None]


def in_browser() -> tuple[str, ...]:
    """Return the notebooks that tests/browser/test_course.py executes on this machine."""
    chromium = Path("/usr/bin/chromium").exists() and find_spec("playwright") and find_spec("anywidget")
    return tuple(IN_BROWSER) if chromium else ()


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@cache
def executed(path: Path) -> NotebookNode:
    """A notebook after its run, on one thread, in a folder of its own: `notebook.metadata.folder`.

    A last cell has told the processor seconds that it took, and the peak memory in MB: `.metadata.took` and `.peak`.
    """
    folder = Path(mkdtemp(prefix=f"{path.stem}-"))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(f"print(*({USED}))"))
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    kernel = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}  # inline, as a reader has it
    client.execute(env=kernel | {"OMP_NUM_THREADS": "1"})
    seconds, peak = (float(word) for word in notebook.cells.pop().outputs[0].text.split())
    notebook.metadata |= {"folder": str(folder), "took": seconds, "peak": peak}
    return notebook


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def assert_small(path: Path, seconds: float, peak: float, note: Note) -> None:
    """Check the time and memory of a notebook, and note them for out/notebooks.json."""
    note("notebook", [f"{path.parent.name}/{path.name}", round(seconds, 1), round(peak)])
    assert seconds < CPU_SECONDS
    assert 50 < peak < PEAK_MB


def assert_runs_without_a_warning(path: Path, note: Note) -> None:
    notebook = executed(path)
    stderr = [output.text for output in outputs(notebook) if output.get("name") == "stderr"]
    assert not stderr, stderr[0]
    assert_small(path, notebook.metadata.took, notebook.metadata.peak, note)


def small_machine(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that executes a notebook and measures it."""
    test = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux only")(test)
    test = pytest.mark.timeout(900)(test)  # 300 s a cell at most, a minute or two in all
    return pytest.mark.notebook(test)
