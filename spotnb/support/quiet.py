"""Warnings that are not shown while something runs, in any number of threads at once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock


class _Filters:
    """The filters of warnings, which all threads share: as they were once the last of those inside has left.

    `warnings.catch_warnings` puts back what it found. If two threads overlap, that of the second would be what the
    first had set only for the time being, and the user's own warnings would stay hidden for the rest of the process.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._before = Lock(), 0, ExitStack()

    def enter(self, message: str, category: type[Warning]) -> None:
        with self._lock:
            if not self._inside:
                self._before.enter_context(warnings.catch_warnings())
            self._inside += 1
            warnings.filterwarnings("ignore", message, category)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._before.close()


_filters = _Filters()


@contextmanager
def without_warnings(message: str = "", category: type[Warning] = Warning) -> Iterator[None]:
    """Ignore warnings of a category whose text begins with `message`, a regular expression (default: all of them)."""
    _filters.enter(message, category)
    try:
        yield
    finally:
        _filters.leave()
