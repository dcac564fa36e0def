"""Threads that import diffusers and transformers at the same time, each by its own part of spotnb."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import spotnb

LIBRARIES = {"diffusers", "transformers"}
WHOLE = {
    "spotnb.support.whole_diffusers": {"diffusers"},
    "spotnb.support.whole_transformers": {"transformers"},
    "spotnb.models.whole_networks": LIBRARIES,
}
ROOT = Path(spotnb.__file__).parents[1]


def imports(path: Path) -> list[str]:
    """Return the modules that a file imports, in the order in which it names them."""
    found = []
    statements = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.stmt)]
    for node in sorted(statements, key=lambda node: node.lineno):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(str(node.module))
    return found


def test_every_module_imports_a_library_as_a_whole_first() -> None:
    wrong = []
    for path in (ROOT / "spotnb").rglob("*.py"):
        whole: set[str] = set()
        for name in imports(path):
            whole |= WHOLE.get(name, set())
            if name.partition(".")[0] in LIBRARIES - whole:
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert not wrong


RACE = """
    import sys, threading, time, traceback
    from importlib import import_module

    def begun(name):
        return getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False)

    failed, late = [], []

    def work(during, module):
        while not begun(during):
            if during in sys.modules:
                late.append(during)
                break
            time.sleep(0.001)
        try:
            import_module(module)
            if module == "spotnb.sound.mel":
                sys.modules[module].mel_filters()
        except Exception:
            failed.append(traceback.format_exc())

    waits = {"spotnb.solvers.make": "diffusers", "spotnb.models.stable_audio": "diffusers",
             "spotnb.sound.mel": "transformers", "spotnb.models.checkpoint": "transformers",
             "spotnb.models.audioldm2": "diffusers.models"}
    threads = [threading.Thread(target=work, args=(wait, module)) for module, wait in waits.items()]
    for thread in threads:
        thread.start()
    BEGIN
    for thread in threads:
        thread.join()
    print(*failed, sep="\\n")
    sys.exit(bool(failed) or "diffusers" in late)
"""
BEGIN = {
    "the embedded model": "import spotnb; spotnb.load_model('tiny')",
    "a solver": "import_module('spotnb.solvers.make'); import_module('spotnb.models.vocoder')",
    "the user's own import": "import diffusers; import_module('spotnb.models.vocoder')",
}


@pytest.mark.process
@pytest.mark.parametrize("first", BEGIN)
def test_threads_that_begin_meanwhile_wait(first: str) -> None:
    code = textwrap.dedent(RACE).replace("BEGIN", BEGIN[first])
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
