"""Markdown cells as HTML: formulas as MathML, and links that lead to pages of the site or to files on GitHub."""

from __future__ import annotations

import html
import posixpath
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from binder import links
from spotnb.errors import SpotnbError

MEASURED = "docs/measured.md"  # the one Markdown file that is a page of the site


class Renderer(IPythonRenderer):
    """nbconvert's own, but that nothing of it needs a script or the network."""

    def __init__(self, folder: Path, course: Collection[str], slug: str) -> None:
        super().__init__(escape=False, embed_images=True, path=str(folder))
        self.course, self.slug = course, slug

    def inline_math(self, body: str) -> str:
        return formula(body)

    def block_math(self, body: str) -> str:
        return formula(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        return formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return str(super().link(text, self.target(url), title))

    def target(self, url: str) -> str:
        """Where a link of a notebook leads to from its page."""
        parts = urlsplit(url)
        if parts.scheme or parts.netloc or not parts.path:
            return url
        fragment = f"#{parts.fragment}" if parts.fragment else ""
        if parts.path in {f"{name}.ipynb" for name in self.course}:
            return f"{parts.path.removesuffix('.ipynb')}.html{fragment}"
        path = posixpath.normpath(f"notebooks/{parts.path}")
        return ("measured.html" if path == MEASURED else links.source(self.slug, path)) + fragment


def formula(body: str, display: str = "inline") -> str:
    """LaTeX as MathML. Raises `SpotnbError` for what latex2mathml does not understand."""
    try:
        return str(convert(body, display=display))
    except Exception as error:  # it has many, with no common base
        told = f"{type(error).__name__}: {error}"
        raise SpotnbError(f"the formula ${body}$ cannot be read ({told}): write it in simpler LaTeX") from error


def to_html(source: str, renderer: Renderer) -> str:
    return str(MarkdownWithMath(renderer=renderer).render(source))


def plain(text: str) -> str:
    """A line of markdown as text: without the marks for emphasis and code."""
    return html.escape(text.replace("**", "").replace("*", "").replace("`", ""))
