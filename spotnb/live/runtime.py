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


class Runtime(NamedTuple):
    """The two files of the package that a page needs.

    Attributes:
        module: The JavaScript module.
        binary: The WebAssembly that it runs.
    """

    module: bytes
    binary: bytes


def read_runtime(folder: Path | str | None = None) -> Runtime:
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
        dist = place / "dist"
        module = (dist / "ort.wasm.bundle.min.mjs").read_bytes()
        return Runtime(module, (dist / "ort-wasm-simd-threaded.wasm").read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        raise SpotnbError(f"{show_path(place)} is not the package: {hint}") from None
