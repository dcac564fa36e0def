"""Values that nobody should pass, and somebody will."""

from __future__ import annotations

import datetime
import decimal
import fractions
import itertools
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

Make = Callable[[], Any]


class Hostile:
    """An object that raises an error whatever one asks it."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    __hash__ = object.__hash__

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("no items")

    def __fspath__(self) -> str:
        raise RuntimeError("no path")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("no array")

    def __float__(self) -> float:
        raise RuntimeError("no number")

    def __index__(self) -> int:
        raise RuntimeError("no index")

    def __bool__(self) -> bool:
        raise RuntimeError("neither true nor false")


class Lying(list[int]):
    """A list whose length is wrong, and whose text has many lines."""

    def __len__(self) -> int:
        return 10**9

    def __repr__(self) -> str:
        return "one\n" * 10_000


def nested(depth: int) -> list[Any]:
    """Return a list in a list in a list, deeper than Python's stack."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


NO_PLACE = "/proc" if Path("/proc").is_dir() else "/"
"""A folder in which no test can create a file, not even as root, where there is /proc."""

JUNK: dict[str, Make] = {
    "none": lambda: None,
    "true": lambda: True,
    "zero": lambda: 0,
    "minus one": lambda: -1,
    "seven": lambda: 7,
    "2**63": lambda: 2**63,
    "10**400": lambda: 10**400,
    "-10**5000": lambda: -(10**5000),
    "half": lambda: 0.5,
    "tiny": lambda: 5e-324,
    "huge": lambda: 1e308,
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "-inf": lambda: -math.inf,
    "complex": lambda: 1j,
    "fraction": lambda: fractions.Fraction(1, 3),
    "decimal": lambda: decimal.Decimal("NaN"),
    "np.float16": lambda: np.float16(2),
    "np.int8": lambda: np.int8(-3),
    "empty text": lambda: "",
    "blank": lambda: " \n\t",
    "word": lambda: "junk",
    "number as text": lambda: "7",
    "half a character": lambda: "\udcff",
    "null character": lambda: "a\0b",
    "long text": lambda: "x" * 1_000_000,
    "no user": lambda: "~nosuchuser/x",
    "folder": lambda: NO_PLACE,
    "device": lambda: Path("/dev/null"),
    "no file": lambda: Path(NO_PLACE, "nonexistent", "x.npz"),
    "bytes": lambda: b"\xff\0",
    "empty list": list,
    "list": lambda: [1, 2, 3],
    "list of texts": lambda: ["a", None],
    "nested list": lambda: nested(5000),
    "lying list": lambda: Lying([1, 2]),
    "dict": lambda: {"a": 1},
    "empty dict": dict,
    "set": lambda: {1, 2},
    "pair": lambda: (2, 1),
    "range": lambda: range(10**9),
    "endless": itertools.count,
    "object": object,
    "hostile": Hostile,
    "class": lambda: int,
    "function": lambda: lambda *args, **kwargs: None,
    "module": lambda: sys,
    "date": lambda: datetime.datetime(2026, 1, 1),
    "scalar array": lambda: np.array(3),
    "empty array": lambda: np.zeros(0),
    "matrix": lambda: np.zeros((2, 3)),
    "4-d array": lambda: np.zeros((1, 2, 3, 4), np.float32),
    "int array": lambda: np.arange(5),
    "text array": lambda: np.array(["a"]),
    "object array": lambda: np.array([object(), None]),
    "complex array": lambda: np.array([1j]),
    "array with nan": lambda: np.array([0.5, math.nan]),
    "masked array": lambda: np.ma.masked_array([0.5, 0.1], [True, False]),
    "array of dates": lambda: np.array(["2026-01-01"], "datetime64[D]"),
    "tensor": lambda: torch.tensor([0.5, math.nan]),
    "4-d tensor": lambda: torch.zeros(2, 2, 2, 2),
    "half tensor": lambda: torch.zeros(3, dtype=torch.bfloat16),
    "meta tensor": lambda: torch.zeros(3, device="meta"),
    "sparse tensor": lambda: torch.eye(3).to_sparse(),
    "tensor with gradient": lambda: torch.zeros(3, requires_grad=True),
}
