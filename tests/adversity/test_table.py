"""Every argument of every public callable with every kind of junk: a right result, or one line that says what to do.

No call may raise another error, hang, or take more memory than a stated limit.
"""

from __future__ import annotations

import contextlib
import inspect
import resource
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

from spotnb import errors
from spotnb.errors import LONGEST_MESSAGE, SpotnbError, one_line
from spotnb.live import runtime
from tests.adversity.calls import Target, targets
from tests.adversity.junk import JUNK
from tests.edges import forget_edges

SECONDS, GIGABYTES = 5, 1.5
TARGETS = list(targets())


class Hang(BaseException):
    """A call took too long. It is not an `Exception`, so no code takes it for an error of its own."""


def _hang(*_: Any) -> None:
    raise Hang


@contextlib.contextmanager
def limits() -> Iterator[None]:
    """Allow a call `SECONDS` and `GIGABYTES` more than the process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    before = resource.getrlimit(resource.RLIMIT_AS)
    if pages:
        size = pages * resource.getpagesize() + int(GIGABYTES * 1e9)
        resource.setrlimit(resource.RLIMIT_AS, (size, before[1]))
    old = signal.signal(signal.SIGALRM, _hang)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
        resource.setrlimit(resource.RLIMIT_AS, before)


def fault(target: Target, junk: Any, written: list[str]) -> str | None:
    """Make one call, and return what is wrong with how it ends, or None. `written` are the messages as written."""
    arguments = {name: target.good(name) for name in target.required} | {target.argument: junk}
    function = target.function()
    try:
        with limits(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(**arguments)
    except SpotnbError as error:
        text = str(error)
        if "\n" in text or len(text) > LONGEST_MESSAGE or not text:
            return f"a message of {len(text)} characters: {text[:80]}"
        if len(whole := " ".join(written[-1].split())) > LONGEST_MESSAGE:
            return f"a message of {len(whole)} characters that had to be shortened: {whole}"
    except Hang:
        return f"more than {SECONDS} s"
    except BaseException as error:  # also SystemExit, and errors of libraries
        return f"{type(error).__name__}: {str(error)[:150]}"
    return None


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: f"{target.name}-{target.argument}")
def test_junk_gets_a_right_result_or_one_line(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runtime, "INSTALLED", tmp_path)  # so that LivePanel() does not export a model for minutes
    written: list[str] = []
    monkeypatch.setattr(errors, "one_line", lambda text: written.append(text) or one_line(text))
    faults = {name: wrong for name, make in JUNK.items() if (wrong := fault(target, make(), written)) is not None}
    plt.close("all")
    assert not faults, "\n".join(f"{name}: {wrong}" for name, wrong in faults.items())


def test_the_table_is_large() -> None:
    assert len(TARGETS) * len(JUNK) >= 6000


@pytest.mark.parametrize("target", {target.name: target for target in TARGETS}.values(), ids=lambda target: target.name)
def test_good_values_are_good(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise, a call would fail at another argument, and the junk would never be looked at."""
    monkeypatch.chdir(tmp_path)
    parameter = inspect.signature(target.function()).parameters.get(target.argument)
    needed = parameter is not None and (parameter.default is parameter.empty or target.has_good(target.argument))
    names = (*target.required, *(target.argument,) * needed)
    target.function()(**{name: target.good(name) for name in names})
    forget_edges()
    plt.close("all")
