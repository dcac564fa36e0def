"""Write a page in which the embedded model makes sound: `python -m spotnb.live.page --out FOLDER`.

FOLDER gets `index.html`, and a folder `live` with everything else. The page works over http, where it fetches the files
in `live/files` and keeps them in the browser, and over file://, where it loads each of them as a script from
`live/scripts`. It sends nothing anywhere.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from spotnb.errors import SpotnbError, one_line
from spotnb.live.assets import PACKAGE, PAGE, Assets, collect
from spotnb.models.locate import EMBEDDED_NAME
from spotnb.support.files import atomic_write, require_writable
from spotnb.support.paths import check_path
from spotnb.widgets.esm import body, stylesheet

PARTS = "live"
"""The folder of all files but the HTML."""
SECTION = f"""\
<link rel="stylesheet" href="{PARTS}/live.css">
<div id="live"></div>
<noscript><p>The model runs in this page by JavaScript: switch it on to make sounds.</p></noscript>
<script src="{PARTS}/live.js"></script>
"""
"""The HTML that shows the model in a page which lies beside the folder."""


def write_page(out: Path | str, assets: Assets) -> Path:
    """Write a page of its own, and return its path.

    Args:
        out: The folder to write to. It is created if it does not exist.
        assets: What `spotnb.live.assets.collect` returns for the folder `live/`.

    Raises:
        SpotnbError: A file cannot be written.
    """
    folder = check_path("out", out)
    write_parts(folder / PARTS, assets)
    html = (PACKAGE / PAGE / "page.html").read_text("utf-8").replace("%%SECTION%%", SECTION)
    _save(folder / "index.html", html.encode())
    return folder / "index.html"


def write_parts(folder: Path, assets: Assets) -> None:
    """Write the folder that `SECTION` refers to.

    Raises:
        SpotnbError: A file cannot be written.
    """
    scene = json.dumps(assets.scene, separators=(",", ":"))
    code = body(f"{PAGE}/entry.js", PACKAGE, "showLive")
    script = f'(() => {{\n{code}\nshowLive(document.getElementById("live"), {scene});\n}})();\n'
    _save(folder / "live.js", script.encode())
    style = (PACKAGE / PAGE / "live.css").read_text("utf-8")
    _save(folder / "live.css", f"{stylesheet()}\n{style}".encode())
    for name, content in assets.files.items():
        _save(folder / "files" / f"{name}.gz", content)
        text = base64.b64encode(content).decode()
        _save(folder / "scripts" / f"{name}.js", f'spotnbLiveFile("{text}");\n'.encode())


def _save(path: Path, content: bytes) -> None:
    require_writable(path)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: The arguments without the program's name (default: those of this process).

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m spotnb.live.page", description="Write a page that makes sound.")
    parser.add_argument("--out", required=True, help="the folder to write to")
    parser.add_argument("--model", default=EMBEDDED_NAME, help="the embedded model, or a folder with one of its kind")
    parser.add_argument("--runtime", help="the unpacked npm package onnxruntime-web (default: that of npm ci)")
    args = parser.parse_args(argv)
    try:
        path = write_page(args.out, collect(args.model, args.runtime))
    except SpotnbError as error:
        sys.stderr.write(f"error: {one_line(str(error))}\n")
        return 2
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
