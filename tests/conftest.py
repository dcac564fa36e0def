"""The environment of all tests: one thread (bitwise equality needs a fixed count), no network, no display.

This file also gives markers to folders, and sets the order in which files run.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.effort import load_profile

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is imported
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # tests already run in several processes
os.environ["OMP_NUM_THREADS"] = "1"  # and those that they start spin where threads outnumber cores
# Processes that fill one cache of numba's at the same time may load each other's half of a function, and crash:
# https://github.com/numba/numba/issues/10128
CACHE = Path(__file__).parents[1] / ".pytest_cache" / "numba" / os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["NUMBA_CACHE_DIR"] = str(CACHE)
# Its import compiles a grammar, which takes seconds. nbformat imports it through jsonschema, which works without it.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

load_profile()
pytest.register_assert_rewrite("tests.notebooks.execution")

HERE = Path(__file__).parent
MARKED = ("audioldm", "browser", "training")
"""Folders whose tests all have the marker of that name. The other markers stand at their tests."""
ORDER = (
    *("tests/tiling", "tests/solvers"),  # everything else depends on these
    *("tests/notebooks/test_notebooks", "tests/browser", "tests/notebooks", "tests/training", "tests/audioldm"),  # slow
)
"""The first files, by the start of their names. All other files follow: short ones at the end keep all workers busy."""


@pytest.fixture(autouse=True)
def nothing_loads_afterwards() -> Iterator[None]:
    """Wait for threads that load a model: meanwhile the libraries, which the next test may use, are not themselves."""
    yield
    if (module := sys.modules.get("spotnb.models.folder_load")) is not None:
        with module.loading():
            pass


def room(nodeid: str) -> str:
    """Return the folder in tests/ that holds a test, or an empty string."""
    parts = nodeid.partition("::")[0].split("/")
    return parts[1] if parts[0] == "tests" and len(parts) > 2 else ""


def pytest_collection(session: pytest.Session) -> None:
    if not session.config.getoption("numprocesses", None):  # otherwise the workers run the tests
        import torch

        torch.set_num_threads(1)


@pytest.hookimpl(tryfirst=True)  # before -m selects tests
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if (folder := room(item.nodeid)) in MARKED:
            item.add_marker(folder)
    items.sort(key=lambda item: rank(item.nodeid))


def rank(nodeid: str) -> int:
    return next((number for number, start in enumerate(ORDER) if nodeid.startswith(start)), len(ORDER))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write the seconds and megabytes of all notebooks to out/notebooks.json, from the reports of all workers."""
    passed = terminalreporter.stats.get("passed", [])
    rows = [row for report in passed for name, row in report.user_properties if name == "notebook"]
    if rows:
        table = {name: [seconds, peak] for name, seconds, peak in sorted(rows)}
        whole = {"together_s": round(sum(seconds for seconds, _ in table.values()), 1)}
        out = HERE.parent / "out" / "notebooks.json"
        out.parent.mkdir(exist_ok=True)
        out.write_text(json.dumps(whole | table, indent=1))
