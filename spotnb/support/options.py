"""Dataclass fields that carry their own check and description, so that a setting is declared in one place."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

Kind = Literal["text", "choice", "whole", "number", "pair", "regions", "file", "object"]
"""What a person types for a setting on a command line; an "object" can only be given in Python."""


class Option(NamedTuple):
    """One field of a settings class.

    Attributes:
        name: The name of the field.
        default: Its default; `dataclasses.MISSING` where it has none.
        help: What it means, in full sentences.
        kind: How a command line or a form reads it.
        choices: The values it may take, where they are few.
    """

    name: str
    default: Any
    help: str
    kind: Kind
    choices: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of `help`."""
        return self.help.split(". ")[0].rstrip(".")


def option(
    default: Any = dataclasses.MISSING,
    *,
    check: Callable[[Any], Any],
    help: str,
    kind: Kind,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a field of a settings dataclass.

    Args:
        default: As in `dataclasses.field`.
        check: Returns the checked value, or raises `InputError`.
        help: What the setting means; the first sentence alone must do for a command line.
        kind: How a command line or a form reads it.
        choices: The values it may take, where they are few.
    """
    metadata = {"check": check, "help": help, "kind": kind, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


def check_options(settings: Any) -> None:
    """Put the checked value into every field of a settings object; call it from `__post_init__`."""
    for field in dataclasses.fields(settings):
        if check := field.metadata.get("check"):
            object.__setattr__(settings, field.name, check(getattr(settings, field.name)))  # the dataclass is frozen


def options(settings: type) -> Iterator[Option]:
    """Yield the options of a settings class, in order."""
    for field in dataclasses.fields(settings):
        if about := field.metadata:
            yield Option(field.name, field.default, about["help"], about["kind"], about["choices"])


def documented(settings: type, template: str, name: str = "Args") -> str:
    """Return a docstring: `template` with the line `{Args}` replaced by a list of the options of `settings`."""
    lines = []
    for each in options(settings):
        wrapped = textwrap.wrap(f"{each.name}: {each.help}", 112, subsequent_indent=" " * 4)
        lines += [f"    {line}" for line in wrapped]
    listed = f"{name}:\n" + textwrap.indent("\n".join(lines), "    ")
    return template.replace(f"{{{name}}}", listed)
