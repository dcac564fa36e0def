"""Turn an executed notebook into a page of the site, with the frame that all pages share."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from docs.compressed import compress
from docs.execute import Executed
from docs.markdown import Entry, Renderer, plain, to_html
from docs.sounds import frame

FOLDER = Path(__file__).parent
MARK = re.compile(r'<div data-spotnb-embed="(\w+)"(?: data-title="([^"]*)")?></div>')
CODE = re.compile(r'<div class="highlight">')
VIEW = "application/vnd.jupyter.widget-view+json"
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


def framed(title: str, body: str, contents: Sequence[Entry] = (), **parts: object) -> str:
    """Return a complete page of the site's own folder. A contents list of one line is left out."""
    listed = contents if len(contents) > 1 else ()
    return templates().get_template("page.html").render(title=title, body=body, root="", contents=listed, **parts)


def filled(template: str, **parts: object) -> str:
    """Return the body of a page from its template."""
    return templates().get_template(template).render(**parts)


def document(name: str, course: Collection[str], slug: str) -> str:
    """Return the page of a Markdown file in this folder."""
    source = (FOLDER / f"{name}.md").read_text("utf-8")
    renderer = Renderer(FOLDER, course, slug, base="docs")
    body = to_html(source, renderer)
    return framed(source.partition("\n")[0].removeprefix("# "), body, renderer.contents)


def gallery(path: Path, shown: Sequence[str], renderer: Renderer) -> str:
    """Return the page of pieces: a section for each heading, with its player between the words and the code."""
    head, *sections = re.split(r"^(?=## )", path.read_text("utf-8"), flags=re.MULTILINE)
    left = iter(shown)

    def section(text: str) -> str:
        body = to_html(text, renderer)
        return CODE.sub(lambda code: next(left) + code[0], body)

    opening = section(head)  # first, because the blocks are counted through the page
    pieces = "\n".join(f'<section class="piece">\n{section(text)}</section>' for text in sections)
    return framed("Gallery", f'{opening}\n<div class="pieces">\n{pieces}\n</div>', renderer.contents)


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
    body = MARK.sub(lambda mark: _frame(mark, executed.widgets), compress(body))
    return framed(chapter(executed.name, executed.notebook).title, body, renderer.contents, **parts)


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
    return frame(page, mark[2])
