"""The public address is defined in one place, and everything else matches what the stamp writes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from binder import links
from binder.stamp import REPOSITORY, hub_of, slug_of, stamp, stamped_notebook
from spotnb.errors import InputError, SpotnbError

SLUG = slug_of((REPOSITORY / "pyproject.toml").read_text())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(REPOSITORY / name, tmp_path)
    (tmp_path / "notebooks").mkdir()
    for path in (REPOSITORY / "notebooks").glob("*.ipynb"):
        shutil.copy(path, tmp_path / "notebooks")
    return tmp_path


def notebook(*cells: nbformat.NotebookNode) -> str:
    return nbformat.writes(nbformat.v4.new_notebook(cells=list(cells)))


def test_everything_is_stamped() -> None:
    differs = [str(path.relative_to(REPOSITORY)) for path in stamp(REPOSITORY, check=True)]
    assert not differs, f"run `python -m binder.stamp`: {differs}"


def test_the_address_stands_nowhere_else(copy: Path) -> None:
    stamp(copy, "someone/else")
    for path in [copy / "README.md", *(copy / "notebooks").glob("*.ipynb")]:
        text = path.read_text()
        assert SLUG not in text
        assert text.count("someone/else") + text.count("someone%2Felse") >= 3
    assert slug_of((copy / "pyproject.toml").read_text()) == "someone/else"
    assert stamp(copy) == []
    stamp(copy, SLUG)
    for path in [copy / "pyproject.toml", copy / "README.md"]:
        assert path.read_text() == (REPOSITORY / path.name).read_text()


def test_a_hub_is_linked_once_it_is_given_and_only_then(copy: Path) -> None:
    pages = [copy / "README.md", *(copy / "notebooks").glob("*.ipynb")]
    assert not any("user-redirect" in path.read_text() for path in pages)
    stamp(copy, hub="https://hub.school.edu/")
    assert hub_of((copy / "pyproject.toml").read_text()) == "https://hub.school.edu"
    assert all("https://hub.school.edu/hub/user-redirect/git-pull?" in path.read_text() for path in pages)
    assert stamp(copy) == []
    stamp(copy, hub="https://other.school.edu")
    assert not any("hub.school.edu" in path.read_text() for path in pages)
    stamp(copy, hub="")
    for path in [copy / "pyproject.toml", copy / "README.md"]:
        assert path.read_text() == (REPOSITORY / path.name).read_text()


@pytest.mark.parametrize(
    "hub", ["hub.school.edu", "https://hub.school.edu/)[x](y", 'https://a"b', "ftp://hub.school.edu"]
)
def test_what_is_no_hub_is_refused(copy: Path, hub: str) -> None:
    with pytest.raises(InputError, match="expected an address"):
        stamp(copy, hub=hub)


def test_missing_cells_are_added_where_they_do_no_harm() -> None:
    v4 = nbformat.v4
    text = notebook(v4.new_markdown_cell("# Title"), v4.new_markdown_cell("## 1"), v4.new_code_cell("1 + 1"))
    once = stamped_notebook(text, "01-x.ipynb", SLUG)
    cells = nbformat.reads(once, as_version=4).cells
    nbformat.validate(nbformat.reads(once, as_version=4))
    assert [cell.id for cell in cells][:1] == [links.BADGES_ID]
    assert [cell.source for cell in cells][1] == "# Title"
    assert cells[2].id == links.LAUNCH_ID
    assert not any(line.startswith("#") for line in cells[0].source.splitlines())
    assert stamped_notebook(once, "01-x.ipynb", SLUG) == once


def test_a_notebook_without_a_title_is_refused() -> None:
    text = notebook(nbformat.v4.new_code_cell("1 + 1"), nbformat.v4.new_markdown_cell("# Title"))
    with pytest.raises(SpotnbError, match=r"01-x\.ipynb has no title above its first code cell"):
        stamped_notebook(text, "01-x.ipynb", SLUG)


@pytest.mark.parametrize("slug", ["spotnb", "https://github.com/a/b", "a/b/c", 'a/b"', ""])
def test_what_is_no_address_is_refused(copy: Path, slug: str) -> None:
    with pytest.raises(InputError, match="expected OWNER/NAME"):
        stamp(copy, slug)


def test_the_command_checks() -> None:
    command = [sys.executable, "-m", "binder.stamp", "--check"]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    assert ran.returncode == bool(stamp(REPOSITORY, check=True))


def test_links_lead_to_the_notebook() -> None:
    assert links.binder("a/b", "03-x.ipynb") == (
        "https://mybinder.org/v2/gh/a/b/main?urlpath=lab%2Ftree%2Fnotebooks%2F03-x.ipynb"
    )
    assert links.colab("a/b", "03-x.ipynb") == (
        "https://colab.research.google.com/github/a/b/blob/main/notebooks/03-x.ipynb"
    )
    assert links.nbgitpuller("a/b", "https://hub.school.example", "03-x.ipynb") == (
        "https://hub.school.example/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fa%2Fb"
        "&urlpath=lab%2Ftree%2Fb%2Fnotebooks%2F03-x.ipynb&branch=main"
    )


FAKE_COLAB = """
import subprocess, sys, types
from importlib.metadata import version
from pathlib import Path
calls = []
def run(command, check):
    held = Path(command[command.index("-c") + 1]).read_text()
    calls.append((command, check, held))
subprocess.run = run
output = types.SimpleNamespace(enable_custom_widget_manager=lambda: calls.append("widgets"))
colab = types.ModuleType("google.colab")
colab.output = output
sys.modules["google"] = types.ModuleType("google")
sys.modules["google.colab"] = colab
exec(sys.argv[1])
(command, check, held), widgets = calls
assert command[:5] == [sys.executable, "-m", "pip", "install", "--quiet"] and check, command
assert command[-1] == "spotnb[widgets] @ git+https://github.com/a/b@main", command
assert held == "torch==" + version("torch") + chr(10), held
assert widgets == "widgets"
"""


def test_the_launch_cell_installs_on_colab_and_keeps_torch(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FAKE_COLAB, links.launch_code("a/b")], cwd=tmp_path, check=True)


def test_the_launch_cell_does_nothing_elsewhere(tmp_path: Path) -> None:
    code = links.launch_code("a/b") + "\nassert 'subprocess' not in globals() and 'google' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert not list(tmp_path.iterdir())
