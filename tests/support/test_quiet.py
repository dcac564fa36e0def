"""Warnings are ignored in one thread for a time, and never again afterwards, whatever other threads do."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from spotnb.support.quiet import without_warnings


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def is_shown(text: str = "a storm", category: type[Warning] = UserWarning) -> bool:
    try:
        warnings.warn(text, category, stacklevel=1)
    except category:
        return True
    return False


def test_only_what_was_named_is_ignored() -> None:
    with without_warnings("a gl[iy]ph", UserWarning):
        assert not is_shown("A glyph is missing")
        assert is_shown("a storm")
        assert is_shown("a glyph is missing", FutureWarning)
    assert is_shown("a glyph is missing")


def test_all_are_ignored_by_default_until_the_end_or_an_error() -> None:
    with suppress(KeyError), without_warnings():
        assert not is_shown()
        raise KeyError
    assert is_shown()


def test_one_inside_another() -> None:
    with without_warnings("a storm"):
        with without_warnings("rain"):
            assert not is_shown("rain")
            assert not is_shown("a storm")
        assert is_shown("rain")
        assert not is_shown("a storm")


def test_a_filter_that_was_set_meanwhile_decides_and_stays() -> None:
    with without_warnings():
        warnings.simplefilter("error")
        assert is_shown()
    assert is_shown()
    with without_warnings():
        assert not is_shown()


def test_a_pattern_that_is_none_changes_nothing() -> None:
    with pytest.raises(Exception, match="unterminated subpattern"), without_warnings("("):
        pass
    assert is_shown()


def test_threads_that_overlap_in_any_order() -> None:
    """Each ignores its own warnings only, and leaves none ignored, although no two leave as they entered."""
    entered, leaving = threading.Barrier(4, timeout=60), [threading.Event() for _ in range(4)]

    def work(number: int) -> bool:
        with without_warnings(f"number {number}"):
            entered.wait()
            right = not is_shown(f"number {number}") and is_shown(f"number {(number + 1) % 4}")
            assert leaving[number].wait(60)
        leaving[(number + 1) % 4].set()
        return right and is_shown(f"number {number}")

    with ThreadPoolExecutor(4) as threads:
        works = [threads.submit(work, number) for number in range(4)]
        leaving[0].set()
        assert all(each.result() for each in works)
    assert is_shown("number 0")


def test_a_cell_that_silences_its_own_warnings_meanwhile() -> None:
    """It enters first and leaves first, and its filters do not come back with those of the thread."""
    inside, left = threading.Event(), threading.Event()

    def work() -> None:
        with without_warnings():
            inside.set()
            assert left.wait(60)

    with ThreadPoolExecutor(1) as threads:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            running = threads.submit(work)
            assert inside.wait(60)
        left.set()
        running.result()
    assert is_shown()
