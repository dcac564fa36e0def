"""The course: clean as committed, of one shape, and running from top to bottom on one core."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
import soundfile
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECTIONS = ("Objectives", "What it needs", "Exercises", "What to remember")
PEAK_MB = 1200

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_the_course_begins_with_the_quickstart() -> None:
    assert NOTEBOOKS[0].name == "00-quickstart.ipynb"


@every_notebook
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
    assert 'load_model("tiny")' in code
    assert code.count("load_model(") == 1
    assert not any(line.lstrip().startswith(("!", "%")) for line in code.splitlines())


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> tuple[NotebookNode, Path]:
    """The executed quickstart, and the folder that it ran in; one thread, and a last cell with its peak memory."""
    folder = tmp_path_factory.mktemp("quickstart")
    notebook = nbformat.read(FOLDER / "00-quickstart.ipynb", as_version=4)
    # Not ru_maxrss: a process inherits that from the one which started it, here pytest with everything it has loaded.
    peak = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    notebook.cells.append(nbformat.v4.new_code_cell(peak))
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources)
    kernel = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}  # inline, as a reader has it
    client.execute(env=kernel | {"OMP_NUM_THREADS": "1"})
    return notebook, folder


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def mimes(notebook: NotebookNode) -> list[dict[str, Any]]:
    return [output.data for output in outputs(notebook) if "data" in output]


@pytest.mark.timeout(900)  # the fixture runs the notebook: 300 s a cell at most, a minute or two in all
def test_the_quickstart_runs_without_a_warning(quickstart: tuple[NotebookNode, Path]) -> None:
    notebook, _ = quickstart
    stderr = [output.text for output in outputs(notebook) if output.get("name") == "stderr"]
    assert not stderr, stderr[0]


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
    assert "step by step equals whole: True" in text


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux only")
def test_the_quickstart_fits_a_small_machine(quickstart: tuple[NotebookNode, Path]) -> None:
    peak = int(quickstart[0].cells[-1].outputs[0].text) / 1000
    assert 100 < peak < PEAK_MB
