"""What SamplerPanel needs in marimo, as far as it can be seen without one: the rest is in the browser tests."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")

from spotnb.errors import InputError
from spotnb.widgets.panel_marimo import Later, PanelColumns, Workers
from tests.networks import neighbourly
from tests.widgets.test_panel import opened, press


def test_the_columns_follow_the_panel() -> None:
    panel = opened(neighbourly)
    columns = PanelColumns(*panel._display.columns)

    def shown() -> bool:
        display = panel._display
        cards = [kept.card for kept in reversed(panel.runs)]
        left = [panel.form.view, panel.status, display.head, *cards]
        references = [[f"anywidget:{part.model_id}" for part in parts] for parts in (left, display.right_column)]
        return [columns.left, columns.right] == references

    assert shown()
    before = columns.right
    press(panel, "run")
    assert len(panel.runs) == 1
    assert columns.right != before
    assert shown()
    press(panel, "reset")
    assert shown()
    columns.close()
    panel.close()


def test_outside_marimo_no_thread_waits() -> None:
    workers = Workers()
    assert workers._waiting is None
    assert workers.do(threading.current_thread) is threading.current_thread()
    assert type(workers.thread(lambda: None, "x")) is threading.Thread


def test_work_goes_to_the_thread_that_waits_and_its_errors_come_back() -> None:
    workers = Workers()
    workers._waiting = threading.Thread(target=workers._wait, daemon=True)
    workers._waiting.start()
    assert workers.do(threading.current_thread) is workers._waiting
    assert workers.do(lambda: workers.do(threading.current_thread)) is workers._waiting

    def fail() -> None:
        raise InputError("no such run")

    with pytest.raises(InputError, match="no such run"):
        workers.do(fail)
    workers.close()
    workers._waiting.join(10)
    assert not workers._waiting.is_alive()
    assert workers.do(threading.current_thread) is threading.current_thread()  # a cell that has run again


def test_later_work_can_be_canceled() -> None:
    done = threading.Event()
    first, second = (Later(Workers(), 0.05, act) for act in (lambda: pytest.fail("canceled"), done.set))
    first.cancel()
    assert done.wait(10)
    for each in (first, second):
        each.wait(10)
