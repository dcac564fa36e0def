"""Traits that are checked like arguments: an invalid value raises an `InputError` of one line whenever it is set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from traitlets import TraitType

from spotnb.support.checks import check_int, check_name
from spotnb.widgets.base import require_open


class Checked(TraitType[Any, Any]):
    """A synchronized trait whose values are checked.

    Args:
        check: `check(widget, value)` returns the checked value, or raises `InputError`.
        default: The default value.
        read_only: Whether only the widget itself can set the trait, by `set_trait`.
    """

    def __init__(self, check: Callable[[Any, Any], Any], default: Any = None, read_only: bool = False) -> None:
        super().__init__(default_value=default, read_only=read_only, allow_none=default is None)
        self.check = check
        self.tag(sync=True)

    def set(self, obj: Any, value: Any) -> None:
        """Set the trait, unless the widget was closed."""
        require_open(obj)
        super().set(obj, value)

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the checked value."""
        return self.check(obj, value)


def whole(name: str, high: Callable[[Any], int], hint: str, default: int = 0, low: int = 0) -> Checked:
    """Return a trait that is a whole number from `low` to `high(widget)`."""
    return Checked(lambda widget, value: check_int(name, value, low, high(widget), hint=hint), default)


def whole_or_none(name: str, high: Callable[[Any], int], hint: str) -> Checked:
    """Return a trait that is a whole number from 0 to `high(widget)`, or None."""
    return Checked(lambda widget, value: value if value is None else check_int(name, value, 0, high(widget), hint=hint))


def choice(name: str, choices: tuple[str, ...], default: str) -> Checked:
    """Return a trait that is one of the names in `choices`."""
    return Checked(lambda _, value: check_name(name, value, choices), default)
