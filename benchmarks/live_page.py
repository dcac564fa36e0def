"""Time the page in which the embedded model makes sound, in Chromium: `python -m benchmarks.live_page`.

    python -m benchmarks.live_page [--page FOLDER] [--runs 3]

FOLDER is what `python -m spotnb.live.page --out FOLDER` wrote (default: it is written now). For http and file:// it
prints the seconds until the model is open, those of 10 s of sound in each run, the longest time between two frames and
the longest task of the page's own thread while it computes, the bytes that were transferred, and the memory of the tab.
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
WATCH = """
window.watched = { opened: [], made: [], gap: 0, task: 0 };
for (const kind of ["opened", "made"]) {
  document.addEventListener(`spotnb:${kind}`, ({ detail }) => window.watched[kind].push(detail.seconds));
}
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) window.watched.task = Math.max(window.watched.task, duration);
}).observe({ type: "longtask" });
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


def measure(page: Page, address: str, runs: int) -> dict[str, Any]:
    """Make a sound several times, and return the figures."""
    page.add_init_script(WATCH)
    page.goto(address)
    page.get_by_role("button", name="Make sound").click()
    page.wait_for_function("window.watched.opened.length", timeout=PATIENCE)
    loading = page.evaluate("[window.watched.gap, window.watched.task]")
    page.evaluate("Object.assign(window.watched, { gap: 0, task: 0 })")
    for run in range(runs):
        if run:
            page.get_by_role("button", name="Make sound").click()
        page.wait_for_function(f"window.watched.made.length > {run}", timeout=PATIENCE)
    page.wait_for_timeout(500)
    watched = page.evaluate("window.watched")
    return {
        "seconds until open": round(watched["opened"][0], 2),
        "seconds of each run": [round(seconds, 2) for seconds in watched["made"]],
        "ms: longest frame, longest task, while it loads": [round(each) for each in loading],
        "ms: longest frame, longest task, while it computes": [round(watched["gap"]), round(watched["task"])],
        "MB of the tab": renderer_memory(),
    }


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
        figures = measure(context.new_page(), address, runs)
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
