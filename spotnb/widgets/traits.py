"""Traits that are checked as arguments are: a wrong value is an `InputError` of one line, also when it is set later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from traitlets import TraitType

from spotnb.support.checks import check_int, check_name


class Checked(TraitType[Any, Any]):
    """A synchronised trait whose values go through `check(widget, value)`, which returns the value to keep or raises.

    With `read_only=True` only the widget itself sets it, through `set_trait`.
    """

    def __init__(self, check: Callable[[Any, Any], Any], default: Any = None, read_only: bool = False) -> None:
        super().__init__(default_value=default, read_only=read_only, allow_none=default is None)
        self.check = check
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> Any:
        return self.check(obj, value)


def whole(name: str, high: Callable[[Any], int], hint: str, default: int = 0, low: int = 0) -> Checked:
    """A whole number from `low` to `high(widget)`."""
    return Checked(lambda widget, value: check_int(name, value, low, high(widget), hint=hint), default)


def whole_or_none(name: str, high: Callable[[Any], int], hint: str) -> Checked:
    """A whole number from 0 to `high(widget)`, or None."""
    return Checked(lambda widget, value: value if value is None else check_int(name, value, 0, high(widget), hint=hint))


def choice(name: str, choices: tuple[str, ...], default: str) -> Checked:
    """One of the names in `choices`."""
    return Checked(lambda widget, value: check_name(name, value, choices), default)
