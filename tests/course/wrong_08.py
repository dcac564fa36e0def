"""Wrong answers to the exercises of notebook 08, and what the feedback has to name."""

from __future__ import annotations

from typing import Any


def published(channels: tuple[int, ...], per_head: int) -> list[int]:
    return [8 for _ in channels]


def widths(channels: tuple[int, ...], per_head: int) -> list[int]:
    return [count // 8 for count in channels]


def repeated(channels: tuple[int, ...], per_head: int) -> list[int]:
    return [per_head for _ in channels]


def always_32(channels: tuple[int, ...], per_head: int) -> list[int]:
    return [count // 32 for count in channels]


WRONG: dict[str, list[tuple[Any, str]]] = {
    "08-1": [
        (published, "8 at every level"),
        (widths, "if there were 8 heads"),
        (repeated, "channels per head: how many"),
        (always_32, "right for two of the three"),
    ],
    "08-2": [
        (8 * 1500 * 16, "25 frames per second"),
        (1536 * 16, "one channel"),
        (8 * 1536, "one bin"),
        (4 * 8 * 1536 * 16, "bytes in float32"),
    ],
    "08-3": [
        ("spotnb", "Apache-2.0, which allows"),
        ("diffusers", "not part of it"),
        ("nothing", "the license of the code"),
        ("prompt", "other questions"),
    ],
    "08-4": [
        ("error", "loads without an error"),
        ("shapes", "All shapes are the same"),
        ("parameters", "number of parameters"),
        ("speed", "speed may differ"),
    ],
}
