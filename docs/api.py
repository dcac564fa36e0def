"""The pages of the API, which pdoc builds from the docstrings, with the site's theme and links back to the course."""

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
JUDGES = r"!spotnb\.course\.exercises_\d+"  # left out because their pages would reveal the answers
LOCAL = re.compile(r'<a href="#([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
HEAD = '<script src="{root}site.js"></script>\n</head>'
BACK = (
    '<nav class="pdoc">\n<div class="site-back"><a href="{root}index.html">spotnb: the course</a> '
    '<a href="{root}api.html">API</a> '
    '<a href="{root}search.html">Search</a> '
    '<button type="button" class="theme" aria-label="Dark or light">◐</button></div>'
)


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
        root = "../" * (len(page.relative_to(out).parts))
        text = settled(page.read_text("utf-8")).replace("</head>", HEAD.format(root=root), 1)
        with atomic_write(page) as temporary:
            temporary.write_text(text.replace('<nav class="pdoc">', BACK.format(root=root), 1), "utf-8")
    return pages


def settled(text: str) -> str:
    """Return a page of pdoc without links to inherited members that it does not show."""
    places = set(re.findall(r' id="([^"]+)"', text))
    return LOCAL.sub(lambda link: link[0] if link[1] in places else link[2], text)


def below() -> list[str]:
    """Return the names of all modules of spotnb."""
    return [module.name for module in walk_packages(spotnb.__path__, "spotnb.")]
