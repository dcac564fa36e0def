"""What a model says of itself and of a text, checked, and the error for a method that returns something else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from spotnb.errors import SpotnbError
from spotnb.support.checks import show


def wrong_result(model: Any, method: str, came: str, expected: str) -> SpotnbError:
    """Return the error for what a method of a model returned."""
    return SpotnbError(f"{method} of {show(model.name)[:40]} returned {came}: expected {expected}; correct the model")


def check_description(model: Any, facts: Any) -> Mapping[str, Any]:
    """Return what `describe` returned.

    Raises:
        SpotnbError: It cannot be stored in a manifest, or has no name.
    """
    if not isinstance(facts, Mapping) or not isinstance(facts.get("name"), str) or not _is_json(facts):
        expected = "a dict that JSON can hold, with a text as 'name'"
        raise wrong_result(model, "describe", show(facts), expected)
    return facts


def _is_json(facts: Mapping[str, Any]) -> bool:
    try:
        json.dumps(dict(facts), allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def check_words(model: Any, method: str, words: Any) -> tuple[str, ...]:
    """Return the words that a method returned.

    Raises:
        SpotnbError: They are not a list of texts. A text alone would be taken for a list of its letters.
    """
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise wrong_result(model, method, show(words), "a list of texts")
    return tuple(words)
