"""Convert Markdown cells to HTML with formulas as MathML and links to pages of the site or files on GitHub."""

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
    """The renderer of nbconvert, changed so that its output needs neither scripts nor the network."""

    def __init__(self, folder: Path, course: Collection[str], slug: str) -> None:
        """Create the renderer of one notebook.

        Args:
            folder: The folder of the notebook.
            course: The names of the notebooks that have a page on the site.
            slug: OWNER/NAME of the repository on GitHub.
        """
        super().__init__(escape=False, embed_images=True, path=str(folder))
        self.course, self.slug = course, slug

    def inline_math(self, body: str) -> str:
        """Return an inline formula as MathML."""
        return formula(body)

    def block_math(self, body: str) -> str:
        """Return a displayed formula as MathML."""
        return formula(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        """Return a LaTeX environment as MathML."""
        return formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Return a link, redirected by `target`."""
        return str(super().link(text, self.target(url), title))

    def target(self, url: str) -> str:
        """Return the address that a link in a notebook has on its page."""
        parts = urlsplit(url)
        if parts.scheme or parts.netloc or not parts.path:
            return url
        fragment = f"#{parts.fragment}" if parts.fragment else ""
        if parts.path in {f"{name}.ipynb" for name in self.course}:
            return f"{parts.path.removesuffix('.ipynb')}.html{fragment}"
        path = posixpath.normpath(f"notebooks/{parts.path}")
        return ("measured.html" if path == MEASURED else links.source(self.slug, path)) + fragment


def formula(body: str, display: str = "inline") -> str:
    """Convert LaTeX to MathML.

    Raises:
        SpotnbError: If latex2mathml does not understand the formula.
    """
    try:
        return str(convert(body, display=display))
    except Exception as error:  # its errors have no common base class
        reason = f"{type(error).__name__}: {error}"
        raise SpotnbError(f"the formula ${body}$ cannot be read ({reason}): write it in simpler LaTeX") from error


def to_html(source: str, renderer: Renderer) -> str:
    """Convert Markdown to HTML."""
    return str(MarkdownWithMath(renderer=renderer).render(source))


def plain(text: str) -> str:
    """Return a line of Markdown as escaped text, without the marks for emphasis and code."""
    return html.escape(text.replace("**", "").replace("*", "").replace("`", ""))
