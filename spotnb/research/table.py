"""Tables in CSV that a spreadsheet shows as text, and that are read back as they were.

A spreadsheet runs a cell that starts with `=` or a similar character, and whoever wrote a prompt may have chosen it.
Such a text gets an apostrophe in front, and so does a text that would be read back as something else.
"""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from spotnb.errors import SpotnbError
from spotnb.support.files import atomic_write
from spotnb.support.paths import check_path, show_path

if TYPE_CHECKING:
    import pandas as pd

ESCAPE = "'"
FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What starts a formula, also in the full width of East Asian keyboards."""


def escaped(value: Any) -> str:
    """Return a cell as a text that no spreadsheet runs."""
    if isinstance(value, str):
        plain = not value.lstrip(" ").startswith((*FORMULA_STARTS, ESCAPE)) and _parsed(value) == value
        return value if plain else ESCAPE + value
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else json.dumps(value)


def unescaped(text: str) -> Any:
    """Return the value of a cell that `escaped` has written."""
    return text[1:] if text.startswith(ESCAPE) else _parsed(text)


def _parsed(text: str) -> Any:
    """Return the number, the list or the other JSON value that a text is, None if it is empty, or the text."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def write_table(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table to a CSV file.

    Raises:
        SpotnbError: The file cannot be written.
    """
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for row in (table.columns, *_rows(table)):
            writer.writerow([escaped(value) for value in row])


def _rows(table: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    rows: Iterable[tuple[Any, ...]] = table.astype(object).itertuples(index=False, name=None)
    return rows


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table that `sweep` has written, with the texts as they were.

    Raises:
        InputError: `path` is not a path.
        SpotnbError: The file cannot be read, or is not a table.
    """
    import pandas

    file = check_path("path", path)
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            names, *rows = ([unescaped(cell) for cell in row] for row in csv.reader(opened))
        return pandas.DataFrame(rows, columns=names)
    except (OSError, ValueError, csv.Error) as error:
        raise SpotnbError(
            f"cannot read the table {show_path(file)} ({error}): pass the table.csv of a sweep"
        ) from error
