"""SamplerPanel in marimo, which has no boxes of ipywidgets, and whose threads must be its own to reach the page.

An anywidget takes the place of the boxes: its view hosts the views of the panel's parts, as AFM 0.9's `host` allows.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Final, TypeVar

import ipywidgets
from traitlets import List, Unicode

from spotnb.widgets.base import Widget

COLUMNS: Final = ("left", "right")
T = TypeVar("T")


class Workers:
    """Threads for a panel, and a place where it can create widgets.

    In marimo, only the running cell and a `marimo.Thread` that it started can open a widget. A thread of the cell that
    creates the panel therefore waits, and does or starts what comes later: a message from the page has no cell. Outside
    marimo, nothing is waiting.
    """

    def __init__(self) -> None:
        marimo = sys.modules.get("marimo")
        self._asked: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._kind: type[threading.Thread] = threading.Thread
        self._waiting: threading.Thread | None = None
        if marimo is not None and marimo.running_in_notebook():
            self._kind = marimo.Thread
            self._waiting = self._kind(target=self._wait, name="spotnb-cell", daemon=True)
            self._waiting.start()

    def thread(self, work: Callable[[], None], name: str) -> threading.Thread:
        """Return a daemon thread, not yet started, that may create widgets."""
        return self.do(lambda: self._kind(target=work, name=name, daemon=True))

    def do(self, work: Callable[[], T]) -> T:
        """Do something where widgets can be created, and return its result."""
        waiting = self._waiting
        if waiting is None or waiting is threading.current_thread() or not waiting.is_alive():
            return work()
        answer: Future[T] = Future()
        self._asked.put((work, answer))
        return answer.result()

    def close(self) -> None:
        """End the thread that waits."""
        self._asked.put(None)

    def _wait(self) -> None:
        while asked := self._asked.get():
            work, answer = asked
            try:
                answer.set_result(work())
            except BaseException as error:  # whoever asked for it gets the error
                answer.set_exception(error)


class Later:
    """Some work that a thread does after some seconds, unless it is canceled before.

    Args:
        workers: Creates the thread.
        seconds: How long it waits.
        work: What it does.
        before: Earlier work, which is finished first. Whoever waits for this waits for that too.
    """

    def __init__(self, workers: Workers, seconds: float, work: Callable[[], None], before: Later | None = None) -> None:
        self._seconds, self._work, self._before = seconds, work, before
        self._canceled = threading.Event()
        self._thread = workers.thread(self._do, "spotnb-later")
        self._thread.start()

    def cancel(self) -> None:
        """Leave the work undone, if it has not begun."""
        self._canceled.set()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the thread has ended, or for some seconds."""
        if self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def _do(self) -> None:
        canceled = self._canceled.wait(self._seconds)
        if self._before is not None:
            self._before.wait()
            self._before = None  # or every later one would keep all before it
        if not (canceled or self._canceled.is_set()):
            self._work()


class PanelColumns(Widget, module="panel_columns.js", title="Make long sound from a sentence"):
    """The parts of the panel in two columns, for marimo.

    Args:
        left: The box of the left column. Boxes inside it are looked through.
        right: The box of the right column.
    """

    left = List(Unicode()).tag(sync=True)
    right = List(Unicode()).tag(sync=True)

    def __init__(self, left: ipywidgets.Box, right: ipywidgets.Box) -> None:
        super().__init__()
        self._boxes = dict(zip(COLUMNS, (left, right), strict=True))
        for box in (left, *left.children, right):
            if isinstance(box, ipywidgets.Box):
                box.observe(self._arrange, "children")
        self._arrange()

    def _arrange(self, _: Any = None) -> None:
        for name, box in self._boxes.items():
            self.set_trait(name, [f"anywidget:{part.model_id}" for part in _parts(box)])


def _parts(box: ipywidgets.Box) -> list[Widget]:
    """Return the widgets in a box, and in the boxes inside it."""
    return [part for child in box.children for part in (_parts(child) if hasattr(child, "children") else [child])]
