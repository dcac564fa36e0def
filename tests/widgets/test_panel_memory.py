"""The memory that the panel tells before a run is what the process takes at its peak."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")

CODE = """
import torch
torch.set_num_threads(1)
from spotnb.widgets.panel import SamplerPanel
panel = SamplerPanel()
panel.form.duration.value, panel.form.steps.value = 8, 4
panel._foresight.cancel()
panel._foresight.tell()
print(panel.status.cost)
panel.run()
panel.wait()
assert panel.waveform is not None, panel.status.trouble
print(open("/proc/self/status").read())
"""


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_the_memory_told_is_the_memory_taken() -> None:
    """In a process of its own, whose peak is that of this run. It takes the embedded model, whose memory is told."""
    run = subprocess.run(
        [sys.executable, "-c", CODE], check=True, capture_output=True, text=True, timeout=300, env=os.environ
    )
    told = re.search(r"([\d.]+) ([MG])B of memory at the peak", run.stdout)
    taken = re.search(r"VmHWM:\s+(\d+) kB", run.stdout)
    assert told is not None
    assert taken is not None
    said = float(told[1]) * {"M": 1e6, "G": 1e9}[told[2]]
    assert said == pytest.approx(int(taken[1]) * 1000, rel=0.2)
