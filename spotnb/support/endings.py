"""The end of Python, which does not wait for daemon threads: one that it stops inside PyTorch aborts the process.

Whatever computes in a daemon thread registers here, is halted when the interpreter exits, and is waited for.
"""

from __future__ import annotations

import atexit
import logging
import time
from typing import Final, Protocol
from weakref import WeakSet, finalize

log = logging.getLogger(__name__)

PATIENCE: Final = 10.0
"""Seconds that an exiting process waits for all threads together. With a small model, no work takes as long."""


class Computing(Protocol):
    """Something that computes in a daemon thread."""

    def halt(self) -> None:
        """Begin no more work, and leave what is under way as soon as possible. Call it any number of times."""

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the thread has ended, or for some seconds."""


_computing: WeakSet[Computing] = WeakSet()


def end_before_python(each: Computing) -> None:
    """Halt and wait for `each` when the interpreter exits, if it still exists then."""
    _computing.add(each)


finalize(Computing, int).detach()  # registers the exit hook of all finalizers, which must run after `_end`


@atexit.register
def _end() -> None:
    every = list(_computing)
    for each in every:
        try:
            each.halt()
        except Exception:  # the others must be halted too
            log.debug("%r cannot be halted", each, exc_info=True)
    latest = time.monotonic() + PATIENCE
    for each in every:
        each.wait(max(0.0, latest - time.monotonic()))
