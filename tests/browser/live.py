"""The page in which the embedded model makes sound, in a tab of a browser, for the tests."""

from __future__ import annotations

import base64
import functools
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from spotnb.live.stored import PARTS, SCENE
from spotnb.models.decode_mel import sliding_window_vocode
from spotnb.models.load import load_model
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from tests.browser.jupyter import PLAYED
from tests.browser.waiting import USUAL, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PATIENCE = 240  # seconds for a model to open, or a sound to be made, on a busy machine
TILING = ("tile_size_time", "edge", "max_shift_ratio", "min_overlap", "shift_seed", "shift_schedule")
HARMLESS = ("file:", "data:", "blob:", "http://127.0.0.1:")
LISTEN = """
window.made = [];
const text = (array) => {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let characters = "";
  for (let k = 0; k < bytes.length; k += 8192) characters += String.fromCharCode(...bytes.subarray(k, k + 8192));
  return btoa(characters);
};
document.addEventListener("spotnb:made", ({ detail: { settings, latent, mel, waveform } }) => {
  window.made.push({ settings, latent: text(latent), mel: text(mel), waveform: text(waveform) });
});
"""

DROP = """([name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  const target = document.querySelector(".spotnb-live textarea");
  for (const type of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


class Opened:
    """The page in a tab, with its errors, its requests for strangers, and the files that it loaded."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.wrong: list[str] = []
        self.loaded: list[str] = []
        self.count = 0
        self.page: Page = context.new_page()
        self.page.set_default_timeout(1000 * USUAL)
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._asked)
        self.page.add_init_script(f"{LISTEN}({PLAYED})();")
        self.page.goto(address)
        self.doing = self.page.locator(".spotnb-panel-doing")
        self.trouble = self.page.get_by_role("alert")
        self.make = self.page.get_by_role("button", name="Make sound")
        self.cancel = self.page.get_by_role("button", name="Cancel")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(HARMLESS):
            self.wrong.append(request.url)
        if "/files/" in request.url or "/scripts/" in request.url:
            self.loaded.append(request.url)

    def fill(self, **values: str) -> None:
        if not self.page.get_by_label("Steps", exact=True).is_visible():
            self.page.get_by_text("More settings").click()
        for label, value in values.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).fill(value)

    def drop(self, name: str, text: str) -> None:
        """Drop a file on the form."""
        self.page.evaluate(DROP, [name, text])

    def finished(self) -> None:
        """Wait for one more sound, and until it is shown."""
        wait_until(
            lambda: self.page.evaluate("window.made.length") > self.count,
            PATIENCE,
            self.doing.inner_text,
            pause=lambda: self.page.wait_for_timeout(100),
        )
        self.count += 1
        self.make.wait_for()
        assert "made in this page" in self.doing.inner_text()
        assert not self.trouble.is_visible()

    def sounds(self) -> list[dict[str, Any]]:
        """Return the settings and the arrays of all sounds that were made."""
        made = self.page.evaluate("window.made")
        for each in made:
            for name in ("latent", "mel", "waveform"):
                each[name] = np.frombuffer(base64.b64decode(each[name]), "<f4")
        return list(made)


@contextmanager
def served(folder: Path, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve the page in a folder over http, with these headers, and yield its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()


@contextmanager
def opened(browser: Browser, address: str, *, offline: bool = False, **context: Any) -> Iterator[Opened]:
    """Open the page in a context of its own, which keeps nothing of others."""
    own = browser.new_context(offline=offline, **{"viewport": {"width": 1100, "height": 900}, **context})
    try:
        yield Opened(own, address)
    finally:
        own.close()


def as_kept(folder: Path, *, tried: list[Any], best: Any) -> str:
    """Return what the browser keeps of a measurement of the page in a folder: the ways, and the best one."""
    digest = json.loads((folder / PARTS / SCENE).read_text("utf-8"))["listing"]["digest"]
    return json.dumps({"tried": tried, "best": best, "files": digest}, separators=(",", ":"))


def assert_as_python(sound: dict[str, Any]) -> None:
    """Python makes the same sound with the same settings."""
    settings = {name: value for name, value in sound["settings"].items() if name not in TILING}
    config = SpotDiffusionConfig(**{name: sound["settings"][name] for name in TILING})
    model: Any = load_model("tiny", device="cpu", dtype="fp32")
    if settings["guidance_interval"]:
        settings["guidance_interval"] = tuple(settings["guidance_interval"])
    sampler = SpotSampler(model, config=config, **settings).run(progress=False)
    expected = sampler.sound()
    mel = torch.from_numpy(sound["mel"].reshape(1, 1, *expected.mel.shape).copy())
    same_mel = sliding_window_vocode(model, mel)[0, : expected.waveform.shape[-1]].numpy()
    for name, found, array, tolerance in (
        ("latent", sound["latent"], np.asarray(sampler.latent), 1e-5),
        ("mel", sound["mel"], expected.mel, 1e-5),
        ("waveform of the same mel", sound["waveform"], same_mel, 1e-5),
        ("waveform", sound["waveform"], expected.waveform, 1e-4),
    ):
        distance = float(np.linalg.norm(found.reshape(array.shape) - array) / np.linalg.norm(array))
        assert distance <= tolerance, f"{name}: {distance:.2e}"
