"""The search index: one entry for every section of every page, in a script that the search page loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag

HEADINGS = ["h1", "h2", "h3"]
LONGEST = 2000  # characters of a section that the search covers


def index(site: Path, course: list[Path], api: list[Path]) -> str:
    """Return the script `search-index.js` for the pages of the course and of the API."""
    entries = [entry for path in course for entry in course_entries(path)]
    entries += [entry for path in api for entry in api_entries(path, path.relative_to(site).as_posix())]
    return f"window.searchIndex = {json.dumps(entries, ensure_ascii=True, separators=(',', ':'))};\n"


def course_entries(path: Path) -> list[dict[str, str]]:
    """Return the entries of a page of the course, one per heading."""
    soup = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    for hidden in soup.select("iframe, audio, script, style, .anchor-link, .output_area pre"):
        hidden.decompose()
    title = _text(soup.title)
    entries = []
    for heading in soup.select("main :is(h1, h2, h3)[id]"):
        words = []
        for after in heading.find_all_next():
            if after.name in HEADINGS:
                break
            if after.name in ("p", "li", "td", "pre", "summary"):
                words.append(after.get_text() if after.name == "pre" else _text(after))
        entries.append(_entry(title, _text(heading), f"{path.name}#{heading['id']}", " ".join(words)))
    return entries


def api_entries(path: Path, url: str) -> list[dict[str, str]]:
    """Return the entries of a page of the API: first the module, then its members."""
    soup = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    module = _text(soup.title).split(" ")[0]
    entries = [_entry("API", module, url, _text(soup.select_one("section.module-info .docstring")))]
    for part in soup.select("main section [id]"):
        if docstring := part.find("div", class_="docstring", recursive=False):
            entries.append(_entry("API", f"{module}.{part['id']}", f"{url}#{part['id']}", _text(docstring)))
    for part in soup.select("main > section[id]"):
        docstring = part.find("div", class_="docstring", recursive=False)
        entries.append(_entry("API", f"{module}.{part['id']}", f"{url}#{part['id']}", _text(docstring)))
    return entries


def _entry(page: str, title: str, url: str, text: str) -> dict[str, str]:
    return {"page": page, "title": title, "url": url, "text": text[:LONGEST]}


def _text(part: Tag | Any | None) -> str:
    return "" if part is None else " ".join(part.get_text(" ").split())
