"""What is long, and what imports in circles: `python -m tests.sizes`.

Lists Python files over 300 lines, Python functions over 60 and JavaScript functions over 80, and the import circles in
spotnb. It stands beside the tests because tests/test_sizes.py holds its figures, and nothing that ships needs it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import grimp

REPOSITORY = Path(__file__).parents[1]
FOLDERS = ("spotnb", "training", "benchmarks", "binder", "docs", "tests")
FILE_LINES, FUNCTION_LINES, SCRIPT_FUNCTION_LINES = 300, 60, 80
# A line that opens a function in formatted JavaScript; the line that closes it starts with } at the same depth.
OPENS = re.compile(r"^(\s*)(?!.*\b(?:if|for|while|switch|catch|else|do|try)\b)(?:.*\bfunction\b.*|.*=> |.*\) )\{$")


def python_files() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((REPOSITORY / folder).rglob("*.py"))


def long_files() -> dict[str, int]:
    lines = {path: path.read_text("utf-8").count("\n") for path in python_files()}
    return {_name(path): count for path, count in lines.items() if count > FILE_LINES}


def long_functions() -> dict[str, int]:
    """Functions and methods of Python, as `FILE: NAME`; docstrings do not count."""
    return {
        f"{_name(path)}: {name}": lines
        for path in python_files()
        for name, lines in _functions(ast.parse(path.read_text("utf-8")))
        if lines > FUNCTION_LINES
    }


def _functions(node: ast.AST, inside: str = "") -> Iterator[tuple[str, int]]:
    for child in ast.iter_child_nodes(node):
        name = inside
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{inside}.{child.name}".removeprefix(".")
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield name, _lines(child) - (_lines(child.body[0]) if ast.get_docstring(child) else 0)
        yield from _functions(child, name)


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def long_script_functions() -> dict[str, int]:
    """Functions of JavaScript, as `FILE: THE LINE THAT OPENS IT`."""
    scripts = [path for folder in ("spotnb", "docs") for path in sorted((REPOSITORY / folder).rglob("*.js"))]
    return {
        f"{_name(path)}: {opening}": lines
        for path in scripts
        for opening, lines in _script_functions(path.read_text("utf-8").splitlines())
        if lines > SCRIPT_FUNCTION_LINES
    }


def _script_functions(lines: list[str]) -> Iterator[tuple[str, int]]:
    for first, line in enumerate(lines):
        if opened := OPENS.match(line):
            closing = f"{opened[1]}}}"
            last = next((at for at in range(first + 1, len(lines)) if lines[at].startswith(closing)), first)
            yield line.strip(), last - first + 1


def import_circles(package: str = "spotnb") -> list[list[str]]:
    """Groups of modules that import each other, directly or by way of others.

    What the package itself imports is left out: it names all modules, and import-linter holds that none imports it.
    """
    graph = grimp.build_graph(package, cache_dir=None)
    for module in graph.find_modules_directly_imported_by(package):
        graph.remove_import(importer=package, imported=module)
    imports = {module: graph.find_upstream_modules(module) for module in graph.modules}
    circles = {
        tuple(sorted({module} | {other for other in reached if module in imports[other]}))
        for module, reached in imports.items()
    }
    return [list(circle) for circle in sorted(circles) if len(circle) > 1]


def _name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def main() -> None:
    listings = {
        f"Python files over {FILE_LINES} lines": long_files(),
        f"Python functions over {FUNCTION_LINES} lines": long_functions(),
        f"JavaScript functions over {SCRIPT_FUNCTION_LINES} lines": long_script_functions(),
    }
    for title, found in listings.items():
        print(f"{title}: {len(found)}")
        for name, lines in sorted(found.items(), key=lambda item: -item[1]):
            print(f"  {lines:5} {name}")
    circles = import_circles()
    print(f"Import circles in spotnb: {len(circles)}")
    for circle in circles:
        print(f"        {', '.join(circle)}")


if __name__ == "__main__":
    main()
