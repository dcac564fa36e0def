"""Command-line arguments that derive from the options of settings classes."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from typing import Any

from spotnb.support.options import Kind, Option, options


def number(text: str) -> float:
    """Read a number. Its limits are checked where it is used, so that every interface has the same message."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def region(text: str) -> tuple[float, float]:
    """Read a region such as `2-4.5`, in seconds."""
    start, dash, stop = text.partition("-")
    if not dash:
        raise argparse.ArgumentTypeError(f"{text!r} is not a region: expected START-STOP in seconds, such as 2-4.5")
    return number(start), number(stop)


READERS: Mapping[Kind, Mapping[str, Any]] = {
    "text": {"metavar": "TEXT"},
    "choice": {},
    "whole": {"type": whole, "metavar": "N"},
    "number": {"type": number, "metavar": "X"},
    "pair": {"type": whole, "nargs": 2, "metavar": ("LOW", "HIGH")},
    "regions": {"type": region, "nargs": "+", "metavar": "START-STOP"},
    "file": {"metavar": "FILE"},
}
"""How each kind of option is read. An "object" cannot be entered as text and has no argument."""


def add_arguments(
    parser: argparse.ArgumentParser,
    settings: type,
    *,
    flags: Mapping[str, str],
    defaults: Mapping[str, Any],
    later: Mapping[str, str],
) -> None:
    """Add an argument for every option of a settings class that can be entered as text and has a default.

    Args:
        parser: The parser to which the arguments are added.
        settings: The settings class.
        flags: Names of arguments that differ from the name of the option.
        defaults: Defaults that differ from the default of the option.
        later: Options whose default is not known yet, and what the help says of it. `given` leaves them out unless the
            user gives a value.
    """
    for each in options(settings):
        if each.kind in READERS and each.default is not dataclasses.MISSING:
            default = argparse.SUPPRESS if each.name in later else defaults.get(each.name, each.default)
            says = f": {later[each.name]}" if each.name in later else "" if default in (None, "") else f" {default}"
            flag = flags.get(each.name, "--" + each.name.replace("_", "-"))
            parser.add_argument(flag, dest=each.name, default=default, help=_help(each, says), **READERS[each.kind])


def _help(each: Option, default: str) -> str:
    choices = f": {', '.join(each.choices)}" if each.choices else ""
    default_text = f" (default{default})" if default else ""
    return f"{each.summary}{choices}{default_text}".replace("`", "").replace("%", "%%")


def given(args: argparse.Namespace, settings: type) -> dict[str, Any]:
    """Return the values of the arguments that `add_arguments` added, by the names of their options."""
    return {each.name: getattr(args, each.name) for each in options(settings) if hasattr(args, each.name)}
