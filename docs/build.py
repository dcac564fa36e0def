"""Build the site: execute the course, generate what plays, and write static pages.

    python -m docs.build [--out out/site] [NOTEBOOK ...]

The pages work over file:// and load nothing from the network. Solutions are not published. README.md in this folder
explains the parts.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from binder import links
from binder.stamp import slug_of
from docs import api, search, sounds
from docs.execute import REPOSITORY, execute
from docs.front import front_page
from docs.markdown import PAGES, Entry, Renderer, to_html
from docs.pages import FOLDER, Chapter, chapter, course_page, document, filled, framed, gallery, highlighting
from spotnb.errors import InputError, SpotnbError
from spotnb.live.assets import collect
from spotnb.live.page import SECTION, write_parts
from spotnb.live.stored import PARTS, Assets

MARKER = ".spotnb-site"  # marks a folder that this program created and may replace


def build(
    out: Path,
    notebooks: list[Path],
    modules: tuple[str, ...] = (),
    playing: Path = FOLDER,
    live: Callable[[], Assets] = collect,
) -> None:
    """Build the complete site in a temporary folder, then move it to `out`, which never holds a half-built site.

    Args:
        out: The folder of the site; an old site there is replaced.
        notebooks: The notebooks of the course, in order.
        modules: The modules of the API to document in addition to spotnb itself; all of them by default.
        playing: The folder of front.md and gallery.md, whose Python generates what these two pages play.
        live: Returns the files of the page in which the model makes sound. If it raises a `SpotnbError`, the site is
            built without that page, and says why.

    Raises:
        InputError: If `out` holds anything other than a site, or if there are no notebooks.
        SpotnbError: If a notebook or one of the two pages does not run to its end. The old site is kept.
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
        _fill(site, notebooks, modules, playing, live)
        if out.exists():
            shutil.move(out, Path(folder) / "old")
        shutil.move(site, out)


def _fill(
    site: Path, notebooks: list[Path], modules: tuple[str, ...], playing: Path, live: Callable[[], Assets]
) -> None:
    slug = slug_of((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    chapters = [chapter(path.stem, nbformat.read(path, as_version=4)) for path in notebooks]
    course = [each.name for each in chapters]
    for path in (FOLDER / "static").iterdir():
        shutil.copy(path, site)
    _written(site / "highlight.css", highlighting())
    with sounds.made(site, [playing / "front.md", playing / "gallery.md"]) as shown:
        pages = [_lesson(site, path, each, chapters, slug) for path, each in zip(notebooks, chapters, strict=True)]
        with _timed("API"):
            reference = api.build(site / "api", modules)
        with _timed("the model in a page"):
            pages += (alive := _live(site, live))
        with _timed("waiting for the sounds"):
            plays = shown()
    pieces = Renderer(playing, course, slug, "docs")
    pages.append(_written(site / "gallery.html", gallery(playing / "gallery.md", plays["gallery.md"], pieces)))
    documents = [name for name in PAGES if name != "gallery"]
    pages += [_written(site / f"{name}.html", document(name, course, slug)) for name in documents]
    _write_lists(site, chapters, reference, slug)
    code = to_html((playing / "front.md").read_text("utf-8"), Renderer(playing, course, slug, "docs"))
    front = front_page(chapters, next(filter(None, plays["front.md"])), code, live=bool(alive))
    _written(site / "index.html", framed("spotnb: see and hear SpotDiffusion", front))
    _written(site / "search-index.js", search.index(site, pages, reference))


def _live(site: Path, live: Callable[[], Assets]) -> list[Path]:
    """Write the page in which the model makes sound, and return it in a list, which is empty without its tools."""
    try:
        assets = live()
    except SpotnbError as error:
        _say(f"the site has no page that makes sound: {error}")
        return []
    write_parts(site / PARTS, assets)
    return [_written(site / "live.html", framed("Make a sound", filled("live.html", section=SECTION)))]


def _lesson(site: Path, path: Path, each: Chapter, chapters: list[Chapter], slug: str) -> Path:
    with _timed(path.name):
        renderer = Renderer(path.parent, [other.name for other in chapters], slug)
        return _written(
            site / f"{each.name}.html", course_page(execute(path), renderer, **_around(each, chapters, slug))
        )


def _around(each: Chapter, chapters: list[Chapter], slug: str) -> dict[str, object]:
    at = chapters.index(each)
    name = f"{each.name}.ipynb"
    launch = [("Binder", links.binder(slug, name)), ("Colab", links.colab(slug, name))]
    return {
        "before": chapters[at - 1] if at else None,
        "after": chapters[at + 1] if at + 1 < len(chapters) else None,
        "launch": [*launch, ("GitHub", links.source(slug, f"notebooks/{name}"))],
    }


def _write_lists(site: Path, chapters: list[Chapter], reference: list[Path], slug: str) -> None:
    """Write the pages that list others: the lessons, the modules of the API, and the search."""
    places = [("Binder", links.binder(slug)), ("Colab", links.colab(slug)), ("GitHub", f"https://github.com/{slug}")]
    _written(site / "lessons.html", framed("The course", filled("lessons.html", chapters=chapters, places=places)))
    rooms = api.by_room([search.api_entries(page, page.relative_to(site).as_posix())[0] for page in reference])
    contents = [Entry(2, room, room) for room, _ in rooms]
    _written(site / "api.html", framed("The API", filled("api.html", rooms=rooms), contents))
    _written(site / "search.html", framed("Search", filled("search.html")))


def _written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@contextmanager
def _timed(what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    _say(f"{what}: {time.perf_counter() - began:.1f} s")


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
    size = sum(path.stat().st_size for path in args.out.rglob("*") if path.is_file())
    _say(f"{args.out / 'index.html'}: {size / 1e6:.0f} MB in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
