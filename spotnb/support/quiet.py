"""Warnings that are not shown while something runs in one thread, whatever other threads do meanwhile.

`warnings.catch_warnings` changes the filters of the whole process and puts back what it found. If two threads overlap,
the later one puts back what the earlier one had set for a time, and the user's own warnings stay hidden for good.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Here(threading.local):
    """What is ignored in this thread. It stands in a filter in the place of a pattern, which `warnings` asks to match.

    The filter stays for good: outside `without_warnings`, it matches nothing.
    """

    ignored: tuple[re.Pattern[str], ...] = ()

    def match(self, text: str) -> bool:
        """Whether a warning with this text is ignored."""
        return any(pattern.match(text) for pattern in self.ignored)


_filters: dict[type[Warning], tuple[str, _Here, type[Warning], None, int]] = {}


@contextmanager
def without_warnings(message: str = "", category: type[Warning] = Warning) -> Iterator[None]:
    """Ignore warnings of a category in this thread, if their text begins with `message`, a regular expression."""
    pattern = re.compile(message, re.IGNORECASE)
    own = _filters.setdefault(category, ("ignore", _Here(), category, None, 0))
    filters: Any = warnings.filters
    if not filters or filters[0] is not own:  # the first one that fits a warning decides
        filters[:] = [own, *(each for each in filters if each is not own)]
    here, before = own[1], own[1].ignored
    try:
        here.ignored = (*before, pattern)
        yield
    finally:
        here.ignored = before
