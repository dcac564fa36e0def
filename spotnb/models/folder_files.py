"""Single files of a model folder: where they are, how large they may be, and what is in a JSON file.

Anyone may have written the folder, so that a file is looked at before it is opened.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spotnb.errors import SpotnbError
from spotnb.models.families import PIECES
from spotnb.support.paths import show_path
from spotnb.support.reasons import reason_of

MOST_FILES = 200
"""The most files of a piece."""
LARGEST_CONFIG = 2**20
"""Bytes of the largest configuration."""
LARGEST_TEXT = 2**25
"""Bytes of the largest vocabulary or index, and of any other text."""
LONGEST_NAME = 50
"""Characters of the longest name of a weight in a message."""
WEIGHTS = frozenset({".safetensors", ".bin"})
IDS = (
    *("position_ids", "token_type_ids", "num_batches_tracked", "relative_position_index"),
    *(".attn.bias", ".attn.masked_bias"),  # masks of GPT-2
)
"""Ends of the names of whole numbers and flags that checkpoints hold in addition to weights."""


def where(path: Path) -> str:
    """Return the place of a file or a piece for a message: the model folder, and the place in it."""
    folder = path.parent.parent if path.parent.name in PIECES else path.parent
    return f"{show_path(folder)} ({path.relative_to(folder)})"


def named(names: list[str], most: int) -> str:
    """Return the first names, the long ones without their starts, and how many more there are."""
    brief = [name if len(name) <= LONGEST_NAME else f"...{name[3 - LONGEST_NAME :]}" for name in names[:most]]
    return ", ".join(brief) + (f" and {len(names) - most} more" if len(names) > most else "")


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder by name, links included. Folders in it are left out.

    Raises:
        SpotnbError: There are too many, or one is a pipe, a device or a link to nothing.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise SpotnbError(f"cannot read {where(folder)}: {reason_of(error)}") from None
    if len(entries) > MOST_FILES:
        raise SpotnbError(f"{where(folder)} has {len(entries)} files: expected at most {MOST_FILES}")
    for path in entries:
        if not path.is_dir():
            size_of(path)
            yield path


def size_of(path: Path, largest: int | None = None) -> int:
    """Return the bytes of a regular file, without opening it: opening a pipe would block forever.

    Raises:
        SpotnbError: It cannot be read, is not a file, or has more bytes than `largest`.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise SpotnbError(f"cannot read {where(path)}: {reason_of(error)}") from None
    if not stat.S_ISREG(status.st_mode):
        raise SpotnbError(f"{where(path)} is a pipe, a device or a socket: expected a file; fetch the model again")
    if largest is not None and status.st_size > largest:
        raise SpotnbError(
            f"{where(path)} has {status.st_size} bytes: expected at most {largest}; fetch the model again"
        )
    return status.st_size


def read_config(path: Path) -> dict[str, Any]:
    """Return the JSON object in a configuration.

    Raises:
        SpotnbError: The file is missing, too large, nested too deeply or not a JSON object.
    """
    return read_object(path, LARGEST_CONFIG)


def read_object(path: Path, largest: int) -> dict[str, Any]:
    """Return the JSON object in a file of at most `largest` bytes. Raises as `read_config`."""
    size_of(path, largest)
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise SpotnbError(f"cannot read {where(path)}: {reason_of(error)}") from None
    if not isinstance(content, dict):
        raise SpotnbError(f"cannot read {where(path)}: expected a JSON object, got a {type(content).__name__}")
    return content


def _no_constant(name: str) -> Any:
    raise ValueError(f"it holds {name}, which is not a number of JSON")
