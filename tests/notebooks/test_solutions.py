"""The solutions of the course's exercises run from top to bottom, and every answer in them is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebooks.execution import SOLUTIONS, Note, assert_runs_without_a_warning, name_of, small_machine


@small_machine
@pytest.mark.parametrize("path", SOLUTIONS, ids=name_of)
def test_runs_without_a_warning_on_a_small_machine(path: Path, record_property: Note) -> None:
    assert_runs_without_a_warning(path, record_property)
