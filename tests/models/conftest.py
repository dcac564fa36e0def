"""A model folder that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.models.components import make_components, save_folder


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("saved") / "model", make_components(seed=1))


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "m"))
