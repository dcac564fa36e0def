"""The errors that spotnb raises on purpose.

Every message is one line that names what came, what was expected and what to do.
"""

from __future__ import annotations


class SpotnbError(Exception):
    """Something spotnb could not do: a model that cannot be read, a file that cannot be written, a NaN."""


class InputError(SpotnbError, ValueError):
    """A value from the caller is outside its limits. Also a `ValueError`."""
