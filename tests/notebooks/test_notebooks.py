"""The course: clean as committed, of one shape, and running from top to bottom on one core."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import nbformat
import pytest
import soundfile
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECTIONS = ("Objectives", "What it needs", "Exercises", "What to remember")
SOLUTIONS = sorted((FOLDER / "solutions").glob("*.ipynb"))
CPU_SECONDS, PEAK_MB = 90, 1200
OUT = FOLDER.parent / "out" / "notebooks.json"
# Not ru_maxrss: a process inherits that from the one which started it, here pytest with everything it has loaded.
USED = """
import time
print(time.process_time(), int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1000)
"""

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_the_course_begins_with_the_quickstart() -> None:
    assert NOTEBOOKS[0].name == "00-quickstart.ipynb"


@pytest.mark.parametrize("path", [*NOTEBOOKS, *SOLUTIONS], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_is_committed_clean(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        assert cell.source.strip(), f"cell {cell.id} is empty"
        if cell.cell_type == "code":
            assert not cell.outputs, f"cell {cell.id} has outputs"
            assert cell.execution_count is None, f"cell {cell.id} has an execution count"


@every_notebook
def test_has_the_sections_in_order(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    lines = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    assert sum(line.startswith("# ") for line in lines) == 1
    headings = [line.removeprefix("## ").strip() for line in lines if line.startswith("## ")]
    assert [heading for heading in headings if heading in SECTIONS] == list(SECTIONS)


@every_notebook
def test_asks_for_the_embedded_model_and_nothing_from_the_network(path: Path) -> None:
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    code = "\n".join(sources)
    assert ('load_model(REAL or "tiny")' if path.name.startswith("08") else 'load_model("tiny")') in code
    assert code.count("load_model(") == 1
    assert not any(line.lstrip().startswith(("!", "%")) for line in code.splitlines())


@cache
def executed(path: Path) -> NotebookNode:
    """A notebook after its run, on one thread, in a folder of its own: `notebook.metadata.folder`.

    A last cell has told the processor seconds that it took, and the peak memory in MB: `.metadata.took` and `.peak`.
    """
    folder = Path(mkdtemp(prefix=f"{path.stem}-"))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(USED))
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    kernel = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}  # inline, as a reader has it
    client.execute(env=kernel | {"OMP_NUM_THREADS": "1"})
    seconds, peak = (float(word) for word in notebook.cells.pop().outputs[0].text.split())
    notebook.metadata |= {"folder": str(folder), "took": seconds, "peak": peak}
    return notebook


@pytest.fixture(scope="module")
def quickstart() -> tuple[NotebookNode, Path]:
    """The executed quickstart, and the folder that it ran in."""
    notebook = executed(FOLDER / "00-quickstart.ipynb")
    return notebook, Path(notebook.metadata.folder)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux only")
@pytest.mark.timeout(900)  # 300 s a cell at most, a minute or two in all
@pytest.mark.parametrize("path", [*NOTEBOOKS, *SOLUTIONS], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_runs_without_a_warning_on_a_small_machine(path: Path, took: dict[str, list[float]]) -> None:
    notebook = executed(path)
    stderr = [output.text for output in outputs(notebook) if output.get("name") == "stderr"]
    assert not stderr, stderr[0]
    seconds, peak = notebook.metadata.took, notebook.metadata.peak
    took[f"{path.parent.name}/{path.name}"] = [round(seconds, 1), round(peak)]
    assert seconds < CPU_SECONDS
    assert 50 < peak < PEAK_MB


@pytest.fixture(scope="module")
def took() -> Iterator[dict[str, list[float]]]:
    """Processor seconds and peak MB of each notebook; at the end in `out/notebooks.json`, with the sum of seconds."""
    table: dict[str, list[float]] = {}
    yield table
    OUT.parent.mkdir(exist_ok=True)
    whole = {"together_s": round(sum(seconds for seconds, _ in table.values()), 1)}
    OUT.write_text(json.dumps(whole | table, indent=1))


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def mimes(notebook: NotebookNode) -> list[dict[str, Any]]:
    return [output.data for output in outputs(notebook) if "data" in output]


def test_the_quickstart_shows_figures_and_sounds(quickstart: tuple[NotebookNode, Path]) -> None:
    shown = mimes(quickstart[0])
    assert sum("image/png" in data for data in shown) >= 6
    assert sum("<audio" in data.get("text/html", "") for data in shown) >= 3


def test_the_quickstart_saves_thirty_seconds(quickstart: tuple[NotebookNode, Path]) -> None:
    waveform, rate = soundfile.read(quickstart[1] / "out" / "quickstart-rock.wav")
    assert (waveform.shape, rate) == ((480_000,), 16_000)


def test_the_quickstart_says_what_is_exact(quickstart: tuple[NotebookNode, Path]) -> None:
    text = "".join(output.text for output in outputs(quickstart[0]) if output.get("name") == "stdout")
    assert text.count("exact: True") == 3
    assert text.count("exact: False") == 1  # the naive recipe
    assert "frames gone       [6, 7, 8]" in text
    assert "seen twice        [2, 3, 4]" in text
    assert "step by step equals one call: True" in text
