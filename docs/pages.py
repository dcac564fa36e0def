"""Turn an executed notebook into a page of the site, with the frame that all pages share."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from docs.execute import Executed
from docs.markdown import Renderer, plain, to_html

FOLDER = Path(__file__).parent
MARK = re.compile(r'<div data-spotnb-embed="(\w+)"(?: data-title="([^"]*)")?></div>')
VIEW = "application/vnd.jupyter.widget-view+json"
QUIET = (
    "<style>body.spotnb-page{background:transparent!important}"
    ".spotnb-page main{padding:4px}.spotnb-page h1{display:none}</style>"
)
NEEDS_KERNEL = '<p class="needs-kernel">This control needs a running kernel: open the notebook to use it.</p>'


@dataclass(frozen=True)
class Chapter:
    """The description of a page in the index and in the links to the previous and the next page."""

    name: str
    title: str
    about: str


@cache
def templates() -> Environment:
    """Return the environment of the Jinja templates."""
    return Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined)


def framed(title: str, body: str, root: str = "", **parts: object) -> str:
    """Return a complete page; `root` is the path from its folder to the folder of the site."""
    return templates().get_template("page.html").render(title=title, body=body, root=root, **parts)


def highlighting() -> str:
    """Return the stylesheet for code, light and dark."""
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(':root[data-theme="dark"] .highlight')
    plain = ".highlight, .highlight pre { background: var(--code) !important; }"
    return f"{light}\n{dark}\n{plain}\n"


def chapter(name: str, notebook: NotebookNode) -> Chapter:
    """Return the name, the title and the first paragraph of a notebook."""
    lines = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    at = next((at for at, line in enumerate(lines) if line.startswith("# ")), None)
    if at is None:
        return Chapter(name, name, "")
    rest = "\n".join(lines[at + 1 :]).strip().split("\n\n")[0]
    return Chapter(name, lines[at].removeprefix("# ").strip(), plain(" ".join(rest.split())))


def course_page(executed: Executed, renderer: Renderer, **parts: Any) -> str:
    """Return the page of an executed notebook."""
    for cell in executed.notebook.cells:
        cell.get("metadata", {}).pop("attachments", None)
        for output in cell.get("outputs", ()):
            _settle(output)
    exporter = HTMLExporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.register_filter("markdown2html", lambda source: to_html(source, renderer))
    body, _ = exporter.from_notebook_node(executed.notebook)
    body = MARK.sub(lambda mark: _frame(mark, executed.widgets), body)
    return framed(chapter(executed.name, executed.notebook).title, body, **parts)


def _settle(output: NotebookNode) -> None:
    """Reduce the output of a widget to something a page can show: its own page, its picture, or a note."""
    data = output.get("data", {})
    if VIEW not in data:
        return
    del data[VIEW]
    data.pop("text/plain", None)
    if "text/html" in data:
        data.pop("image/png", None)
    elif "image/png" not in data:
        data["text/html"] = NEEDS_KERNEL


def _frame(mark: re.Match[str], widgets: dict[str, str]) -> str:
    page = widgets.get(mark[1])
    if page is None:
        return NEEDS_KERNEL
    quiet = html.escape(page.replace("</head>", f"{QUIET}</head>", 1), quote=True)
    return f'<iframe class="widget" title="{mark[2]}" srcdoc="{quiet}"></iframe>'
