"""Progress bars: text in a terminal, and nothing that stays in a saved notebook."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from spotnb.support.progress import in_notebook, progress_bar

ROOT = Path(__file__).parents[2]
CELLS = (
    "import time\nfrom spotnb.support.progress import progress_bar\n"
    "for _ in progress_bar(range(20), desc='<b>bars</b>'): time.sleep(0.02)\n"
    "print('after')",
    "from spotnb.sampling.sampler import SpotSampler\nfrom tests.networks import FunctionModel, pointwise\n"
    "run = SpotSampler(FunctionModel(pointwise), 'a sea', 4.0, steps=5).run()\n"
    "run.decode().shape",
    "with progress_bar(total=4, desc='failing') as bar:\n    bar.update()\n    raise RuntimeError('luck')",
    "for k in progress_bar(range(4), desc='stopped'):\n    if k == 2: break",
)


def test_a_terminal_has_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert not in_notebook()
    assert list(progress_bar(range(3), desc="steps", unit="step")) == [0, 1, 2]
    with progress_bar(total=4, initial=2, desc="more") as bar:
        bar.update(2)
    shown = capsys.readouterr().err
    assert "steps: 100%" in shown
    assert "4/4" in shown


def test_a_bar_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress_bar(range(3), desc="steps", shown=False)) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_only_this_module_knows_tqdm() -> None:
    users = [
        path.name for path in (ROOT / "spotnb").rglob("*.py") if re.search(r"import tqdm|from tqdm", path.read_text())
    ]
    assert users == ["progress.py"]


@pytest.mark.notebook
def test_a_saved_notebook_holds_no_bar(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True)
    seen: list[str] = []
    handle = client.process_message
    client.process_message = lambda message, *rest: seen.append(str(message["content"])) or handle(message, *rest)
    client.execute(env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=str(tmp_path))
    assert any("<progress" in each and "&lt;b&gt;bars" in each for each in seen)  # it was there
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert [output.ename for output in outputs if output.output_type == "error"] == ["RuntimeError"]
    for data in (output.get("data", {}) for output in outputs):
        assert not any("widget" in kind for kind in data)
        assert "%" not in "".join(map(str, data.values()))
    assert "widgets" not in notebook.metadata
    page, _ = HTMLExporter(embed_images=False).from_notebook_node(notebook)
    body = page[page.index("<body") :]
    shown = re.sub(r"<script.*?</script>|<style.*?</style>", "", body, flags=re.DOTALL)
    assert "after" in shown
    assert not re.search(r"\d%|it/s|<progress|widget-view", shown)
