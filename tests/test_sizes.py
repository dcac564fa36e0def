"""No file or function grows long unnoticed: those that read better whole are named here, with the reason."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.sizes import OPENS, import_circles, long_files, long_functions

LONG_FILES = {
    "spotnb/plots/layouts.py": "four pictures of a layout that share keys and titles",
    "spotnb/sampling/settings.py": "a table: one entry for each setting",
    "spotnb/widgets/panel.py": "one widget: its buttons, and what it shows of a run",
    "spotnb/widgets/inspector.py": "one widget: its traits, and what it answers to a page",
    "tests/browser/jupyter.py": "one server and one page, with everything that a test does to them",
    "tests/golden.py": "a list of cases, and the functions that run them",
    "training/phrases.py": "a table",
}
LONG_FUNCTIONS: dict[str, str] = {}


def test_long_files_have_a_reason() -> None:
    """Tests are left out: a file of tests mirrors one module."""
    found = {name for name in long_files() if not Path(name).name.startswith("test_")}
    assert found <= LONG_FILES.keys()


def test_long_functions_have_a_reason() -> None:
    assert long_functions().keys() <= LONG_FUNCTIONS.keys()


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert import_circles() == []


def test_a_circle_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wheel").mkdir()
    sources = {
        "__init__": "import wheel.a",
        "a": "from wheel import b",
        "b": "import wheel.c",
        "c": "def f():\n  import wheel.a",
    }
    for name, source in sources.items():
        (tmp_path / "wheel" / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    assert import_circles("wheel") == [["wheel.a", "wheel.b", "wheel.c"]]


@pytest.mark.parametrize(
    ("line", "opens"),
    [
        ("function render({ model, el }) {", True),
        ("  const settle = (frame) => {", True),
        ("  draw(plot) {", True),
        ("  if (found) {", False),
        ("  } else if (found) {", False),
        ("  for (const [name, value] of pairs) {", False),
        ("const PATHS = {", False),
    ],
)
def test_a_function_of_javascript_is_told_from_other_blocks(line: str, opens: bool) -> None:
    assert bool(OPENS.match(line)) is opens
