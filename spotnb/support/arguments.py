"""Command-line arguments that derive from the options of settings classes."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from typing import Any

from spotnb.support.options import Kind, Option, options


def number(text: str) -> float:
    """Read a number; limits are checked where it is used, so that every way in says the same."""
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
"""How each kind of option is read; an "object" cannot be typed and has no argument."""


def add_arguments(
    parser: argparse.ArgumentParser, settings: type, *, flags: Mapping[str, str], defaults: Mapping[str, Any]
) -> None:
    """Add an argument for every option of a settings class that can be typed and has a default.

    Args:
        parser: Takes the arguments.
        settings: The settings class.
        flags: Names of arguments that are not the option's own name.
        defaults: Defaults that are not the option's own.
    """
    for each in options(settings):
        if each.kind in READERS and each.default is not dataclasses.MISSING:
            default = defaults.get(each.name, each.default)
            flag = flags.get(each.name, "--" + each.name.replace("_", "-"))
            parser.add_argument(flag, dest=each.name, default=default, help=_help(each, default), **READERS[each.kind])


def _help(each: Option, default: Any) -> str:
    choices = f": {', '.join(each.choices)}" if each.choices else ""
    shown = " ".join(map(str, default)) if isinstance(default, tuple) else default
    told = "" if default in (None, "") else f" (default {shown})"
    return f"{each.summary}{choices}{told}".replace("`", "").replace("%", "%%")


def given(args: argparse.Namespace, settings: type) -> dict[str, Any]:
    """Return the values of the arguments that `add_arguments` added, by the names of their options."""
    return {each.name: getattr(args, each.name) for each in options(settings) if hasattr(args, each.name)}
