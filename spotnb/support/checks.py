"""Checks of single arguments: each returns the checked value, or raises `InputError` with a one-line message."""

from __future__ import annotations

import itertools
import math
import numbers
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, TypeVar

from spotnb.errors import InputError

T = TypeVar("T")

LARGEST = 2**63 - 1
"""The largest whole number that any argument takes, because arrays, seeds and files cannot hold larger ones."""
MOST_ITEMS = 10**5
"""The most items of a list that an argument takes."""
SHOWN = 60
"""The most characters of a value in an error message."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = SHOWN


def show(value: object) -> str:
    """Return `repr(value)` on one line, shortened to 60 characters for use in an error message.

    It never raises an error, whatever the value's own `repr` does, and does not build the text of a long value.
    """
    try:
        if isinstance(value, int) and value.bit_length() > 256:  # Python refuses to print numbers of many digits
            return f"{'-' * (value < 0)}10**{round((value.bit_length() - 1) * math.log10(2))} or so"
        if isinstance(value, bytes | bytearray):
            value = value[:SHOWN]
        text = " ".join(_SHORT.repr(value).split())
    except Exception:
        return f"a {type(value).__name__}"
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _is_whole(value: object) -> TypeGuard[numbers.Integral]:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_int(name: str, value: object, low: int, high: int = LARGEST, *, hint: str) -> int:
    """Return `value` as an `int` from `low` to `high`, both inclusive.

    Raises:
        InputError: `value` is out of range, a bool or a float. The message starts with `name` and ends with `hint`.
    """
    if _is_whole(value) and low <= (number := int(value)) <= high:
        return number
    open_ended = high == LARGEST and not (_is_whole(value) and int(value) > high)
    limits = f"of at least {low}" if open_ended else f"from {low} to {high}"
    raise InputError(f"{name} is {show(value)}: expected a whole number {limits}; {hint}")


def check_real(name: str, value: object, low: float = -math.inf, high: float = math.inf, *, hint: str) -> float:
    """Return `value` as a finite `float` from `low` to `high`, both inclusive.

    Raises:
        InputError: `value` is out of range, not finite or a bool. The message starts with `name` and ends with `hint`.
    """
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an int beyond the range of float
            number = math.inf
        if math.isfinite(number) and low <= number <= high:
            return number
    limits = "" if math.isinf(low) else f" from {low} to {high}"
    raise InputError(f"{name} is {show(value)}: expected a finite number{limits}; {hint}")


def check_interval(name: str, value: Any, low: int, high: int, *, hint: str) -> tuple[int, int]:
    """Return `value` as two ascending `int` from `low` to `high`, both inclusive.

    Args:
        name: The name of the argument.
        value: A sequence, an array or a tensor of two whole numbers.
        low: The least number.
        high: The largest number.
        hint: What to do, for the message.

    Raises:
        InputError: `value` is not such a pair. The message starts with `name` and ends with `hint`.
    """
    pair = as_plain(value)
    if isinstance(pair, Sequence) and len(pair) == 2 and all(_is_whole(each) for each in pair):
        start, stop = int(pair[0]), int(pair[1])
        if low <= start <= stop <= high:
            return start, stop
    raise InputError(
        f"{name} is {show(value)}: expected two whole numbers from {low} to {high} in ascending order; {hint}"
    )


def check_items(name: str, value: Any, *, hint: str, most: int = MOST_ITEMS) -> list[Any]:
    """Return the items of `value`, which is a sequence, an array or another iterable, as a list of plain values.

    Raises:
        InputError: `value` cannot be iterated over, or has more than `most` items. Endless iterables are not exhausted.
    """
    plain = as_plain(value)
    if isinstance(plain, str | bytes | bytearray | Mapping):
        raise InputError(f"{name} is {show(value)}: expected a list; {hint}")
    try:
        items = list(itertools.islice(iter(plain), most + 1))
    except Exception:  # it is not iterable, or its own code fails
        raise InputError(f"{name} is {show(value)}: expected a list; {hint}") from None
    if len(items) > most:
        raise InputError(f"{name} has more than {most} items: expected no more than that; {hint}")
    return items


def as_plain(value: Any) -> Any:
    """Return the plain Python value of an array, a tensor, a series or a number of numpy, and others as they are."""
    to_list = getattr(value, "tolist", None)
    if not callable(to_list) or isinstance(value, type):
        return value
    try:
        return to_list()
    except Exception:  # a tensor without data
        return value


def exact(value: float) -> str:
    """Return a number in as few digits as tell it apart from all others, so that it never looks like its limit."""
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def apart(value: float, limit: float) -> tuple[str, str]:
    """Return two numbers in three digits each, or in as many as it takes to tell them apart."""
    for digits in range(3, 18):
        texts = f"{value + 0.0:.{digits}g}", f"{limit + 0.0:.{digits}g}"  # -0.0 + 0.0 is 0.0
        if texts[0] != texts[1] or value == limit:
            break
    return texts


def check_flag(name: str, value: object) -> bool:
    """Return `value` as a `bool`. Raises `InputError` unless it is True or False."""
    if isinstance(value, bool) or type(value).__name__ == "bool_" or (_is_whole(value) and int(value) in (0, 1)):
        return bool(value)
    raise InputError(f"{name} is {show(value)}: expected True or False; pass one of them")


def check_name(name: str, value: object, choices: Sequence[str]) -> str:
    """Return `value` as a `str` that is one of `choices`.

    Raises:
        InputError: `value` is something else. The message lists the choices.
    """
    if isinstance(value, str) and value in choices:
        return str(value)
    raise InputError(f"{name} is {show(value)}: expected one of {', '.join(choices)}; choose one of these")


def check_text(name: str, value: object, *, hint: str, blank: bool = True) -> str:
    """Return `value` as a `str`.

    Args:
        name: The name of the argument.
        value: The value.
        hint: What to do, for the message.
        blank: Whether the text may be empty or blank.

    Raises:
        InputError: `value` is not a text, or holds half a character (a lone surrogate), which no file and no page can
            show. A command line gives such a text for bytes that are not UTF-8.
    """
    if not isinstance(value, str) or not (blank or value.strip()):
        raise InputError(f"{name} is {show(value)}: expected a text; {hint}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{name} is {show(value)}: expected a text in UTF-8, but character {error.start + 1} is only half of one; "
            "type it again"
        ) from None
    return str(value)


def check_instance(name: str, value: object, kind: type[T], *, hint: str) -> T:
    """Return `value` if it is an instance of `kind`.

    Raises:
        InputError: `value` is something else. The message names the kind, and ends with `hint`.
    """
    if isinstance(value, kind):
        return value
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    raise InputError(f"{name} is {show(value)}: expected {article} {kind.__name__}; {hint}")
