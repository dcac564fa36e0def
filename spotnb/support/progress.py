"""Progress bars: tqdm's own in a terminal, and in a notebook one that leaves nothing behind.

tqdm's bar for notebooks is a widget. A saved notebook keeps its place, and shows "0 %" or "model not found" there. Ours
is a bit of HTML that changes in place, and is empty in the end.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Iterable
from typing import Any

from tqdm import std

from spotnb.support.checks import check_flag

NOTHING = {"text/html": "", "text/plain": ""}


def progress_bar(
    iterable: Iterable[Any] | None = None,
    *,
    desc: str,
    unit: str = "it",
    total: int | None = None,
    initial: int = 0,
    shown: bool = True,
) -> Any:
    """Return tqdm's bar for the place where this code runs: to iterate over, or a context with `update()`.

    Args:
        iterable: What to iterate over, or None to call `update()` for each unit of work.
        desc: The word before the bar.
        unit: The name of a unit of work.
        total: The number of units. By default it is the length of `iterable`.
        initial: The number of units that were done before.
        shown: Whether there is a bar at all. Callers name it `progress`.

    Raises:
        InputError: `shown` is not True or False.
    """
    kind = NotebookBar if in_notebook() else std.tqdm
    return kind(iterable, desc=desc, unit=unit, total=total, initial=initial, disable=not check_flag("progress", shown))


def in_notebook() -> bool:
    """Whether IPython runs this process for a notebook, which can change an output in place."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None) is not None


class NotebookBar(std.tqdm):  # type: ignore[misc]
    """A bar in the output of a cell, which disappears when it is closed."""

    _handle: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, gui=True, **kwargs)  # tqdm's word for "I draw the bar"
        if not self.disable:
            self.refresh(lock_args=self.lock_args)

    def display(self, *_: Any, **__: Any) -> bool:
        """Show the current state."""
        self._publish(self._state())
        return True

    def clear(self, *_: Any, **__: Any) -> None:
        """Do nothing: other output does not disturb this bar."""

    def close(self) -> None:
        """Remove the bar. What was finished, and how fast, is nothing to keep."""
        if self.disable:
            return
        super().close()
        self._publish(NOTHING)

    def _state(self) -> dict[str, str]:
        words = html.escape(self.format_meter(**self.format_dict | {"bar_format": "{l_bar}|{r_bar}"}))
        share = f' value="{self.n}" max="{self.total}"' if self.total else ""
        return {"text/html": f"<progress{share}></progress> <code>{words}</code>", "text/plain": str(self)}

    def _publish(self, data: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)
