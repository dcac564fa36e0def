"""The files of a page that runs the model, and how they are read again from a page that was written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from spotnb._version import __version__
from spotnb.errors import SpotnbError
from spotnb.support.paths import check_path, show_path

PARTS = "live"
"""The folder of all files of a page but the HTML."""
SCENE, FILES = "scene.json", "files"


class Assets(NamedTuple):
    """The files of a page.

    Attributes:
        scene: What the page knows of the model and of the files, for `static/page/live.js`, as plain values for JSON.
        files: The gzipped files by name, in the order in which the page loads them.
        webgpu: Those that it loads over http in the place of `runtime.mjs` and `runtime.wasm`, for the graphics card.
    """

    scene: dict[str, Any]
    files: dict[str, bytes]
    webgpu: dict[str, bytes]


def digest_of(contents: Iterable[bytes]) -> str:
    """Return the digest of the files, in order."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()[:16]


def read_assets(page: str | os.PathLike[str]) -> Assets:
    """Read the files of a page that `spotnb.live.page` or the site's build wrote.

    Args:
        page: The folder of the page.

    Raises:
        SpotnbError: The folder has no such page, another version of spotnb wrote it, or a file was changed.
    """
    place = check_path("page", page)
    hint = "expected what python -m spotnb.live.page wrote; write it with this version of spotnb"
    try:
        scene = json.loads((place / PARTS / SCENE).read_text("utf-8"))
        listing, version = scene["listing"], scene["description"]["versions"]["spotnb"]
        digest = listing["digest"]
        files, webgpu = (
            {name: (place / PARTS / FILES / f"{name}.gz").read_bytes() for name in _names(listing[kind])}
            for kind in ("files", "webgpu")
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise SpotnbError(f"{show_path(place)} is not a page that makes sound: {hint}") from None
    if version != __version__:
        raise SpotnbError(f"{show_path(place)} is of spotnb {version}, and this is {__version__}: {hint}")
    if digest_of([*files.values(), *webgpu.values()]) != digest:
        raise SpotnbError(f"a file of the page {show_path(place)} was changed: {hint}")
    return Assets(scene, files, webgpu)


def _names(listed: Iterable[dict[str, Any]]) -> list[str]:
    return [Path(each["name"]).name for each in listed]
