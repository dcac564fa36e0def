"""The npm package onnxruntime-web, which runs the networks in a page. It is needed only while a page is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from spotnb.errors import SpotnbError
from spotnb.support.paths import check_path, show_path

VERSION = "1.30.0"
"""The version that is tested. package.json has it too, and package-lock.json has its digest, which npm checks."""
INSTALLED = Path(__file__).parents[2] / "node_modules" / "onnxruntime-web"
"""Where `npm ci` puts the package, in a clone of the repository."""
BUILDS = (
    ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),
    ("ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm"),
)
"""Module and WebAssembly of each of the `Runtimes`, in their order."""


class Runtime(NamedTuple):
    """The two files of the package that a page needs.

    Attributes:
        module: The JavaScript module.
        binary: The WebAssembly that it runs.
    """

    module: bytes
    binary: bytes


class Runtimes(NamedTuple):
    """The builds of the package that a page can use.

    Attributes:
        wasm: Computes on the processor.
        webgpu: Computes on the graphics card, and is larger.
    """

    wasm: Runtime
    webgpu: Runtime


def read_runtimes(folder: Path | str | None = None) -> Runtimes:
    """Read the package.

    Args:
        folder: The unpacked package (default: the one that `npm ci` installs in a clone of the repository).

    Raises:
        SpotnbError: The folder does not have the package, or has another version of it.
    """
    place = INSTALLED if folder is None else check_path("runtime", folder)
    hint = f"expected onnxruntime-web {VERSION}; run npm ci, or unpack npm pack onnxruntime-web@{VERSION}"
    try:
        version = json.loads((place / "package.json").read_text("utf-8"))["version"]
        if version != VERSION:
            raise SpotnbError(f"{show_path(place)} has version {version}: {hint}")
        wasm, webgpu = (
            Runtime((place / "dist" / module).read_bytes(), (place / "dist" / binary).read_bytes())
            for module, binary in BUILDS
        )
        return Runtimes(wasm, webgpu)
    except (OSError, ValueError, KeyError, TypeError):
        raise SpotnbError(f"{show_path(place)} is not the package: {hint}") from None
