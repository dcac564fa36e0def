"""While developing, what is edited in `static/` shows in open notebooks without a restart of their kernels.

As with anywidget's own files: set `ANYWIDGET_HMR=1` before the kernel starts, and install watchfiles (the extra `dev`
has it). A thread then waits for changes, bundles anew and hands the code to every living widget, whose views are drawn
again. Code that cannot be bundled is named in the log, and the last that could stays.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

from spotnb.widgets import esm

if TYPE_CHECKING:
    from spotnb.widgets.base import Widget

log = logging.getLogger(__name__)

_classes: WeakSet[type[Widget]] = WeakSet()
_living: WeakSet[Widget] = WeakSet()
_lock = threading.Lock()
_thread: threading.Thread | None = None
_ended = threading.Event()


def is_developing() -> bool:
    return os.environ.get("ANYWIDGET_HMR") == "1"


def follow_class(cls: type[Widget]) -> None:
    """Give a class of widgets its code, and newer code when there is some."""
    cls._esm, cls._css = _code(cls.module), _style()
    if is_developing():
        _classes.add(cls)


def follow(widget: Widget) -> None:
    """Give a living widget newer code when there is some."""
    global _thread
    if not is_developing():
        return
    with _lock:
        _living.add(widget)
        if _thread is None:
            _thread = threading.Thread(target=_watch, name="spotnb-reload", daemon=True)
            _thread.start()


def reload() -> None:
    """Bundle all code anew, for widgets that are alive and for those to come."""
    code: dict[str, str] = {}
    css = _style()
    for cls in list(_classes):
        try:
            code[cls.module] = cls._esm = _code(cls.module)
            cls._css = css
        except (OSError, ValueError) as error:  # half written, or wrong
            log.warning("%s stays as it was: %s", cls.module, error)
    with _lock:
        living = [widget for widget in _living if widget.comm is not None]
    for widget in living:
        widget._esm = code.get(widget.module, widget._esm)
        widget._css = css


def stop() -> None:
    """Wait for changes no longer, until the next widget is made."""
    global _thread
    _ended.set()
    if _thread is not None:
        _thread.join()
    _thread = None
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


def _style() -> str:
    return esm.stylesheet(folder=esm.STATIC)
