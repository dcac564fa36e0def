"""Wrong answers to the exercises of notebook 00, and what the feedback has to name."""

from __future__ import annotations

from typing import Any

WRONG: dict[str, list[tuple[Any, str]]] = {
    "00-1": [
        ("reflect", "fit their own mirror images"),
        ("both", "far from 1"),
        ("neither", "near 1"),
    ],
    "00-2": [
        ("reflect", "filled up with mirrored frames"),
        ("anchor", "borrow real neighboring frames"),
        ("circular", "not one of the three"),
    ],
}
