"""Every fenced block of the Markdown files and notebooks is closed, and its code parses."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

REPOSITORY = Path(__file__).parents[1]
FOLDERS = (".github", "benchmarks", "binder", "docs", "notebooks", "spotnb", "tests", "training")
FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*(\w*)(.*)")
OPEN_TO_THE_END = "never closed"


def pages(suffix: str) -> list[Path]:
    below = [path for folder in FOLDERS for path in (REPOSITORY / folder).rglob(f"*{suffix}")]
    return sorted(path for path in [*REPOSITORY.glob(f"*{suffix}"), *below] if ".ipynb_checkpoints" not in path.parts)


def fenced(text: str) -> Iterator[tuple[str, str]]:
    """Yield the language and the code of each fenced block, as CommonMark reads them (section 4.5 of its spec)."""
    fence = language = ""
    block: list[str] = []
    for line in text.splitlines():
        marks = FENCE.fullmatch(line)
        if not fence:
            if marks and "`" not in marks[3]:
                fence, language, block = marks[1], marks[2], []
        elif marks and marks[1].startswith(fence) and not marks[2] and not marks[3].strip():
            yield language, "\n".join(block)
            fence = ""
        else:
            block.append(line)
    if fence:
        yield OPEN_TO_THE_END, "\n".join(block)


def texts(path: Path) -> list[str]:
    if path.suffix == ".md":
        return [path.read_text("utf-8")]
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]


def parse_python(code: str) -> None:
    ast.parse(textwrap.dedent(code))


def parse_shell(code: str) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    checked = subprocess.run([bash, "-n"], input=code, capture_output=True, text=True, timeout=20, check=False)
    if checked.returncode:
        raise SyntaxError(checked.stderr)


PARSERS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(("python", "py", "python3"), parse_python),
    "json": json.loads,
    **dict.fromkeys(("bash", "sh", "shell"), parse_shell),
}


def check_fences(text: str) -> None:
    for language, code in fenced(text):
        assert language != OPEN_TO_THE_END, code
        PARSERS.get(language.lower(), str)(code)


@pytest.mark.parametrize("path", pages(".md") + pages(".ipynb"), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_fenced_code_parses(path: Path) -> None:
    for text in texts(path):
        check_fences(text)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nimport spotnb model = spotnb.load_model()\n```",
        "```python\nimport spotnb\n``` and more text",
        "- a list:\n\n  ```python\n  x = 1 y = 2\n  ```",
        "```json\n{'a': 1}\n```",
        "```bash\nif true; then echo\n```",
    ],
)
def test_joined_and_wrong_code_is_noticed(text: str) -> None:
    with pytest.raises((AssertionError, SyntaxError, ValueError)):
        check_fences(text)


def test_there_are_pages_with_python() -> None:
    """README.md and notebook 08 have fenced Python: the search reaches both kinds of pages, and all of them."""
    found = {str(path.relative_to(REPOSITORY)) for path in pages(".md") + pages(".ipynb")}
    assert {"spotnb/models/embedded/README.md", "notebooks/pages/panel.ipynb"} <= found
    assert {f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG")} <= found
    assert sum(name.startswith("notebooks/solutions/") for name in found) == 11
    for name in ("README.md", "notebooks/08-real-audioldm.ipynb"):
        blocks = [block for text in texts(REPOSITORY / name) for block in fenced(text)]
        assert "python" in dict(blocks), name


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("```python\nx = 1\n```\n", [("python", "x = 1")]),
        ("a `b` c\n\n~~~\nx\n```\n~~~", [("", "x\n```")]),
        ("```python\nx = 1 ```\nAnd text.", [(OPEN_TO_THE_END, "x = 1 ```\nAnd text.")]),
        ("```x``` is inline", []),
    ],
)
def test_blocks(text: str, blocks: list[tuple[str, str]]) -> None:
    assert list(fenced(text)) == blocks
