"""The errors that spotnb raises on purpose.

Every message is one line that says what was received, what was expected and what to do about it.
"""

from __future__ import annotations


class SpotnbError(Exception):
    """An operation failed: a model cannot be read, a file cannot be written, or a network returned NaN."""


class InputError(SpotnbError, ValueError):
    """A value passed by the caller is invalid. It is also a `ValueError`."""
