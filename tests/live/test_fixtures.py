"""The fixtures for JavaScript match the current results of Python, to rounding."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from tests.live.fixtures import FIXTURES, FOLDER

VECTORIZED = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
"""Elsewhere, torch draws noise that differs in its last bits."""


def compare(stored: Any, found: Any, where: str) -> None:
    if isinstance(stored, dict):
        assert stored.keys() == found.keys(), where
        for key, value in stored.items():
            if key != "sha256" or VECTORIZED:
                compare(value, found[key], f"{where}, {key}")
    elif isinstance(stored, list):
        assert len(stored) == len(found), where
        for index, (value, other) in enumerate(zip(stored, found, strict=True)):
            compare(value, other, f"{where}, {index}")
    elif isinstance(stored, float):
        assert found == pytest.approx(stored, rel=2e-5, abs=2e-5), where
    else:
        assert stored == found, where


@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_is_up_to_date(name: str) -> None:
    stored = json.loads((FOLDER / name).read_text("utf-8"))
    compare(stored, FIXTURES[name](), f"{name} is out of date: run python -m tests.live.fixtures")
