"""File names from prompts, so that no sound is written over another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

LONGEST = 60


def file_name(text: str, longest: int = LONGEST) -> str:
    """Return a file name for a text: its letters and digits, joined by hyphens, or "sound" if it has none."""
    return re.sub(r"\W+", "-", text.lower()).strip("-_")[:longest].strip("-_") or "sound"


def free_stem(
    folder: Path, stem: str, suffixes: Iterable[str], *, owned: Callable[[str], bool] = lambda _: False
) -> str:
    """Return the first of `stem`, `stem-2`, `stem-3` and so on that can be written without losing a file.

    Args:
        folder: The folder of the files.
        stem: The file name without a suffix.
        suffixes: The suffixes of all files that will be written.
        owned: Returns whether the existing files of a stem may be replaced.
    """
    endings, candidate, count = list(suffixes), stem, 1
    while any((folder / f"{candidate}{ending}").exists() for ending in endings) and not owned(candidate):
        count += 1
        candidate = f"{stem}-{count}"
    return candidate
