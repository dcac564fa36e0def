"""The fixtures for JavaScript match the current results of Python."""

from __future__ import annotations

import pytest

from tests.widgets.fixtures import FIXTURES, FOLDER, text


@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text() == text(name), "run: python -m tests.widgets.fixtures"
