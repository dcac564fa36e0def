"""Files that are whole or absent: written under a temporary name beside their place, then renamed into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from spotnb.errors import SpotnbError


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path to write to; it becomes `path` when the block ends without an error.

    The temporary file stands in the same folder (a rename across file systems is not atomic), which is made if missing,
    and has the same suffix, by which many writers choose a format. After an error it is removed, and a file that was at
    `path` before is as it was; after a kill, a hidden `.spotnb-*` file may stay behind.
    Raises `SpotnbError`, in one line, if the file cannot be written: where possible before the block begins.
    """
    target = Path(path).expanduser()
    temporary = target.parent / f".spotnb-{uuid4().hex[:12]}{target.suffix}"
    try:
        if target.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
        yield temporary
        os.replace(temporary, target)
    except OSError as error:
        where = f" at {error.filename}" if error.filename not in (None, str(temporary)) else ""
        reason = f"{error.strerror or error}{where}"
        raise SpotnbError(f"cannot write {target}: {reason}; choose a path that can be written to") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def require_writable(path: str | os.PathLike[str]) -> None:
    """Raise the error of `atomic_write` now, before the work whose result shall go to `path`. Makes the folder."""
    try:
        with atomic_write(path):
            raise _Unused
    except _Unused:
        pass


class _Unused(Exception):
    """Leaves an `atomic_write` without replacing anything."""
