"""The time that the widgets take to paint, in headless Chromium, on the pages that `to_html` writes.

First paint: from reading the state to the first painted canvas. Scrubbing: from an input event of the step slider until
the pixels of the canvas can be read; 95 input events.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from spotnb import (
    LatentInspector,
    Overview,
    ReflectionExplorer,
    RunComparison,
    SpotSampler,
    TileShiftDebugger,
    load_model,
)
from tests.browser.jupyter import CHROMIUM, FLAGS, page_of

ROUNDS = 5
WATCH = """() => {
  const parse = JSON.parse;
  JSON.parse = (text) => {
    window.began ??= performance.now();
    return parse(text);
  };
  document.addEventListener("spotnb:painted", () => { window.painted ??= performance.now(); }, true);
}"""
SCRUB = """async () => {
  const root = document.querySelector(".spotnb");
  const slider = root.querySelector(".spotnb-steps input");
  const canvases = [...root.querySelectorAll("canvas")];
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const times = [];
  let paint = 0;
  root.addEventListener("spotnb:painted", (event) => { paint = event.detail.paint; });
  for (let k = 1; k < 100; k += 1) {
    slider.value = (k * 37) % (Number(slider.max) + 1);
    const start = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    const handled = performance.now() - start;
    await frame();
    const fetched = performance.now();
    for (const canvas of canvases) canvas.getContext("2d").getImageData(0, 0, 1, 1);
    times.push(handled + paint + performance.now() - fetched);
  }
  return times.slice(4);
}"""


def inspector(steps: int) -> LatentInspector:
    """Return an inspector of a run of 30 s, with the last step decoded."""
    sampler = SpotSampler(load_model("tiny", device="cpu"), "jazz piano solo", 30.0, steps).run()
    widget = LatentInspector(sampler)
    widget.decode(steps - 1)
    widget.wait(120)
    return widget


def overview(steps: int) -> Overview:
    """Return the picture of a run of 30 s."""
    return Overview(SpotSampler(load_model("tiny", device="cpu"), "jazz piano solo", 30.0, steps).run())


def comparison() -> RunComparison:
    """Return a comparison of two sounds of 30 s."""
    wave = np.sin(np.arange(30 * 16000, dtype=np.float32) / 20)
    return RunComparison({"one": wave, "half": wave / 2})


MAKERS: dict[str, Callable[[], Any]] = {
    "LatentInspector, 30 s, 50 steps": lambda: inspector(50),
    "LatentInspector, 30 s, 25 steps": lambda: inspector(25),
    "Overview, 30 s, 50 steps": lambda: overview(50),
    "TileShiftDebugger, 768 frames, 25 steps": TileShiftDebugger,
    "TileShiftDebugger, 15000 frames, 200 steps": lambda: TileShiftDebugger(15_000, steps=200),
    "ReflectionExplorer": ReflectionExplorer,
    "RunComparison, 2 runs of 30 s": comparison,
}


def main() -> None:
    """Measure all widgets and print a table."""
    print(f"{'':44}{'shown, CPU s':>13}{'first paint, ms':>17}{'scrub median / 95 %, ms':>25}{'page, MB':>10}")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for name, make in MAKERS.items():
            make().close()  # loads matplotlib and the model
            widget = make()
            started = time.process_time()
            widget._repr_mimebundle_()
            shown = time.process_time() - started
            path = widget.to_html(Path(folder) / "page.html")
            widget.close()
            firsts, times = [], []
            for _ in range(ROUNDS):
                with page_of(browser, path, WATCH, viewport={"width": 1280, "height": 1000}) as (page, _):
                    page.wait_for_function("window.painted")
                    firsts.append(page.evaluate("window.painted - window.began"))
                    if page.locator(".spotnb-steps input").count():
                        times += page.evaluate(SCRUB)
            scrub = f"{statistics.median(times):.1f} / {np.quantile(times, 0.95):.1f}" if times else ""
            size = path.stat().st_size / 1e6
            print(f"{name:44}{shown:13.2f}{statistics.median(firsts):17.0f}{scrub:>25}{size:10.2f}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
