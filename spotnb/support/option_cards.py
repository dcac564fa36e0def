"""How settings classes show themselves: the options that differ from their defaults first, the others folded."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from spotnb.support.cards import Card, Shown, joined, quoted
from spotnb.support.checks import show
from spotnb.support.options import Option, options


def changed(settings: Any) -> str:
    """Return the options that differ from their defaults as they are written in Python.

    Options without a default come first and without their names.
    """
    return joined(
        *(
            _value(getattr(settings, each.name))
            if each.default is dataclasses.MISSING
            else f"{each.name}={_value(getattr(settings, each.name))}"
            for each in options(type(settings))
            if _differs(settings, each)
        )
    )


def option_card(settings: Any, *, parts: Mapping[str, Any] | None = None) -> Card:
    """Return the card of a settings object. `parts` are further parts, or options that show themselves."""
    rows = {
        each.name: (_value(getattr(settings, each.name)), each.summary.replace("`", ""), _differs(settings, each))
        for each in options(type(settings))
        if each.name not in (parts or {})
    }
    facts = {name: (value, note) for name, (value, note, own) in rows.items() if own}
    others = {name: (value, note) for name, (value, note, own) in rows.items() if not own}
    defaults = {"others": Card(f"{len(others)} at their defaults", others)} if others else {}
    return Card(repr(settings), facts, None, {**(parts or {}), **defaults})


def _differs(settings: Any, each: Option) -> bool:
    if each.default is dataclasses.MISSING:
        return True
    (check,) = (field.metadata["check"] for field in dataclasses.fields(settings) if field.name == each.name)
    try:
        return bool(getattr(settings, each.name) != check(each.default))  # None may stand for an object
    except Exception:  # an array, which has no single answer
        return True


def _value(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, Shown):
        return repr(value)
    return quoted(value) if isinstance(value, str) else show(value)
