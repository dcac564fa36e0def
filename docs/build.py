"""Build the site: execute the course and write it as static pages.

    python -m docs.build [--out out/site] [NOTEBOOK ...]

The pages work over file:// and load nothing from the network. Solutions are not published.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from binder import links
from binder.stamp import slug_of
from docs import api, search
from docs.execute import REPOSITORY, execute
from docs.markdown import MEASURED, Renderer, to_html
from docs.pages import FOLDER, Chapter, chapter, course_page, framed, highlighting, templates
from spotnb.errors import InputError, SpotnbError

MARKER = ".spotnb-site"  # marks a folder that this program created and may replace


def build(out: Path, notebooks: list[Path], modules: tuple[str, ...] = ()) -> None:
    """Build the complete site in a temporary folder, then move it to `out`, which never holds a half-built site.

    Args:
        out: The folder of the site; an old site there is replaced.
        notebooks: The notebooks of the course, in order.
        modules: The modules of the API to document in addition to spotnb itself; all of them by default.

    Raises:
        InputError: If `out` holds anything other than a site, or if there are no notebooks.
        SpotnbError: If a notebook does not run to its end. The old site is kept.
    """
    if out.exists() and not (out / MARKER).exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and is not a site: expected an empty folder or none; choose another with --out")
    if not notebooks:
        raise InputError("no notebooks: expected paths of .ipynb files")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=".spotnb-site-") as folder:
        site = Path(folder) / "site"
        site.mkdir()
        (site / MARKER).touch()
        _fill(site, notebooks, modules)
        if out.exists():
            shutil.move(out, Path(folder) / "old")
        shutil.move(site, out)


def _fill(site: Path, notebooks: list[Path], modules: tuple[str, ...]) -> None:
    slug = slug_of((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    chapters = [chapter(path.stem, nbformat.read(path, as_version=4)) for path in notebooks]
    course = [each.name for each in chapters]
    for path in (FOLDER / "static").iterdir():
        shutil.copy(path, site)
    _written(site / "highlight.css", highlighting())
    pages = []
    for path, each in zip(notebooks, chapters, strict=True):
        began = time.perf_counter()
        text = course_page(execute(path), Renderer(path.parent, course, slug), **_around(each, chapters, slug))
        pages.append(_written(site / f"{each.name}.html", text))
        _say(f"{path.name}: {time.perf_counter() - began:.1f} s, {len(text) / 1e6:.1f} MB")
    measured = to_html((REPOSITORY / MEASURED).read_text("utf-8"), Renderer(FOLDER, course, slug))
    pages.append(_written(site / "measured.html", framed("Measured", measured)))
    began = time.perf_counter()
    reference = api.build(site / "api", modules)
    _say(f"API: {time.perf_counter() - began:.1f} s, {len(reference)} pages")
    listed = [search.api_entries(page, page.relative_to(site).as_posix())[0] for page in reference]
    _written(site / "api.html", framed("The API", templates().get_template("api.html").render(modules=listed)))
    _written(site / "index.html", framed("spotnb: the course", _index(chapters, slug)))
    _written(site / "search.html", framed("Search", templates().get_template("search.html").render()))
    _written(site / "search-index.js", search.index(site, pages, reference))


def _around(each: Chapter, chapters: list[Chapter], slug: str) -> dict[str, object]:
    at = chapters.index(each)
    name = f"{each.name}.ipynb"
    launch = [("Binder", links.binder(slug, name)), ("Colab", links.colab(slug, name))]
    return {
        "before": chapters[at - 1] if at else None,
        "after": chapters[at + 1] if at + 1 < len(chapters) else None,
        "launch": [*launch, ("GitHub", links.source(slug, f"notebooks/{name}"))],
    }


def _index(chapters: list[Chapter], slug: str) -> str:
    places = [("Binder", links.binder(slug)), ("Colab", links.colab(slug)), ("GitHub", f"https://github.com/{slug}")]
    return templates().get_template("index.html").render(chapters=chapters, places=places)


def _written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def _say(text: str) -> None:
    print(text, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m docs.build", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: the complete course")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "out" / "site")
    args = parser.parse_args(arguments)
    try:
        build(args.out, args.notebooks or sorted((REPOSITORY / "notebooks").glob("*.ipynb")))
    except SpotnbError as error:
        print(f"site: {error}", file=sys.stderr)
        return 2
    _say(f"{args.out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
