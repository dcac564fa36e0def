"""Everything that a page needs to run the embedded model: its files, and the scene that describes them."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from spotnb.live.export import export, load_source
from spotnb.live.preview import fit_preview
from spotnb.live.runtime import Runtime, Runtimes, read_runtimes
from spotnb.live.stored import Assets, digest_of
from spotnb.models.locate import EMBEDDED_NAME
from spotnb.widgets.esm import body

PACKAGE = Path(__file__).parents[1]
PAGE = "live/static/page"
EXAMPLES = (
    "techno with heavy drums at 128 bpm",
    "nature sounds",
    "calm piano",
    "jazz piano solo",
    "acoustic guitar",
    "church organ",
)
"""Prompts to start from, with words that the embedded model knows."""


def collect(model: str = EMBEDDED_NAME, runtime: Path | str | None = None, folder: str = "live/") -> Assets:
    """Export a model, and collect everything that a page needs to run it.

    Args:
        model: The embedded model, or a folder with a model of its kind.
        runtime: The unpacked npm package onnxruntime-web (default: the one that `npm ci` installs).
        folder: The address of the folder with the files, as seen from the page.

    Raises:
        InputError: The model is not of the embedded model's kind.
        SpotnbError: onnxruntime-web or the packages of the extra `live` are missing.
    """
    read = read_runtimes(runtime)
    source = load_source(model)
    with TemporaryDirectory() as name:
        description = export(name, source)
        names = [graph[kind] for graph in description["graphs"].values() for kind in ("file", "weights")]
        contents = {each: (Path(name) / each).read_bytes() for each in names}  # in the order in which they are opened
    return assets_of(description, fit_preview(source.model), contents, read, folder)


def assets_of(
    description: dict[str, Any], preview: dict[str, Any], contents: Mapping[str, bytes], runtimes: Runtimes, folder: str
) -> Assets:
    """Pack the files. The same content gives the same bytes."""
    worker = f"(() => {{\n{body(f'{PAGE}/worker.js', PACKAGE, 'serve')}\nserve(self);\n}})();\n"
    files = packed({"worker.js": worker.encode(), **named("runtime", runtimes.wasm), **contents})
    webgpu = packed(named("webgpu", runtimes.webgpu))
    listing = {
        "folder": folder,
        "digest": digest_of([*files.values(), *webgpu.values()]),
        "files": listed(files),
        "webgpu": listed(webgpu),
    }
    scene = {"description": description, "preview": preview, "listing": listing, "examples": list(EXAMPLES)}
    return Assets(scene, files, webgpu)


def named(name: str, runtime: Runtime) -> dict[str, bytes]:
    """Return the two files of a runtime by name."""
    return {f"{name}.mjs": runtime.module, f"{name}.wasm": runtime.binary}


def packed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files gzipped, without a date."""
    return {name: gzip.compress(content, 9, mtime=0) for name, content in files.items()}


def listed(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Return names and sizes, as the page is told of them."""
    return [{"name": name, "size": len(content)} for name, content in files.items()]
