"""Paths that no file can have are refused where they enter, and errors of the system say what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from spotnb.errors import InputError
from spotnb.support.files import system_error
from spotnb.support.paths import check_path


@pytest.mark.parametrize("text", ["x" * 300, "\U00020000" * 64, "folder/" * 1000], ids=["name", "bytes", "path"])
def test_a_path_that_is_too_long_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"file is '.*': expected a path that the file system permits; choose a shorter"
    ):
        check_path("file", tmp_path / text)


def test_a_long_path_that_the_system_permits_passes(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    assert check_path("file", path) == path


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.wav"), "the disk is full; free some space"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "a.wav"), "cannot use a.wav (permission denied): "),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "the system reports: input/output error; check the disk"),
        (OSError(errno.EBADF, os.strerror(errno.EBADF), 3), "cannot use 3 (bad file descriptor): "),
        (ConnectionError("the host does not answer"), "the system reports: the host does not answer; check"),
    ],
    ids=str,
)
def test_an_error_of_the_system_says_what_to_do(error: OSError, expected: str) -> None:
    assert system_error(error).startswith(expected)
