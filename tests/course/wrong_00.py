"""Wrong answers to the exercises of notebook 00, and what the feedback has to name."""

from __future__ import annotations

from typing import Any

WRONG: dict[str, list[tuple[Any, str]]] = {
    "00-1": [
        ([2, 3], "occur twice"),
        ([1, 2], "goes to the right"),
        ([6, 7, 8], "a shift of 3"),
        ([6, 7], "counted from 0"),
        ([2, 3, 7, 8], "the others occur twice"),
        ([8], "a frame that the roll moves"),
    ],
    "00-2": [
        ("reflect", "fit their own mirror images"),
        ("both", "far from 1"),
        ("neither", "near 1"),
    ],
    "00-3": [
        ("reflect", "filled up with mirrored frames"),
        ("anchor", "borrow real neighboring frames"),
        ("circular", "not one of the three"),
    ],
}
