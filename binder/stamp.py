"""Write the public address into every badge, link and launch cell.

    python -m binder.stamp                 # as pyproject.toml has it
    python -m binder.stamp OWNER/NAME      # and into pyproject.toml first
    python -m binder.stamp --check         # name what would change, and end with 1 if anything would

The address stands in one place: `Repository` under `[project.urls]` of pyproject.toml. From there it goes into
README.md, between `<!-- badges -->` and `<!-- /badges -->`, and into two cells of each notebook of the course, which
are added where they are missing: `launch-badges` with the links, above the title, and `launch` below it, which installs
spotnb on Google Colab. May be run any number of times.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path

import nbformat

from binder import links
from spotnb.errors import InputError, SpotnbError
from spotnb.support.files import atomic_write

REPOSITORY = Path(__file__).parents[1]
BADGES = re.compile(r"<!-- badges -->\n.*?<!-- /badges -->\n", re.DOTALL)
ADDRESS = re.compile(r'^(Repository = ")([^"]*)(")$', re.MULTILINE)
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")


def slug_of(pyproject: str) -> str:
    """OWNER/NAME of the repository, from the text of pyproject.toml."""
    address = tomllib.loads(pyproject)["project"]["urls"]["Repository"]
    return checked(address.removeprefix("https://github.com/"))


def checked(slug: str) -> str:
    if not SLUG.fullmatch(slug):
        raise InputError(f"the address is {slug!r}: expected OWNER/NAME of a repository on GitHub")
    return slug


def stamped_readme(text: str, slug: str) -> str:
    """README with its badges between the marks, or below the title where it has no marks yet."""
    block = f"<!-- badges -->\n{links.badges(slug)}\n<!-- /badges -->\n"
    if BADGES.search(text):
        return BADGES.sub(lambda _: block, text, count=1)
    title, _, rest = text.partition("\n")
    return f"{title}\n\n{block}{rest}"


def stamped_notebook(text: str, name: str, slug: str) -> str:
    """A notebook with its two launch cells: links above the cell with the title, the installation below it."""
    notebook = nbformat.reads(text, as_version=4)
    cells = [cell for cell in notebook.cells if cell.id not in (links.BADGES_ID, links.LAUNCH_ID)]
    titles = [at for at, cell in enumerate(cells) if cell.cell_type == "markdown" and _has_title(cell.source)]
    if not titles or any(cell.cell_type == "code" for cell in cells[: titles[0]]):
        raise SpotnbError(f"{name} has no title above its first code cell: expected a markdown cell with `# ...`")
    above = nbformat.v4.new_markdown_cell(links.notebook_links(slug, name), id=links.BADGES_ID)
    below = nbformat.v4.new_code_cell(links.launch_code(slug), id=links.LAUNCH_ID, metadata=links.LAUNCH_METADATA)
    cells.insert(titles[0] + 1, below)
    notebook.cells = [above, *cells]
    return nbformat.writes(notebook) + "\n"


def _has_title(source: str) -> bool:
    return any(line.startswith("# ") for line in source.splitlines())


def stamp(root: Path, slug: str | None = None, check: bool = False) -> list[Path]:
    """Bring all files under `root` in step, and return those that changed; with `check`, those that would."""
    pyproject = root / "pyproject.toml"
    project = pyproject.read_text("utf-8")
    if slug is not None:
        address = f"https://github.com/{checked(slug)}"
        project = ADDRESS.sub(lambda found: f"{found[1]}{address}{found[3]}", project)
    slug = slug_of(project)
    readme = root / "README.md"
    wanted = {pyproject: project, readme: stamped_readme(readme.read_text("utf-8"), slug)}
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        wanted[path] = stamped_notebook(path.read_text("utf-8"), path.name, slug)
    changed = [path for path, text in wanted.items() if path.read_text("utf-8") != text]
    if not check:
        for path in changed:
            with atomic_write(path) as temporary:
                temporary.write_text(wanted[path], "utf-8")
    return changed


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m binder.stamp", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("slug", nargs="?", metavar="OWNER/NAME", help="the address on GitHub")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if anything would change")
    asked = parser.parse_args(arguments)
    try:
        changed = stamp(REPOSITORY, asked.slug, asked.check)
    except SpotnbError as error:
        print(f"stamp: {error}", file=sys.stderr)
        return 2
    for path in changed:
        print(f"{'differs' if asked.check else 'written'}: {path.relative_to(REPOSITORY)}")
    if asked.check and changed:
        print("run `python -m binder.stamp` and commit what it writes", file=sys.stderr)
    return int(asked.check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
