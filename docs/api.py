"""The API's pages, made by pdoc from the docstrings, with the site's theme and a way back."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from pkgutil import walk_packages

import pdoc

import spotnb
from spotnb.support.files import atomic_write

TEMPLATES = Path(__file__).parent / "templates" / "api"
JUDGES = r"!spotnb\.course\.exercises_\d+"  # left out: their pages would tell the answers
LOCAL = re.compile(r'<a href="#([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
HEAD = '<script src="{root}site.js"></script>\n</head>'
BACK = (
    '<nav class="pdoc">\n<div class="site-back"><a href="{root}index.html">spotnb: the course</a> '
    '<a href="{root}api.html">API</a> '
    '<a href="{root}search.html">Search</a> '
    '<button type="button" class="theme" aria-label="Dark or light">◐</button></div>'
)


def build(out: Path, modules: Sequence[str] = ()) -> list[Path]:
    """Write the pages of spotnb and of modules of it (all, if none is named) into `out`, and return them."""
    for name in spotnb.__all__:
        spotnb.__dict__[name] = getattr(spotnb, name)  # or pdoc sees nothing of what is imported when first used
    pdoc.render.configure(docformat="google", search=False, show_source=False, template_directory=TEMPLATES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # types that are imported for type checkers only stay names
        pdoc.pdoc("spotnb", *(modules or below()), JUDGES, output_directory=out)
    (out / "index.html").unlink()  # leads to spotnb.html, and nothing leads to it
    pages = sorted(out.rglob("*.html"))
    for page in pages:
        root = "../" * (len(page.relative_to(out).parts))
        text = settled(page.read_text("utf-8")).replace("</head>", HEAD.format(root=root), 1)
        with atomic_write(page) as temporary:
            temporary.write_text(text.replace('<nav class="pdoc">', BACK.format(root=root), 1), "utf-8")
    return pages


def settled(text: str) -> str:
    """A page of pdoc without links to inherited members that it does not show."""
    places = set(re.findall(r' id="([^"]+)"', text))
    return LOCAL.sub(lambda found: found[0] if found[1] in places else found[2], text)


def below() -> list[str]:
    """All modules of spotnb."""
    return [module.name for module in walk_packages(spotnb.__path__, "spotnb.")]
