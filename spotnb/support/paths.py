"""The one way in for paths of files and folders."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from spotnb.errors import InputError
from spotnb.support.checks import check_text, show

SHOWN = 60
"""The most characters of a path in an error message."""


def check_path(name: str, value: Any) -> Path:
    """Return `value` as a path with `~` expanded. Whether it exists is not checked.

    Raises:
        InputError: `value` is not a path, is empty or longer than the file system permits, holds a character that no
            path can have, or starts with the home folder of an unknown user.
    """
    if not isinstance(value, str | os.PathLike):
        raise InputError(f"{name} is {show(value)}: expected a path, as a text or a pathlib.Path")
    try:
        text = os.fspath(value)
    except Exception as error:  # whatever a caller's own class raises
        raise InputError(f"{name} is {show(value)}, which gives no path ({show(error)}): pass a text") from None
    text = check_text(name, text, hint="give a path as a text or a pathlib.Path", blank=False)
    if "\0" in text:
        raise InputError(f"{name} is {show(text)}: expected a path without a null character; type it again")
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        user = Path(text).parts[0]
        raise InputError(f"{name} is {show(text)}: there is no home folder of {show(user)}; write it out") from None
    if _is_too_long(path):
        raise InputError(f"{name} is {show(text)}: expected a path that the file system permits; choose a shorter one")
    return path


def _is_too_long(path: Path) -> bool:
    """Return whether the file system refuses a path for its length, which only it knows."""
    try:
        path.lstat()
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG
    return False


def show_path(path: os.PathLike[str]) -> str:
    """Return a path on one line, with its middle left out if it is long, for use in an error message."""
    text = " ".join(str(path).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 3]}...{text[3 + SHOWN // 3 - SHOWN :]}"
