"""README.md is correct: its Python and its commands run as written, and its targets and files exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text("utf-8")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)

SHORTER = (
    # Long sounds take long, and run the same code.
    ('"duration": 60, "steps": 25', '"duration": 12, "steps": 4'),
    ("at=10,", "at=2,"),
    ("PromptTimeline([(0, 10,", "PromptTimeline([(0, 6,"),
    ("(10, 20, ", "(6, 12, "),
    ("timeline, duration=20)", "timeline, duration=12, steps=2)"),
    ("duration=10,", "duration=10, steps=2,"),
    ("duration=90,", "duration=18, steps=2,"),
    ("n_candidates=4)", "n_candidates=2, duration=6, steps=2)"),
    ('solver="dpm++", steps=15)', 'solver="dpm++", steps=2, duration=6)'),
)
PUBLISHED = "cvssp/"  # code that loads published weights needs the hub
NOT_RUN = ("git", "pip", "conda", "python3", ".venv/bin/pip", "make")
ENDLESS = ("spotnb lab",)

BEFORE = """
import matplotlib
matplotlib.use("Agg")
import numpy, spotnb
second = numpy.sin(numpy.arange(16000) / 20).astype("float32") / 3
for name in ("guitar.wav", "song.wav"):
    spotnb.save_audio(name, numpy.tile(second, 10))
"""
GIVEN = """
tiles_run, spot_run = (
    spotnb.generate_audio(model, "organ", duration=12, steps=2, config=config, method=method, progress=False)
    for method in ("tiles", "spot")
)
"""


def python_blocks() -> list[str]:
    return [code for language, code in FENCED.findall(README) if language == "python"]


def shell_lines() -> list[str]:
    """Return the commands of fenced and indented shell blocks, without comments and prompts."""
    fenced = [code for language, code in FENCED.findall(README) if language in ("bash", "console", "sh")]
    indented = INDENTED.findall(FENCED.sub("", README))
    lines = [line.strip().removeprefix("$ ") for block in fenced + indented for line in block.splitlines()]
    known = (*NOT_RUN, "spotnb", ".venv/bin/spotnb", ".venv/bin/python", "python")
    return [line for line in lines if line and line.split()[0] in known]


def shortened(code: str) -> str:
    for long, short in SHORTER:
        code = code.replace(long, short)
    return code


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    places = {"PATH": path, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    return os.environ | places


def test_there_is_something_to_run() -> None:
    assert len(python_blocks()) >= 4
    assert any(line.startswith("spotnb generate") for line in shell_lines())


@pytest.mark.process
@pytest.mark.timeout(300)
def test_python_runs_in_order(tmp_path: Path) -> None:
    """All blocks run in one namespace, as they do for a reader who follows the page."""
    parts = [BEFORE]
    for number, code in enumerate(python_blocks(), 1):
        if PUBLISHED in code:
            compile(code, f"README, block {number}", "exec")
            continue
        if "tiles_run" in code:
            parts.append(GIVEN)
        parts.append(f"print('block {number}', flush=True)\n{shortened(code)}")
    script = tmp_path / "readme.py"
    script.write_text("\n".join(parts), "utf-8")
    command = [sys.executable, str(script)]
    ran = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr[-3000:]}"
    assert (tmp_path / "jazz.wav").is_file()
    assert (tmp_path / "run.npz").is_file()


def spotnb_lines() -> list[str]:
    lines = [line for line in shell_lines() if line.removeprefix(".venv/bin/").startswith("spotnb")]
    return [line for line in lines if not line.removeprefix(".venv/bin/").startswith(ENDLESS)]


@pytest.mark.process
@pytest.mark.parametrize("line", spotnb_lines())
def test_commands_run(line: str, tmp_path: Path) -> None:
    words = shlex.split(line, comments=True)
    if "generate" in words and "--help" not in words:
        if "--duration" in words:
            words[words.index("--duration") + 1] = "6"
        words += ["--steps", "2"]
    command = [sys.executable, "-m", "spotnb.cli", *words[1:]]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    if "--name" in words:
        out, name = words[words.index("--out") + 1], words[words.index("--name") + 1]
        assert {path.suffix for path in (tmp_path / out).glob(f"{name}.*")} == {".wav", ".png", ".json"}


def test_targets_of_make_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^    (?:[A-Z]+=\S+ )?make ([a-z]+)", README, re.MULTILINE))
    named |= set(re.findall(r"`(?:[A-Z]+=\S+ )?make ([a-z]+)", README))
    assert named
    assert named <= targets


@pytest.mark.parametrize(
    "page", ["README.md", *(f"docs/{name}.md" for name in ("README", "gallery", "measured", "models", "use", "where"))]
)
def test_modules_and_files_that_are_named_exist(page: str) -> None:
    text = (REPOSITORY / page).read_text("utf-8")
    for module in re.findall(r"`python -m ([\w.]+)", text):
        path = REPOSITORY / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
    for path in re.findall(r"\]\((?!https?:|#)([^)\s#]+)", text):
        assert ((REPOSITORY / page).parent / path).exists(), path
    for path in re.findall(r"`((?:training|benchmarks|binder|docs|notebooks|spotnb|tests)/[\w./-]+)`", text):
        assert (REPOSITORY / path).exists(), path


def test_the_figures_of_the_readme_are_those_of_the_page_that_has_all() -> None:
    section = README.split("## Measured\n")[1].split("\n## ")[0]
    measured = (REPOSITORY / "docs" / "measured.md").read_text("utf-8")
    figures = re.findall(r"\d+\.\d+", section)
    assert len(figures) >= 9
    assert not set(figures) - set(re.findall(r"\d+\.\d+", measured))


def test_its_pictures_are_there_in_both_themes_and_described() -> None:
    pictures = re.findall(r"<picture>(.*?)</picture>", README, re.DOTALL)
    assert len(pictures) == 2
    for picture in pictures:
        (dark,), (light,) = re.findall(r'srcset="([^"]+)"', picture), re.findall(r'src="([^"]+)"', picture)
        assert dark == light.replace("light", "dark")
        for name in (dark, light):
            assert 10_000 < (REPOSITORY / name).stat().st_size < 500_000
        assert len(re.findall(r'alt="([^"]+)"', picture)[0]) > 80
    above = README.split("\n## ")[0]
    assert "docs/cut-light.png" in above
    assert "    make demo" in above
    assert "hub.example" not in README
