"""Dataclass fields that carry their own check and description, so that a setting is declared in one place."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, Literal, NamedTuple, ParamSpec

P = ParamSpec("P")

Kind = Literal["text", "choice", "whole", "number", "pair", "regions", "file", "object"]
"""How a setting is entered on a command line; an "object" can only be passed in Python."""


class Option(NamedTuple):
    """One field of a settings class.

    Attributes:
        name: The name of the field.
        default: Its default, or `dataclasses.MISSING`.
        help: Its meaning, in full sentences.
        kind: How a command line or a form reads it.
        choices: The allowed values, if they are names.
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
        help: Its meaning. The first sentence alone must be sufficient for a command line.
        kind: How a command line or a form reads it.
        choices: The allowed values, if they are names.
    """
    metadata = {"check": check, "help": help, "kind": kind, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


def check_options(settings: Any) -> None:
    """Replace every field of a settings object by its checked value. Call this from `__post_init__`."""
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


def with_options(
    settings: Callable[P, Any],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, Any, P], None]]:
    """Return a decorator that gives `(self, first, *args, **options)` the signature of a settings class after `first`.

    `inspect` and type checkers then see every option, and none is written twice.
    """

    def signed(method: Any) -> Any:
        own = list(inspect.signature(method).parameters.values())[:2]
        taken = list(inspect.signature(settings).parameters.values())
        method.__signature__ = inspect.Signature([*own, *taken])
        return method

    return signed
