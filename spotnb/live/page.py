"""Write a page in which the embedded model makes sound: `python -m spotnb.live.page --out FOLDER`.

FOLDER gets `index.html`, and a folder `live` with everything else. The page works over http, where it fetches the files
in `live/files` and keeps them in the browser, and over file://, where it loads each of them as a script from
`live/scripts`. It sends nothing anywhere.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from spotnb.live.assets import PACKAGE, PAGE, collect
from spotnb.live.command import command, exit_code
from spotnb.live.stored import FILES, PARTS, SCENE, Assets
from spotnb.support.files import write_bytes
from spotnb.support.paths import check_path
from spotnb.widgets.esm import body, stylesheet

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
    write_bytes(folder / "index.html", html.encode())
    return folder / "index.html"


def write_parts(folder: Path, assets: Assets) -> None:
    """Write the folder that `SECTION` refers to, with the scene in a file of its own for `LivePanel`.

    Raises:
        SpotnbError: A file cannot be written.
    """
    scene = json.dumps(assets.scene, separators=(",", ":"))
    write_bytes(folder / SCENE, scene.encode())
    code = body(f"{PAGE}/entry.js", PACKAGE, "showLive")
    script = f'(() => {{\n{code}\nshowLive(document.getElementById("live"), {scene});\n}})();\n'
    write_bytes(folder / "live.js", script.encode())
    style = (PACKAGE / PAGE / "live.css").read_text("utf-8")
    write_bytes(folder / "live.css", f"{stylesheet()}\n{style}".encode())
    for name, content in (assets.files | assets.webgpu).items():
        write_bytes(folder / FILES / f"{name}.gz", content)
    for name, content in assets.files.items():
        text = base64.b64encode(content).decode()
        write_bytes(folder / "scripts" / f"{name}.js", f'spotnbLiveFile("{text}");\n'.encode())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: The arguments without the program's name (default: those of this process).

    Returns:
        The exit code.
    """
    parser = command("page", "Write a page that makes sound.")
    parser.add_argument("--runtime", help="the unpacked npm package onnxruntime-web (default: that of npm ci)")
    args = parser.parse_args(argv)
    return exit_code(lambda: sys.stdout.write(f"{write_page(args.out, collect(args.model, args.runtime))}\n"))


if __name__ == "__main__":
    sys.exit(main())
