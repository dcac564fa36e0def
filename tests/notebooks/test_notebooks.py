"""The course: clean as committed, of one shape, and running from top to bottom on one core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
import soundfile
from nbformat import NotebookNode

from tests.notebooks.execution import (
    FOLDER,
    NOTEBOOKS,
    SOLUTIONS,
    Note,
    assert_runs_without_a_warning,
    executed,
    in_browser,
    name_of,
    outputs,
    small_machine,
)

SECTIONS = ("Objectives", "What it needs", "Exercises", "What to remember")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_the_course_begins_with_the_quickstart() -> None:
    assert NOTEBOOKS[0].name == "00-quickstart.ipynb"


@pytest.mark.parametrize("path", [*NOTEBOOKS, *SOLUTIONS], ids=name_of)
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


@pytest.fixture(scope="module")
def quickstart() -> tuple[NotebookNode, Path]:
    """The executed quickstart, and the folder that it ran in."""
    notebook = executed(FOLDER / "00-quickstart.ipynb")
    return notebook, Path(notebook.metadata.folder)


@small_machine
@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.stem not in in_browser()], ids=name_of)
def test_runs_without_a_warning_on_a_small_machine(path: Path, record_property: Note) -> None:
    """The other notebooks run in tests/browser/test_course.py."""
    assert_runs_without_a_warning(path, record_property)


def mimes(notebook: NotebookNode) -> list[dict[str, Any]]:
    return [output.data for output in outputs(notebook) if "data" in output]


@pytest.mark.notebook
def test_the_first_output_of_the_quickstart_is_a_comparison_that_plays(quickstart: tuple[NotebookNode, Path]) -> None:
    cells = [cell for cell in quickstart[0].cells if cell.cell_type == "code" and cell.outputs]
    assert cells[0].id == "first-sound"
    latents, comparison = [output.data for output in cells[0].outputs if "data" in output]
    assert "image/png" in latents
    assert "RunComparison" in comparison["text/plain"]


def test_the_quickstart_is_short() -> None:
    """A page that somebody reads before they know whether they care: it had 2634 words once."""
    cells = nbformat.read(FOLDER / "00-quickstart.ipynb", as_version=4).cells
    assert sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown") < 1200


@pytest.mark.notebook
def test_the_quickstart_shows_all_that_it_speaks_of(quickstart: tuple[NotebookNode, Path]) -> None:
    shown = mimes(quickstart[0])
    assert sum("image/png" in data for data in shown) >= 3
    assert sum("<audio" in data.get("text/html", "") for data in shown) >= 1
    for widget in ("RunComparison", "Overview", "SamplerPanel"):
        assert any(widget in data.get("text/plain", "") for data in shown), widget


@pytest.mark.notebook
def test_the_quickstart_saves_thirty_seconds(quickstart: tuple[NotebookNode, Path]) -> None:
    waveform, rate = soundfile.read(quickstart[1] / "out" / "quickstart-rock.wav")
    assert (waveform.shape, rate) == ((480_000,), 16_000)


@pytest.mark.notebook
@pytest.mark.parametrize("method", ["fixed tiles", "SpotDiffusion"])
def test_the_first_sounds_are_neither_faint_nor_too_loud(quickstart: tuple[NotebookNode, Path], method: str) -> None:
    row = next(line for line in printed(quickstart[0]).splitlines() if line.startswith(method))
    _rms, lufs, peak, _crest = map(float, row.removeprefix(method).split())
    assert -20 < lufs < -14
    assert peak <= -1


@pytest.mark.notebook
def test_the_quickstart_says_what_is_exact(quickstart: tuple[NotebookNode, Path]) -> None:
    assert "step by step equals one call: True" in printed(quickstart[0])


@pytest.mark.notebook
def test_the_eight_numbers_of_notebook_04() -> None:
    text = printed(executed(FOLDER / "04-edges.ipynb"))
    assert text.count("exact: True") == 3
    assert text.count("exact: False") == 1  # the naive recipe
    assert "frames gone       [6, 7, 8]" in text
    assert "seen twice        [2, 3, 4]" in text


def printed(notebook: NotebookNode) -> str:
    return "".join(output.text for output in outputs(notebook) if output.get("name") == "stdout")
