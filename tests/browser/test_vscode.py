"""What VS Code's renderer needs, as far as can be checked without it.

Its Jupyter extension takes two scripts from a CDN, or without a network from the environment of the kernel: its widget
manager, and anywidget's front end. Everything else comes with the state of a widget: anywidget imports the module from
a blob. The page below does the same, offline, with the attribute by which VS Code names its theme.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bs4 import BeautifulSoup

import spotnb
from spotnb.widgets.esm import STATIC
from tests.browser.waiting import USUAL
from tests.networks import FunctionModel, pointwise

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>VS Code</title>
<style>{css}</style></head>
<body class="{theme}" data-vscode-theme-kind="{theme}"><div id="here"></div>
<script type="application/json" id="state">{state}</script><script type="application/json" id="esm">{esm}</script>
<script type="module">
{model}
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const blob = new Blob([read("esm")], {{ type: "text/javascript" }});
const module = await import(URL.createObjectURL(blob));
const model = new SavedModel({{ ...restored(read("state")), offline: undefined }});
module.default.render({{ model, el: document.getElementById("here") }});
</script></body></html>"""


def run() -> Any:
    config = spotnb.SpotDiffusionConfig(32)
    return spotnb.SpotSampler(FunctionModel(pointwise), "a sea", 6.0, 4, config=config).run(progress=False)


WIDGETS = {
    "tile-shift": lambda: spotnb.TileShiftDebugger(frames=768),
    "reflection": spotnb.ReflectionExplorer,
    "inspector": lambda: spotnb.LatentInspector(run()),
    "comparison": lambda: spotnb.RunComparison({"one": run(), "two": run()}),
}


@contextmanager
def opened(browser: Browser, name: str, folder: Path, theme: str) -> Iterator[Page]:
    widget = WIDGETS[name]()
    saved = BeautifulSoup(widget.to_html(folder / "saved.html").read_text("utf-8"), "html.parser")
    parts = {
        "css": widget._css,
        "model": (STATIC / "page" / "model.js").read_text("utf-8").replace("\nexport ", "\n"),
        "state": saved.select_one("#state-0").text,
        "esm": json.dumps(widget._esm).replace("<", "\\u003c"),
    }
    page_file = folder / "vscode.html"
    page_file.write_text(PAGE.format(theme=theme, **parts), "utf-8")
    context = browser.new_context(offline=True, color_scheme="light")
    page, wrong = context.new_page(), list[str]()
    page.set_default_timeout(1000 * USUAL)
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    harmless = ("file:", "blob:", "data:")
    page.on("request", lambda asked: None if asked.url.startswith(harmless) else wrong.append(asked.url))
    try:
        page.goto(page_file.as_uri())
        page.locator(f".spotnb-{name} canvas").first.wait_for()
        yield page
        assert not wrong
    finally:
        context.close()
        widget.close()


def test_the_front_end_of_anywidget_is_in_the_environment() -> None:
    """It is an AMD module, which VS Code takes from here for a local kernel without a network."""
    script = Path(sys.prefix) / "share/jupyter/nbextensions/anywidget/index.js"
    assert "@jupyter-widgets/base" in script.read_text("utf-8")


@pytest.mark.parametrize("name", WIDGETS)
def test_modules_work_from_a_blob_without_a_network(browser: Browser, name: str, tmp_path: Path) -> None:
    with opened(browser, name, tmp_path, "vscode-dark") as page:
        assert page.locator(".spotnb[data-theme=dark]").count() == 1
        page.evaluate("document.body.dataset.vscodeThemeKind = 'vscode-high-contrast-light'")
        page.locator(".spotnb[data-theme=light]").wait_for()
