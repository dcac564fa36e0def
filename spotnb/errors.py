"""The errors that spotnb raises on purpose.

Every message is one line that says what was received, what was expected and what to do about it.
"""

from __future__ import annotations

LONGEST_MESSAGE = 200
"""Characters of the longest message. A notebook shows as many without scrolling."""


class SpotnbError(Exception):
    """An operation failed: a model cannot be read, a file cannot be written, or a network returned NaN."""

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class InputError(SpotnbError, ValueError):
    """A value passed by the caller is invalid. It is also a `ValueError`."""


def one_line(text: str) -> str:
    """Return a text on one line that every terminal can show, with its middle left out if it is too long.

    The end is kept, because a message ends with what to do.
    """
    line = " ".join(text.encode("utf-8", "backslashreplace").decode().split())
    if len(line) <= LONGEST_MESSAGE:
        return line
    head = LONGEST_MESSAGE * 3 // 5
    return f"{line[:head].rstrip()} ... {line[head + 5 - LONGEST_MESSAGE :].lstrip()}"
