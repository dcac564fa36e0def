"""A Jupyter server with JupyterLab 4 and Notebook 7, access to its kernels, and pages that show a widget."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nbformat
import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from playwright.sync_api import Browser, ConsoleMessage, Frame, Locator, Page

from tests.browser.waiting import PICTURE, USUAL, wait_for_change, wait_for_page, wait_until

CHROMIUM = Path("/usr/bin/chromium")
PLAYED = """() => {
  window.played = [];
  const rate = 0.05;
  const clock = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, "currentTime");
  Object.defineProperty(BaseAudioContext.prototype, "currentTime", { get() { return rate * clock.get.call(this); } });
  const { start } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (when, ...place) {
    const channels = Array.from({ length: this.buffer.numberOfChannels }, (_, k) => this.buffer.getChannelData(k));
    const peaks = channels.map((samples) => samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0));
    window.played.push({ seconds: this.buffer.duration, peaks });
    this.playbackRate.value = rate;
    return start.call(this, when / rate, ...place);
  };
}"""
"""Records the length and the peaks of the channels of every sound that a page starts from now on.

Sounds play twenty times slower, so that none ends before a busy machine has pressed Pause.
"""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
# Each page has its own workspace: in a shared one, JupyterLab reopens the documents of other pages, maybe in front.
PATHS = {"lab": "lab/workspaces/{name}/tree/{name}.ipynb", "notebook": "notebooks/{name}.ipynb"}

NOISE = (
    "/lsp/status",  # the extension for language servers, which is disabled
    "Command 'filebrowser:open-path' not registered",  # Notebook 7.6, at every start
    "Cannot read properties of undefined (reading 'schema')",  # Notebook 7.6, at every start: a plugin it leaves out
)
"""Errors in the console that come from JupyterLab and Notebook."""


READY = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"

RUNNABLE = "window.jupyterapp.commands.isEnabled('notebook:run-all-cells')"
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map((prompt) => prompt.textContent)"
BEGUN = PROMPTS + ".some((text) => /\\[[*\\d]+\\]/.test(text))"
LISTEN = """() => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  if (window.heard?.kernel === kernel) return;
  const heard = { kernel, done: new Set() };
  window.heard = heard;
  kernel.iopubMessage.connect((_, message) => {
    if (message.content.execution_state === "idle") heard.done.add(message.parent_header.msg_id);
  });
}"""
"""Notes which requests the kernel has finished. A page notes it only after it has handled all their messages."""


def terminate(process: subprocess.Popen[bytes]) -> None:
    """End a server, if need be by force."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


class Server:
    """A Jupyter server on a free local port, isolated from the user's settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime = folder / "runtime"
        settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        news = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(news))
        cells = folder / "settings" / "@jupyterlab" / "notebook-extension"
        cells.mkdir(parents=True)
        (cells / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}))  # render all cells
        (folder / "notebooks").mkdir()
        places = {
            "HOME": folder,
            "JUPYTER_CONFIG_DIR": folder / "config",
            "JUPYTER_DATA_DIR": folder / "data",
            "JUPYTER_RUNTIME_DIR": self.runtime,
            "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
            "IPYTHONDIR": folder / "ipython",
            "PYTHONPATH": Path(__file__).parents[2],
        }
        environment = os.environ | {name: str(path) for name, path in places.items()}
        environment |= {"OMP_NUM_THREADS": "1", "JUPYTER_NO_CONFIG": "0"}
        environment.pop("MPLBACKEND", None)
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": "0",
            "ServerApp.open_browser": "False",
            "ServerApp.root_dir": str(folder / "notebooks"),
            "ServerApp.jpserver_extensions": "{'jupyterlab': True, 'notebook': True, 'jupyter_lsp': False}",
            "ServerApp.allow_root": "True",
            "IdentityProvider.token": "",
            "LabApp.expose_app_in_browser": "True",
            "JupyterNotebookApp.expose_app_in_browser": "True",
        }
        command = [sys.executable, "-m", "jupyter_server", *[f"--{name}={value}" for name, value in options.items()]]
        self.log = folder / "server.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        self.url = wait_until(self._address, USUAL, self.log.read_text)

    def _address(self) -> str | None:
        if self.process.poll() is not None:
            raise RuntimeError(f"the Jupyter server ended:\n{self.log.read_text()}")
        found = list(self.runtime.glob("jpserver-*.json"))
        if not found:
            return None
        try:
            url = str(json.loads(found[0].read_text())["url"])  # raises ValueError while the file is being written
            urllib.request.urlopen(f"{url}api/status", timeout=5).close()
        except (OSError, ValueError):
            return None
        return url

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=60) as answer:
            return json.load(answer)

    def write(self, name: str, code: str | tuple[str, ...] | Path) -> None:
        """Write a notebook with one cell of code or several, or copy a notebook."""
        if isinstance(code, Path):
            shutil.copy(code, self.folder / "notebooks" / name)
            return
        sources = (code,) if isinstance(code, str) else code
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, self.folder / "notebooks" / name)

    def close(self) -> None:
        terminate(self.process)


class Shown:
    """A page of JupyterLab or Notebook that shows the widget `w` of its kernel, from cells or a complete notebook.

    If several cells show it, `widget` is its first view.
    """

    def __init__(
        self, server: Server, browser: Browser, app: str, name: str, code: str | tuple[str, ...] | Path, **context: Any
    ) -> None:
        self.server, self.app = server, app
        self.errors: list[str] = []
        self.strangers: list[str] = []
        notebook = f"{name}-{app}.ipynb"
        server.write(notebook, code)
        self.context = browser.new_context(viewport={"width": 1280, "height": 1400}, **context)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(1000 * USUAL)
        self.page.on("console", self._heard)
        self.page.on("pageerror", self._failed)
        self.page.on("request", self._asked)
        self.page.goto(server.url + PATHS[app].format(name=Path(notebook).stem))
        wait_for_page(self.page, "window.jupyterapp && document.querySelector('.jp-Cell .cm-content')")
        wait_for_page(self.page, READY)
        self.client = self._connect(notebook)
        self.views: Locator = self.page.locator(f".spotnb-{name}")
        self.widget: Locator = self.views.first
        try:
            wait_for_page(self.page, RUNNABLE)
            if isinstance(code, tuple):  # the cells appear one by one
                wait_for_page(self.page, f"document.querySelectorAll('.jp-CodeCell').length >= {len(code)}")
            wait_until(self._run_cells, 60, lambda: "the cell was never run")
            self.widget.wait_for(timeout=240_000 if isinstance(code, Path) else None)
        except BaseException:
            self.close()
            raise
        self.painted()

    def _run_cells(self) -> bool:
        """Run the notebook and return whether it has started. A page that is still loading may ignore the command."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        with suppress(TimeoutError):
            wait_for_page(self.page, BEGUN, seconds=3)
            return True
        return False

    def _heard(self, message: ConsoleMessage) -> None:
        place = str(message.location.get("url", ""))
        if message.type == "error" and not any(noise in f"{message.text} {place}" for noise in NOISE):
            self.errors.append(f"{message.text} ({place})")

    def _failed(self, error: Any) -> None:
        if not any(noise in str(error) for noise in NOISE):
            self.errors.append(str(error))

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:", self.server.url.replace("http", "ws"))):
            self.strangers.append(request.url)

    def _connect(self, notebook: str) -> BlockingKernelClient:
        def kernel() -> str | None:
            for session in self.server.ask("api/sessions"):
                if session["path"] == notebook and session["kernel"]:
                    return str(session["kernel"]["id"])
            return None

        client = BlockingKernelClient(context=zmq.Context())
        client.load_connection_file(str(self.server.runtime / f"kernel-{wait_until(kernel, 60)}.json"))
        client.start_channels(hb=False)  # without heartbeats, which stop while the kernel is busy
        return client

    def run(self, code: str) -> None:
        """Run code in the kernel, as another cell would, until the page has received and painted all it changed.

        Otherwise, a change could arrive after the next key of a test, and undo what the key did.
        """
        self.page.evaluate(LISTEN)
        reply = self.client.execute(code, reply=True, timeout=60)
        assert reply["content"]["status"] == "ok", reply["content"]
        wait_for_page(self.page, "(request) => window.heard.done.has(request)", reply["parent_header"]["msg_id"])
        self.painted()

    def ask(self, expression: str) -> Any:
        """Return the value of an expression in the kernel."""
        reply = self.client.execute("", user_expressions={"it": expression}, reply=True, timeout=60)["content"]
        it = reply["user_expressions"]["it"]
        assert it["status"] == "ok", it
        return ast.literal_eval(it["data"]["text/plain"])

    def until(self, expression: str, holds: Callable[[Any], bool] | Any = True, seconds: float = USUAL) -> Any:
        """Wait until the kernel's value of an expression is right and the page is painted, and return the value.

        A change that the page makes may reach the kernel before the page has painted it.
        """
        check = holds if callable(holds) else lambda value: value == holds
        last: list[Any] = [None]

        def right() -> bool:
            last[:] = [self.ask(expression)]
            return bool(check(last[0]))

        wait_until(right, seconds, lambda: f"{expression} is {last[0]!r}", pause=lambda: self.page.wait_for_timeout(50))
        self.painted()
        return last[0]

    def painted(self) -> None:
        """Wait for two screen frames, so that pending changes are on the canvas."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def fits(self, width: int) -> bool:
        """Return whether the widget fits into a width in pixels without overflow."""
        self.widget.evaluate(f"(root) => {{ root.parentElement.style.width = '{width}px' }}")
        self.painted()
        inside = self.widget.evaluate("(root) => root.scrollWidth <= root.clientWidth + 1")
        self.widget.evaluate("(root) => { root.parentElement.style.width = '' }")
        return bool(inside)

    def canvas(self, index: int = 0) -> Locator:
        return self.widget.locator("canvas").nth(index)

    def pixels(self, index: int = 0) -> str:
        """Return all pixels of a canvas of the widget, as text for comparisons."""
        self.painted()
        return str(self.canvas(index).evaluate(PICTURE))

    def changed(self, before: str, index: int = 0) -> str:
        """Wait until a canvas looks different, and return its pixels."""
        return wait_for_change(self.canvas(index), before)

    def reads(self, read: Callable[[], Any], expected: Any, seconds: float = USUAL) -> None:
        """Wait until `read` returns the expected value, because the page needs a frame or two for a change."""
        wait_until(
            lambda: read() == expected,
            seconds,
            lambda: f"the page reads {read()!r}, expected {expected!r}",
            pause=lambda: self.page.wait_for_timeout(50),
        )

    def drag(self, index: int, dx: float, at: tuple[float, float] = (0.5, 0.5)) -> None:
        """Drag on a canvas by `dx` pixels to the right, from a position given as fractions of its size."""
        self.canvas(index).scroll_into_view_if_needed()
        box = self.canvas(index).bounding_box()
        assert box
        x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx / 2, y, steps=3)
        self.page.mouse.move(x + dx, y, steps=3)
        self.page.mouse.up()

    def click(self, index: int, at: tuple[float, float]) -> None:
        """Click on a canvas at a position given as fractions of its size."""
        box = self.canvas(index).bounding_box()
        assert box
        self.canvas(index).click(position={"x": at[0] * box["width"], "y": at[1] * box["height"]})

    def press(self, index: int, *keys: str) -> None:
        """Focus a canvas and press keys."""
        self.canvas(index).focus()
        for key in keys:
            self.page.keyboard.press(key)

    def theme(self, name: str) -> None:
        """Switch the application to "light" or "dark"."""
        self.page.evaluate(f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{THEMES[name]}'}})")
        self.page.wait_for_selector(f".spotnb[data-theme='{name}']")
        self.painted()

    def close(self) -> None:
        self.client.stop_channels()
        self.client.context.destroy(linger=0)  # otherwise, exiting could wait for unread messages
        self.context.close()


def axe_violations(page: Page | Frame, selector: str) -> list[str]:
    """Return the violations of any level that axe-core finds inside an element."""
    import axe_playwright_python

    script = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
    if not page.evaluate("'axe' in window"):
        page.evaluate(script)
    found = page.evaluate("(selector) => axe.run({ include: [[selector]] }, { iframes: false })", selector)
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:120]}: {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@contextmanager
def page_of(browser: Browser, path: Path, script: str = "", **context: Any) -> Iterator[tuple[Page, list[str]]]:
    """Open a page of `to_html` over file:// without a network, and yield it with the list of its errors.

    `script` is a JavaScript function that is called before the page's code.
    """
    errors: list[str] = []
    opened = browser.new_context(offline=True, **context)
    page = opened.new_page()
    page.set_default_timeout(1000 * USUAL)
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    harmless = ("file:", "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(harmless) else errors.append(asked.url))
    if script:
        page.add_init_script(f"({script})()")
    page.goto(path.as_uri())
    page.wait_for_selector(".spotnb canvas")
    try:
        yield page, errors
    finally:
        opened.close()
