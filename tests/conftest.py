"""What every test runs under: one thread (bit-for-bit needs a fixed count), no network, no display.

Also the marker that each folder's tests get, and the order of the files.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is imported
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
import torch

from tests.effort import load_profile

torch.set_num_threads(1)
load_profile()

MARKERS = {"audioldm": "audioldm", "browser": "browser", "notebooks": "notebook", "training": "training"}
"""The marker of all tests in a folder. `cluster` stands at its tests."""

HERE = Path(__file__).parent


def room(path: Path) -> str:
    """The folder in tests/ that a file is in, or an empty text."""
    return path.relative_to(HERE).parts[0] if path.is_relative_to(HERE) else ""


@pytest.hookimpl(tryfirst=True)  # before -m takes its choice
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if room(item.path) in MARKERS:
            item.add_marker(MARKERS[room(item.path)])
