"""Debian's Firefox without a window, driven by WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/).

Playwright drives only a Firefox of its own, which is not on PyPI.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import websocket

from tests.browser.waiting import wait_until

FIREFOX = Path("/usr/bin/firefox-esr")
PREFERENCES = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "remote.active-protocols": 1,  # WebDriver BiDi
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    """One Firefox with one tab.

    Args:
        profile: An empty folder.
        preload: A JavaScript function that runs in every page before its own scripts.
    """

    def __init__(self, profile: Path, preload: str) -> None:
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
        (profile / "user.js").write_text("".join(lines))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [str(FIREFOX), "--headless", "--no-remote", f"--remote-debugging-port={port}", "--profile"]
        self._process = subprocess.Popen(
            [*command, str(profile)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"HOME": str(profile)}
        )
        self.wrong: list[str] = []
        self._count = 0
        self._socket = self._connected(f"ws://127.0.0.1:{port}/session")
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        self._ask("script.addPreloadScript", functionDeclaration=preload)
        self._tab = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def __enter__(self) -> Firefox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def goto(self, address: str) -> None:
        """Open a page and wait until it is loaded."""
        self._ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, which is awaited, as JSON has it."""
        text = f"(async () => JSON.stringify(await ({expression})))()"
        found = self._ask(
            "script.evaluate",
            expression=text,
            target={"context": self._tab},
            awaitPromise=True,
            userActivation=True,
        )
        assert found["type"] == "success", found
        return json.loads(found["result"].get("value", "null"))

    def until(self, expression: str, seconds: float) -> None:
        """Wait until an expression is true."""
        wait_until(lambda: self.evaluate(expression), seconds, lambda: f"{expression}, errors {self.wrong}")

    def _connected(self, address: str) -> websocket.WebSocket:
        deadline = time.monotonic() + 180
        while True:
            try:
                return websocket.create_connection(address, timeout=120, suppress_origin=True)
            except OSError:
                assert self._process.poll() is None, f"{FIREFOX} ended with code {self._process.returncode}"
                assert time.monotonic() < deadline, f"{FIREFOX} does not listen"
                time.sleep(0.2)

    def _ask(self, method: str, **params: Any) -> Any:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                self.wrong.append(message["params"]["text"])
            if message.get("id") == self._count:
                assert message["type"] == "success", message
                return message["result"]
