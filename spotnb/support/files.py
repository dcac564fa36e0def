"""Atomic file writes: a file appears complete or not at all, because it is renamed into place when finished."""

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

    The temporary file is in the same folder, because a rename across file systems is not atomic, and has the same
    suffix, because many writers choose a format by it. A missing folder is created. After an error, the temporary file
    is removed and an existing file at `path` is unchanged. If the process is killed, a hidden `.spotnb-*` file may
    remain.

    Raises:
        SpotnbError: the file cannot be written. Where possible, this is raised before the block begins.
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
    """Check that `path` can be written, before the work whose result goes there. A missing folder is created.

    Raises:
        SpotnbError: the file cannot be written.
    """
    try:
        with atomic_write(path):
            raise _Unused
    except _Unused:
        pass


class _Unused(Exception):
    """Leaves an `atomic_write` block without replacing the file."""
