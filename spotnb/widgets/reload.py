"""During development, edits in `static/` show in open notebooks without a kernel restart.

As with anywidget's own files, set `ANYWIDGET_HMR=1` before the kernel starts, and install watchfiles (the extra `dev`
has it). A thread then waits for changes, bundles the code again and gives it to every living widget, whose views are
drawn again. Code that cannot be bundled is named in the log, and widgets keep the last code that could.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any
from weakref import WeakSet

from spotnb.widgets import esm

log = logging.getLogger(__name__)

_classes: WeakSet[type[Any]] = WeakSet()
_living: WeakSet[Any] = WeakSet()
_lock = threading.Lock()
_watching: list[threading.Thread] = []  # one thread at most
_ended = threading.Event()


def is_developing() -> bool:
    """Whether edits are to show at once."""
    return os.environ.get("ANYWIDGET_HMR") == "1"


def follow_class(cls: type[Any]) -> None:
    """Give a class of widgets its code, and later the code of edits."""
    cls._esm, cls._css = _code(cls.module), _style(cls.styles)
    _classes.add(cls)  # whether or not edits are to show yet: a class outlives a change of the variable


def follow(widget: Any) -> None:
    """Give a living widget the code of later edits."""
    if not is_developing():
        return
    with _lock:
        _living.add(widget)
        if not _watching:
            _watching.append(threading.Thread(target=_watch, name="spotnb-reload", daemon=True))
            _watching[0].start()


def reload() -> None:
    """Bundle all code again, for living widgets and for new ones."""
    code: dict[str, tuple[str, str]] = {}
    for cls in list(_classes):
        try:
            cls._esm, cls._css = code[cls.module] = _code(cls.module), _style(cls.styles)
        except (OSError, ValueError) as error:  # half written, or wrong
            log.warning("%s stays as it was: %s", cls.module, error)
    with _lock:
        living = [widget for widget in _living if widget.comm is not None]
    for widget in living:
        widget._esm, widget._css = code.get(widget.module, (widget._esm, widget._css))  # noqa: SLF001


def stop() -> None:
    """Stop waiting for changes, until the next widget is created."""
    _ended.set()
    while _watching:
        _watching.pop().join()
    _ended.clear()


def _watch() -> None:
    try:
        from watchfiles import watch
    except ImportError:
        log.warning("ANYWIDGET_HMR is set, but watchfiles is not installed: pip install watchfiles")
        return
    for _ in watch(esm.STATIC, stop_event=_ended):
        reload()


def _code(module: str) -> str:
    return esm.bundle(module, esm.STATIC)


def _style(names: tuple[str, ...]) -> str:
    return esm.stylesheet(*names, folder=esm.STATIC)
