"""A page that makes no sound, because its files hold a few bytes, for tests of what reads such pages."""

from __future__ import annotations

from pathlib import Path

from spotnb._version import __version__
from spotnb.live.assets import assets_of
from spotnb.live.page import write_page
from spotnb.live.runtime import Runtime, Runtimes
from spotnb.live.stored import Assets

RUNTIMES = Runtimes(Runtime(b"export {};", b"\0asm"), Runtime(b"export default 1;", b"\0asm larger"))
FILES = {"denoiser.onnx": b"graph", "denoiser.safetensors": bytes(range(256)) * 9}


def small_assets(version: str = __version__, folder: str = "live/") -> Assets:
    description = {"format": 2, "versions": {"spotnb": version}}
    return assets_of(description, {"range": [-1, 1]}, FILES, RUNTIMES, folder)


def small_page(folder: Path, version: str = __version__) -> Path:
    """Write the page, and return its folder."""
    return write_page(folder, small_assets(version)).parent
