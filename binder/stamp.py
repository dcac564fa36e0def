"""Write the public address into every badge, link and launch cell.

    python -m binder.stamp                 # the address in pyproject.toml
    python -m binder.stamp OWNER/NAME      # write this address into pyproject.toml first
    python -m binder.stamp --hub ADDRESS   # add links to a JupyterHub with nbgitpuller; an empty address removes them
    python -m binder.stamp --check         # list the files that would change; exit code 1 if there are any

The addresses are kept in one place: `Repository` and, if there is one, `JupyterHub` under `[project.urls]` of
pyproject.toml. From there they are copied into
README.md, between `<!-- badges -->` and `<!-- /badges -->`, and into two cells of each notebook of the course, which
are added if they are missing: `launch-badges` with the links, above the title, and `launch` below it, which installs
spotnb on Google Colab. The program can be run any number of times.
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
HUB = re.compile(r'^JupyterHub = "([^"]*)"\n', re.MULTILINE)
HUB_ADDRESS = re.compile(r"https?://[\w.:-]+(?:/[\w./~-]*)?")
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")


def slug_of(pyproject: str) -> str:
    """Return OWNER/NAME of the repository, given the text of pyproject.toml."""
    address = tomllib.loads(pyproject)["project"]["urls"]["Repository"]
    return checked(address.removeprefix("https://github.com/"))


def checked(slug: str) -> str:
    """Return `slug` if it has the form OWNER/NAME.

    Raises:
        InputError: If it has another form.
    """
    if not SLUG.fullmatch(slug):
        raise InputError(f"the address is {slug!r}: expected OWNER/NAME, a repository on GitHub")
    return slug


def hub_of(pyproject: str) -> str:
    """Return the address of the JupyterHub, or an empty string if there is none, given the text of pyproject.toml."""
    found = HUB.search(pyproject)
    return found[1] if found else ""


def with_hub(pyproject: str, hub: str) -> str:
    """Return the text of pyproject.toml with another JupyterHub, or with none if `hub` is empty.

    Raises:
        InputError: If `hub` is not an address.
    """
    if hub and not HUB_ADDRESS.fullmatch(hub):
        raise InputError(f"the hub is {hub!r}: expected an address such as https://hub.school.edu, or nothing")
    without = HUB.sub("", pyproject)
    return ADDRESS.sub(lambda line: f'{line[0]}\nJupyterHub = "{hub.rstrip("/")}"', without) if hub else without


def stamped_readme(text: str, slug: str, hub: str = "") -> str:
    """Return README.md with its badges between the marks, or below the title if it has no marks yet."""
    block = f"<!-- badges -->\n{links.badges(slug, hub)}\n<!-- /badges -->\n"
    if BADGES.search(text):
        return BADGES.sub(lambda _: block, text, count=1)
    title, _, rest = text.partition("\n")
    return f"{title}\n\n{block}{rest}"


def stamped_notebook(text: str, name: str, slug: str, hub: str = "") -> str:
    """Return a notebook with its two launch cells: links above the title cell, the installation below it.

    Raises:
        SpotnbError: If the notebook has no title above its first code cell.
    """
    notebook = nbformat.reads(text, as_version=4)
    cells = [cell for cell in notebook.cells if cell.id not in (links.BADGES_ID, links.LAUNCH_ID)]
    titles = [at for at, cell in enumerate(cells) if cell.cell_type == "markdown" and _has_title(cell.source)]
    if not titles or any(cell.cell_type == "code" for cell in cells[: titles[0]]):
        raise SpotnbError(f"{name} has no title above its first code cell: expected a markdown cell with `# ...`")
    above = nbformat.v4.new_markdown_cell(links.notebook_links(slug, name, hub), id=links.BADGES_ID)
    below = nbformat.v4.new_code_cell(links.launch_code(slug), id=links.LAUNCH_ID, metadata=links.LAUNCH_METADATA)
    cells.insert(titles[0] + 1, below)
    notebook.cells = [above, *cells]
    return nbformat.writes(notebook) + "\n"


def _has_title(source: str) -> bool:
    return any(line.startswith("# ") for line in source.splitlines())


def stamp(root: Path, slug: str | None = None, check: bool = False, hub: str | None = None) -> list[Path]:
    """Write the addresses into all files under `root`.

    Args:
        root: The folder of the repository.
        slug: A new address OWNER/NAME; by default the one in pyproject.toml.
        check: If true, write nothing.
        hub: The address of a JupyterHub with nbgitpuller, or "" for none; by default the one in pyproject.toml.

    Returns:
        The files that changed, or with `check` the files that would change.

    Raises:
        InputError: If `slug` does not have the form OWNER/NAME, or `hub` is not an address.
        SpotnbError: If a notebook has no title above its first code cell.
    """
    pyproject = root / "pyproject.toml"
    project = pyproject.read_text("utf-8")
    if slug is not None:
        address = f"https://github.com/{checked(slug)}"
        project = ADDRESS.sub(lambda line: f"{line[1]}{address}{line[3]}", project)
    if hub is not None:
        project = with_hub(project, hub)
    slug, hub = slug_of(project), hub_of(project)
    readme = root / "README.md"
    wanted = {pyproject: project, readme: stamped_readme(readme.read_text("utf-8"), slug, hub)}
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        wanted[path] = stamped_notebook(path.read_text("utf-8"), path.name, slug, hub)
    changed = [path for path, text in wanted.items() if path.read_text("utf-8") != text]
    if not check:
        for path in changed:
            with atomic_write(path) as temporary:
                temporary.write_text(wanted[path], "utf-8")
    return changed


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m binder.stamp", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("slug", nargs="?", metavar="OWNER/NAME", help="the address on GitHub")
    parser.add_argument("--hub", metavar="ADDRESS", help="a JupyterHub with nbgitpuller; an empty address removes it")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if anything would change")
    args = parser.parse_args(arguments)
    try:
        changed = stamp(REPOSITORY, args.slug, args.check, args.hub)
    except SpotnbError as error:
        print(f"stamp: {error}", file=sys.stderr)
        return 2
    for path in changed:
        print(f"{'differs' if args.check else 'written'}: {path.relative_to(REPOSITORY)}")
    if args.check and changed:
        print("run `python -m binder.stamp` and commit the result", file=sys.stderr)
    return int(args.check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
