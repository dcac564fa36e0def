"""One picture per plot in a notebook, whatever ends the cell, and no figures that pile up in a script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

SETUP = """
import numpy as np, matplotlib.pyplot as plt
from IPython.display import display
from spotnb.plots.sound import plot_latent, plot_mel, plot_run, plot_waveform
from spotnb.plots.layouts import plot_seams, plot_tile_map, plot_layout
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan
wave = np.zeros(16000, np.float32)
layouts = [plan(768, SpotDiffusionConfig(128), step) for step in range(3)]
"""
CELLS = {
    "plot_run(wave)": 1,
    "plot_run(wave);": 1,
    "fig = plot_run(wave)": 1,
    "fig": 1,  # in a later cell, once more
    "fig = plot_run(wave)\nfig": 1,
    "plot_run(wave)\nplt.show()": 1,
    "display(plot_run(wave))": 1,
    "fig = plot_run(wave)\nplt.title('later')\nfig": 1,
    "plot_mel(wave)": 1,
    "plot_waveform(wave)[0]": 1,
    "plot_tile_map(layouts)\nplot_seams(layouts)": 2,
    "plot_layout(layouts[0])\nplot_mel(wave)\nplt.show()": 2,
    "fig, axes = plt.subplots(2)\nfor ax in axes: plot_mel(wave, ax=ax)\nplt.show()": 1,
    "fig, ax = plt.subplots()\nplot_mel(wave, ax=ax)": 1,
    "for _ in range(22): plot_waveform(wave)": 22,
    "plt.get_fignums()": 0,
}


def executed(cells: list[str], folder: Path) -> NotebookNode:
    """Return a notebook after its run in a kernel with the inline backend, as a reader has it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])})
    return notebook


@pytest.mark.notebook
def test_a_cell_shows_each_plot_once(tmp_path: Path) -> None:
    setup, *cells = executed([SETUP, *CELLS], tmp_path).cells
    assert not setup.outputs
    shown = {cell.source: sum("image/png" in output.get("data", ()) for output in cell.outputs) for cell in cells}
    assert shown == CELLS
    assert not [output.text for cell in cells for output in cell.outputs if output.get("name") == "stderr"]
    assert cells[-1].outputs[0].data["text/plain"] == "[]"


@pytest.mark.parametrize("backend", ["", "agg", "svg"])
def test_a_script_of_many_plots_keeps_none_open(backend: str, tmp_path: Path) -> None:
    script = SETUP.replace("from IPython.display import display", "") + (
        "figures = [plot_run(wave) for _ in range(22)] + [plot_mel(wave)[0] for _ in range(22)]\n"
        "plt.show()\n"
        "assert not plt.get_fignums()\n"
        "figures[0].savefig('picture.png')\n"
        "fig, ax = plt.subplots(); assert plot_mel(wave, ax=ax)[0] is fig; assert plt.get_fignums() == [1]\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("DISPLAY", None)
    environment.pop("MPLBACKEND", None)
    environment |= {"MPLBACKEND": backend} if backend else {}
    command = [sys.executable, "-W", "error::RuntimeWarning", "-W", "error:More than 20", "-c", script]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "picture.png").stat().st_size > 1000
