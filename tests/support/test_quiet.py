"""Warnings are ignored for a time, and the user's own filters are back afterwards, whatever several threads do."""

from __future__ import annotations

import contextlib
import threading
import warnings
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotnb.support.quiet import without_warnings


def warn(*texts: str) -> None:
    for text in texts:
        warnings.warn(text, UserWarning, stacklevel=1)


def test_only_what_was_named_is_ignored() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with without_warnings("a gl[iy]ph", UserWarning):
            warn("a glyph is missing", "a storm")
    assert [str(each.message) for each in caught] == ["a storm"]


def test_all_are_ignored_by_default_until_the_end_or_an_error() -> None:
    before = list(warnings.filters)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with contextlib.suppress(KeyError), without_warnings():
            warn("a storm")
            raise KeyError
        with pytest.raises(UserWarning, match="a storm"):
            warn("a storm")
    assert list(warnings.filters) == before


@given(st.permutations([0, 1, 2, 3] * 2))
def test_any_order_of_threads_leaves_the_filters_as_they_were(moves: list[int]) -> None:
    """The first time that a number comes up, one enters; the second time, it leaves."""
    before, inside = list(warnings.filters), {}
    for number in moves:
        if number in inside:
            inside.pop(number).close()
        else:
            inside[number] = ExitStack()
            inside[number].enter_context(without_warnings(f"number {number}"))
    assert list(warnings.filters) == before


def test_threads_at_once() -> None:
    before = list(warnings.filters)

    def enter_and_leave() -> None:
        for _ in range(200):
            with without_warnings():
                warn("a storm")

    threads = [threading.Thread(target=enter_and_leave) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
