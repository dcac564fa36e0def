"""The panel as a page served by Voila: Run generates sound, and no request leaves this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("voila", reason="voila is not installed: pip install 'spotnb[notebooks]'")

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "notebooks" / "pages" / "panel.ipynb"


@pytest.fixture(scope="module")
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start Voila like `make voila`, isolated from the user's settings."""
    folder = tmp_path_factory.mktemp("voila")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {"HOME": folder, "JUPYTER_CONFIG_DIR": folder / "config", "JUPYTER_DATA_DIR": folder / "data"}
    places |= {"JUPYTER_RUNTIME_DIR": folder / "runtime", "IPYTHONDIR": folder / "ipython"}
    environment = os.environ | {name: str(path) for name, path in places.items()}
    environment |= {"JUPYTER_PATH": str(REPOSITORY / "binder" / "share"), "PYTHONPATH": str(REPOSITORY)}
    options = [
        "--no-browser",
        f"--Voila.config_file_paths={REPOSITORY / 'binder'}",
        "--Voila.ip=127.0.0.1",
        f"--port={port}",
    ]
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", "voila", *options, str(PAGE)]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/"
    try:
        end = time.monotonic() + 180
        while True:
            try:
                urllib.request.urlopen(f"{url}voila/static/", timeout=5).close()
            except urllib.error.HTTPError:
                break  # the server answers
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"voila does not answer:\n{(folder / 'log').read_text()}") from None
                time.sleep(0.2)
            else:
                break
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def test_run_makes_sound(browser: Browser, address: str) -> None:
    from tests.browser.jupyter import PLAYED

    errors: list[str] = []
    strangers: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    inside = (address, address.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(inside) else strangers.append(asked.url))
    try:
        page.add_init_script(f"({PLAYED})()")
        page.goto(address, timeout=240_000)  # which answers when the notebook has run
        panel = page.locator(".spotnb-panel").first
        panel.wait_for()
        assert page.locator(".jp-CodeCell .jp-InputArea:visible").count() == 0  # the page shows no code
        assert page.get_by_role("heading", name="Make long sound from a sentence").is_visible()
        assert page.title() == "spotnb: make long sound from a sentence"
        panel.get_by_role("button", name="Play run 1", disabled=False).click(timeout=180_000)  # the example
        panel.get_by_role("button", name="Pause run 1").click()
        panel.locator("summary", has_text="Advanced").click()
        for label, value in (("Seconds", "6"), ("Seed", "3"), ("Steps", "2")):
            panel.get_by_label(label, exact=True).fill(value)
        panel.get_by_role("button", name="Run", exact=True, disabled=False).click()
        panel.get_by_role("button", name="Play run 2", disabled=False).click()
        panel.get_by_role("button", name="Pause run 2").click()
        assert not errors
        assert not strangers
    finally:
        context.close()
