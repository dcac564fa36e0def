"""Convert Markdown to HTML with formulas as MathML and links to pages of the site or files on GitHub."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from binder import links
from spotnb.errors import SpotnbError

PAGES = ("gallery", "use", "where", "models", "own-model", "measured")
"""The Markdown files of this folder that are pages of the site."""
HEADING = re.compile(r' id="([^"]+)"')


@dataclass(frozen=True)
class Entry:
    """A line in the contents list of a page: a heading of level 2 or 3."""

    level: int
    place: str
    text: str


class Renderer(IPythonRenderer):
    """The renderer of nbconvert, changed so that its output needs neither scripts nor the network.

    Attributes:
        contents: The headings that were rendered so far.
    """

    def __init__(self, folder: Path, course: Collection[str], slug: str, base: str = "notebooks") -> None:
        """Create the renderer of one notebook or page.

        Args:
            folder: The folder of the file.
            course: The names of the notebooks that have a page on the site.
            slug: OWNER/NAME of the repository on GitHub.
            base: The path in the repository to which links are relative.
        """
        super().__init__(escape=False, embed_images=True, path=str(folder))
        self.course, self.slug, self.base = course, slug, base
        self.contents: list[Entry] = []

    def heading(self, text: str, level: int, **attrs: object) -> str:
        """Return a heading, and note it for the contents list."""
        rendered = str(super().heading(text, level, **attrs))
        place = HEADING.search(rendered)
        if place and level in (2, 3):
            self.contents.append(Entry(level, html.unescape(place[1]), html.unescape(re.sub(r"<[^>]+>", "", text))))
        return rendered

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
        path = posixpath.normpath(f"{self.base}/{parts.path}")
        here = {f"notebooks/{name}.ipynb": name for name in self.course} | {f"docs/{name}.md": name for name in PAGES}
        return (f"{here[path]}.html" if path in here else links.source(self.slug, path)) + fragment


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
