"""Time the page in which the embedded model makes sound, in Chromium: `python -m benchmarks.live_page`.

    python -m benchmarks.live_page [--page FOLDER] [--runs 3]

FOLDER is what `python -m spotnb.live.page --out FOLDER` wrote (default: it is written now). For http and file:// it
prints the seconds until the model is open and those of 10 s of sound in each run, both also in seconds of CPU of the
worker, which do not depend on what else the machine does; the longest time between two frames, and the longest task of
the page's own thread in time of CPU; the bytes that were transferred, and the memory of the tab.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import tempfile
import threading
from contextlib import suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from spotnb.live.assets import collect
from spotnb.live.page import write_page
from tests.browser.jupyter import CHROMIUM, FLAGS

PATIENCE = 600_000  # ms
CATEGORIES = ["disabled-by-default-devtools.timeline", "blink.user_timing"]
WATCH = """
window.watched = { opened: [], made: [], gap: 0 };
for (const kind of ["opened", "made"]) {
  document.addEventListener(`spotnb:${kind}`, ({ detail }) => {
    performance.mark(`${kind}-${window.watched[kind].push(detail.seconds)}`);
  });
}
let last = performance.now();
const frame = () => {
  const now = performance.now();
  window.watched.gap = Math.max(window.watched.gap, now - last);
  last = now;
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"""


class Server(SimpleHTTPRequestHandler):
    """A server of files that counts their bytes."""

    sent = 0

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a file."""
        content = source.read()
        Server.sent += len(content)
        outputfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def measure(browser: Browser, page: Page, address: str, runs: int) -> dict[str, Any]:
    """Make a sound several times, and return the figures."""
    page.add_init_script(WATCH)
    page.goto(address)
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.get_by_role("button", name="Make sound").click()
    page.wait_for_function("window.watched.opened.length", timeout=PATIENCE)
    for run in range(runs):
        if run:
            page.get_by_role("button", name="Make sound").click()
        page.wait_for_function(f"window.watched.made.length > {run}", timeout=PATIENCE)
    page.wait_for_timeout(500)
    traced = Traced(json.loads(browser.stop_tracing())["traceEvents"])
    watched = page.evaluate("window.watched")
    return {
        "seconds until open": round(watched["opened"][0], 2),
        "seconds of each run": [round(seconds, 2) for seconds in watched["made"]],
        "seconds of CPU until open": traced.worker_seconds(None, "opened-1"),
        "seconds of CPU of each run": [
            traced.worker_seconds("opened-1" if k == 1 else f"made-{k - 1}", f"made-{k}") for k in range(1, runs + 1)
        ],
        "ms between two frames, at most": round(watched["gap"]),
        "ms of CPU of the longest task": traced.longest_task(),
        "MB of the tab": renderer_memory(),
    }


class Traced:
    """What Chromium recorded of the page.

    Args:
        events: The events of the trace.
    """

    def __init__(self, events: list[dict[str, Any]]) -> None:
        names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e.get("name") == "thread_name"}
        self.marks = {e["name"]: float(e["ts"]) for e in events if e.get("cat") == "blink.user_timing"}
        process = next(e["pid"] for e in events if e.get("name") == "opened-1")
        tasks = [e for e in events if e.get("name") == "RunTask" and e["pid"] == process and "tdur" in e]
        self.main = [task for task in tasks if names[process, task["tid"]] == "CrRendererMain"]
        self.worker = [task for task in tasks if "Worker" in names[process, task["tid"]]]

    def worker_seconds(self, first: str | None, last: str) -> float:
        """Return the seconds of CPU of the worker between two marks of the page."""
        start, stop = self.marks[first] if first else 0.0, self.marks[last]
        return float(round(sum(task["tdur"] for task in self.worker if start <= task["ts"] < stop) / 1e6, 2))

    def longest_task(self) -> int:
        """Return the milliseconds of CPU of the longest task of the page's own thread."""
        return round(max(task["tdur"] for task in self.main) / 1e3)


def renderer_memory() -> int:
    """Return the memory of the largest tab of the browser that this process started, in MB."""
    sizes = [0]
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "--type=renderer" in process.cmdline():
                sizes.append(process.memory_info().rss)
    return round(max(sizes) / 1e6)


def measure_both(browser: Browser, folder: Path, runs: int) -> None:
    """Print the figures over http and over file://."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for address in (f"http://127.0.0.1:{server.server_port}/index.html", (folder / "index.html").as_uri()):
        context = browser.new_context(viewport={"width": 1100, "height": 1000})
        figures = measure(browser, context.new_page(), address, runs)
        context.close()
        kind = address.partition(":")[0]
        transferred = {"MB transferred": round(Server.sent / 1e6, 1)} if kind == "http" else {}
        load = round(os.getloadavg()[0], 1)
        print(json.dumps({"over": kind, "load": load, **figures, **transferred}), flush=True)
    server.shutdown()


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Time the page in which the embedded model makes sound.")
    parser.add_argument("--page", type=Path, help="what spotnb.live.page wrote (default: write it)")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = args.page.resolve() if args.page else write_page(name, collect()).parent
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        measure_both(browser, folder, args.runs)
        browser.close()


if __name__ == "__main__":
    main()
