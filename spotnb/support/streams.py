"""Standard streams that are closed, full, or cannot show every character."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from spotnb.errors import SpotnbError

CLOSED_PIPE = 141  # the exit code of a program that a shell ends because nobody reads its output


def prepare_streams() -> None:
    """Make closed streams swallow text, and replace characters that a stream cannot show by their codes."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # its number would go to the next file that is opened, and be written to
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError, OSError):  # a stream that has been replaced
            getattr(stream, "reconfigure")(errors="backslashreplace")  # noqa: B009  only real files have it
    sys.stderr = _Forgiving(sys.stderr)


class _Forgiving:
    """A stream for messages and bars that are dropped if they cannot be written, because the work matters more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def flush_output() -> None:
    """Write all output now, so that an error can be reported.

    Raises:
        BrokenPipeError: Nobody reads the output.
        SpotnbError: The output cannot be written.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard(sys.stdout)
        raise SpotnbError(f"cannot write the output: {error.strerror or error}; write it to another place") from error


def discard_output() -> None:
    """Drop the output that is left. Otherwise, Python would try to write it once more when it exits, and complain."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            _discard(stream)


def _discard(stream: TextIO) -> None:
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
