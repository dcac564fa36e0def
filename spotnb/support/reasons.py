"""Errors of libraries, turned into the reason that one of our messages states.

A library's error is written for its own callers. Some advise them to switch a protection off, such as
`weights_only=False` or `trust_remote_code=True`, which nobody who opens a stranger's file should read.
"""

from __future__ import annotations

import json
import pickle
import re
from typing import Any

LONGEST = 60
"""Characters of the longest reason, which leaves room for the rest of a message."""

_ADVICE = re.compile(
    r"""\w\s*=\s*['"`]?(true|false|none)\b      # an option to set
    | weights_only | trust_remote | remote[ ]code | pickle | custom[ ]code | arbitrary | untrusted | unsafe | malicious
    | \b(pip|conda)[ ]install | allowlist | safe_globals | https?://""",
    re.IGNORECASE | re.VERBOSE,
)
_KNOWN: dict[type[BaseException], str] = {
    RecursionError: "it is nested too deeply",
    MemoryError: "it needs more memory than there is",
}


def reason_of(error: BaseException) -> str:
    """Return why an operation of a library failed, on one line of at most 60 characters, for one of our messages.

    The first sentence of the error is quoted, unless it is long, empty, or advises how to load unsafe files.
    """
    text = _text(error)
    if isinstance(error, pickle.UnpicklingError) or re.search(r"weights_only|unpickl|pickle", text, re.IGNORECASE):
        return "it holds Python objects, and only tensors are read"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno} is not JSON"
    for kind, reason in _KNOWN.items():
        if isinstance(error, kind):
            return reason
    sentence = re.split(r"(?<=[.!?;])\s", " ".join(text.split()), maxsplit=1)[0].rstrip(".:;")
    if not sentence or _ADVICE.search(sentence) or not sentence.isprintable():
        return f"an error of the type {type(error).__name__}"
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 3].rstrip() + "..."


def _text(error: Any) -> str:
    """Return the first non-empty line of an error's text, and nothing if the error cannot be shown."""
    try:
        return next((line for line in str(error).splitlines() if line.strip()), "")
    except Exception:
        return ""
