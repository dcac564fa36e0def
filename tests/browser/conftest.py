"""The shared parts of the browser tests: one Chromium, one Jupyter server, one live page, and one page per widget."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.jupyter import Server, Shown

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    pytest.importorskip("playwright", reason="playwright is not installed: pip install 'spotnb[dev]'")
    from playwright.sync_api import sync_playwright

    from tests.browser.jupyter import CHROMIUM, FLAGS

    if not CHROMIUM.exists():
        pytest.skip(f"no {CHROMIUM}: the browser tests need Debian's package chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    from tests.browser.jupyter import Server

    started = Server(tmp_path_factory.mktemp("jupyter"))
    yield started
    started.close()


@pytest.fixture(scope="session")
def live_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a page in which the embedded model makes sound.

    Its export takes minutes, so that all processes of a test run share one.
    """
    from filelock import FileLock

    from spotnb.errors import SpotnbError
    from spotnb.live.assets import collect
    from spotnb.live.page import write_page

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "live"
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "written").exists():
            try:
                write_page(folder, collect())
            except SpotnbError as error:
                pytest.skip(str(error))
            (folder / "written").touch()
    return folder


@pytest.fixture(scope="session")
def live_address(live_folder: Path) -> Iterator[str]:
    """Return the address of the same page over http."""
    from tests.browser.live import served

    with served(live_folder) as address:
        yield address


@pytest.fixture(scope="module")
def show(server: Server, browser: Browser) -> Iterator[Callable[..., Shown]]:
    """Return a function `show(app, name, code)`, which opens a widget in "lab" or "notebook".

    `code`, of one cell or several, assigns the widget to `w` and ends with it, and `.spotnb-NAME` is the selector of
    its element. Within a test module, the same call returns the same page.
    """
    from tests.browser.jupyter import Shown

    opened: dict[tuple[Any, ...], Shown] = {}

    def get(app: str, name: str, code: str | tuple[str, ...], **context: Any) -> Shown:
        key = (app, name, code)
        if key not in opened:
            opened[key] = Shown(server, browser, app, name, code, **context)
        return opened[key]

    yield get
    for shown in opened.values():
        shown.close()
