"""What every test runs under: one thread (bit-for-bit needs a fixed count), no network, no display.

Also the marker that each folder's tests get, and the order in which files run.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.effort import load_profile

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is imported
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as many processes as cores run tests already
# Its import compiles a grammar for seconds. nbformat imports it through jsonschema, which does without.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

load_profile()
pytest.register_assert_rewrite("tests.notebooks.execution")

HERE = Path(__file__).parent
MARKED = ("audioldm", "browser", "training")
"""Folders whose tests all have the marker of that name. The other markers stand at their tests."""
ORDER = (
    *("tests/tiling", "tests/solvers"),  # what everything rests on
    *("tests/notebooks/test_notebooks", "tests/browser", "tests/notebooks", "tests/training", "tests/audioldm"),  # long
)
"""Files in this order, then all others: short ones at the end keep all workers busy."""


def room(nodeid: str) -> str:
    """The folder in tests/ that a test is in, or an empty text."""
    parts = nodeid.partition("::")[0].split("/")
    return parts[1] if parts[0] == "tests" and len(parts) > 2 else ""


def pytest_collection(session: pytest.Session) -> None:
    if not session.config.getoption("numprocesses", None):  # else the workers run the tests, and this process waits
        import torch

        torch.set_num_threads(1)


@pytest.hookimpl(tryfirst=True)  # before -m takes its choice
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if (folder := room(item.nodeid)) in MARKED:
            item.add_marker(folder)
    items.sort(key=lambda item: rank(item.nodeid))


def rank(nodeid: str) -> int:
    return next((number for number, start in enumerate(ORDER) if nodeid.startswith(start)), len(ORDER))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write what each notebook took, measured by whichever test or worker ran it, to out/notebooks.json."""
    passed = terminalreporter.stats.get("passed", [])
    rows = [row for report in passed for name, row in report.user_properties if name == "notebook"]
    if rows:
        table = {name: [seconds, peak] for name, seconds, peak in sorted(rows)}
        whole = {"together_s": round(sum(seconds for seconds, _ in table.values()), 1)}
        out = HERE.parent / "out" / "notebooks.json"
        out.parent.mkdir(exist_ok=True)
        out.write_text(json.dumps(whole | table, indent=1))
