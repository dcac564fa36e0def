"""The pages of the API, which pdoc builds from the docstrings in the frame of the site."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from pkgutil import walk_packages

import pdoc

import spotnb
from spotnb.support.files import atomic_write

TEMPLATES = Path(__file__).parent / "templates"
JUDGES = r"!spotnb\.course\.exercises_\d+"  # left out because their pages would reveal the answers
LOCAL = re.compile(r'<a href="#([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
LABEL = re.compile(r"<h[456]( id=\"[^\"]*\")?>(.*?)</h[456]>", re.DOTALL)


def build(out: Path, modules: Sequence[str] = ()) -> list[Path]:
    """Write the pages of the API into `out`.

    Args:
        out: The folder to write to.
        modules: The modules of spotnb to document in addition to spotnb itself; all of them if empty.

    Returns:
        The paths of the pages.
    """
    for name in spotnb.__all__:
        spotnb.__dict__[name] = getattr(spotnb, name)  # resolve lazy imports, which pdoc would not see
    pdoc.render.configure(docformat="google", search=False, show_source=False, template_directory=TEMPLATES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # types imported only for type checkers stay plain names
        pdoc.pdoc("spotnb", *(modules or below()), JUDGES, output_directory=out)
    (out / "index.html").unlink()  # only redirects to spotnb.html, and no page links to it
    pages = sorted(out.rglob("*.html"))
    for page in pages:
        with atomic_write(page) as temporary:
            temporary.write_text(settled(page.read_text("utf-8")), "utf-8")
    return pages


def settled(text: str) -> str:
    """Return a page of pdoc without links to inherited members that it does not show.

    The labels of docstrings, such as "Arguments", become paragraphs: as headings they would skip levels.
    """
    places = set(re.findall(r' id="([^"]+)"', text))
    text = LOCAL.sub(lambda link: link[0] if link[1] in places else link[2], text)
    return LABEL.sub(lambda label: f'<p class="label"{label[1] or ""}>{label[2]}</p>', text)


def below() -> list[str]:
    """Return the names of all modules of spotnb."""
    return [module.name for module in walk_packages(spotnb.__path__, "spotnb.")]


def by_room(listed: Sequence[dict[str, str]]) -> list[tuple[str, list[dict[str, str]]]]:
    """Return the search entries of the modules, grouped by the room of spotnb that they belong to."""
    rooms = {entry["title"]: ".".join(entry["title"].split(".")[:2]) for entry in listed}
    ordered = sorted(listed, key=lambda entry: (rooms[entry["title"]], entry["title"]))
    return [(room, list(group)) for room, group in groupby(ordered, key=lambda entry: rooms[entry["title"]])]
