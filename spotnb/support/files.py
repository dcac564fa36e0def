"""Atomic file writes: a file appears complete or not at all, because it is renamed into place when finished."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from spotnb.errors import SpotnbError
from spotnb.support.paths import check_path, show_path
from spotnb.support.reasons import reason_of

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DISK_FULL = "the disk is full; free some space, or choose another disk"


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path to write to; it becomes `path` when the block ends without an error.

    The temporary file is in the same folder, because a rename across file systems is not atomic, and has the same
    suffix, because many writers choose a format by it. A missing folder is created. A link stays a link, to the new
    content, and the permissions of an existing file are kept. After an error, the temporary file is removed and an
    existing file at `path` is unchanged. If the process is killed, a hidden `.spotnb-*` file may remain.

    Raises:
        InputError: `path` is not a path.
        SpotnbError: The file cannot be written. Where possible, this is raised before the block begins.
    """
    named = check_path("path", path)
    temporary = named
    try:
        target = Path(os.path.realpath(named)) if named.is_symlink() else named
        temporary = target.parent / f".spotnb-{uuid4().hex[:12]}{target.suffix}"
        if target.is_symlink():
            raise OSError(errno.ELOOP, "it is a link that leads back to itself")
        if target.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        if target.exists() and not target.is_file():
            raise OSError(None, "it is a device, a pipe or a socket")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        if mode is not None:
            temporary.chmod(mode | stat.S_IWUSR)
        yield temporary
        _flush(temporary)
        if mode is not None:
            temporary.chmod(mode)
        os.replace(temporary, target)
    except OSError as error:
        raise SpotnbError(f"cannot write {show_path(named)}: {_reason(error, temporary)}") from error
    finally:
        if temporary != named:
            with suppress(OSError):
                temporary.unlink()


def write_bytes(path: str | os.PathLike[str], content: bytes | memoryview) -> None:
    """Write a file as `atomic_write` does, which also says what is raised."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def _flush(path: Path) -> None:
    """Wait until a file is on the disk. Some file systems report only then that there is no space for it."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _reason(error: OSError, temporary: Path) -> str:
    if error.errno in FULL:
        return DISK_FULL
    where = "" if error.filename in (None, str(temporary)) else f" at {show_path(Path(str(error.filename)))}"
    return f"{error.strerror or error}{where}; choose a path that can be written to"


def system_error(error: OSError) -> str:
    """Return an error of the operating system in one sentence, with what was expected and what to do."""
    if error.errno in FULL:
        return DISK_FULL
    if error.filename is None:
        return f"the system reports: {reason_of(error)}; check the disk and the connection, and try again"
    path = show_path(Path(str(error.filename)))
    return f"cannot use {path} ({reason_of(error)}): expected a path that can be read and written; choose another one"


def require_writable(path: str | os.PathLike[str]) -> None:
    """Check that `path` can be written, before the work whose result goes there. A missing folder is created.

    Raises:
        InputError: `path` is not a path.
        SpotnbError: The file cannot be written.
    """
    try:
        with atomic_write(path):
            raise _Unused
    except _Unused:
        pass


class _Unused(Exception):
    """Leaves an `atomic_write` block without replacing the file."""
