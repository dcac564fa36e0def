"""Tables: nothing in a cell is run by a spreadsheet, and every value is read back as it was."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotnb import SpotnbError, sweep
from spotnb.research.table import escaped, read_table, unescaped, write_table
from tests.networks import FunctionModel, neighbourly

pandas = pytest.importorskip("pandas", reason="pandas is not installed: pip install 'spotnb[research]'")
FORMULAS = ["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋1", "－1", "＠1"]
ODD = [
    "",
    "'",
    "''",
    "'tis",
    "5",
    "1e3",
    "true",
    "null",
    "NaN",
    "NA",
    "[1]",
    '"x"',
    "a,b",
    'a"b',
    "a\nb",
    "a\r\nb",
    "🎸",
]
CELLS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.sampled_from(FORMULAS + ODD) | st.lists(st.integers(), max_size=2)
)  # fmt: skip


@given(CELLS)
def test_a_cell_is_read_back(value: Any) -> None:
    text = escaped(value)
    assert unescaped(text) == value
    assert type(unescaped(text)) is type(value)
    if isinstance(value, str):
        assert not text.lstrip(" ").startswith(tuple("=+-@\t\r\n＝＋－＠"))


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_text(formula: str) -> None:
    assert escaped(formula) == "'" + formula


def test_a_table_is_read_back(tmp_path: Path) -> None:
    table = pandas.DataFrame({"=name": FORMULAS + ODD, "n": np.arange(29), "x": np.linspace(-1, 0, 29)})
    write_table(table, tmp_path / "table.csv")
    back = read_table(tmp_path / "table.csv")
    assert list(back.columns) == ["=name", "n", "x"]
    assert back.values.tolist() == table.values.tolist()
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        for name, *_ in csv.reader(file):
            assert not name.lstrip(" ").startswith(tuple("=+-@\t\r\n"))


def test_a_prompt_does_not_run(tmp_path: Path) -> None:
    grid = {
        "prompt": FORMULAS[:4],
        "negative_prompt": "",
        "duration": 1.0,
        "steps": 1,
        "guidance_interval": [None, (0, 9)],
    }
    table = sweep(grid, tmp_path, model=FunctionModel(neighbourly), progress=False)
    assert table.error.isna().all()
    assert b"\n'=cmd|" in (tmp_path / "table.csv").read_bytes().replace(b"\r", b"").replace(b'"', b"")
    back = read_table(tmp_path / "table.csv")
    assert list(back.prompt) == list(table.prompt)
    assert list(back.negative_prompt) == [""] * 8
    assert list(back.guidance_interval) == list(table.guidance_interval) == [None, [0, 9]] * 4
    assert np.allclose(back.rms_db, table.rms_db)


@pytest.mark.parametrize("path", ["none.csv", ".", "bad.csv", 5, "a\0"])
def test_what_is_not_a_table_is_told(path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.csv").write_bytes(b"a,b\n1\n\xff")
    with pytest.raises(SpotnbError) as caught:
        read_table(path)
    assert "\n" not in str(caught.value)
