"""README.md and docs/use.md are correct: Python and commands run as written, and targets and files exist."""

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
PAGES = {"README.md": README, "docs/use.md": (REPOSITORY / "docs" / "use.md").read_text("utf-8")}
MOST = 1650  # words; that of version 0.1.0 had 2689
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
    ("n_candidates=4)", "n_candidates=2)"),
    ("guidance_interval=(100, 800))", "guidance_interval=(100, 800), steps=2, duration=6)"),
    ('"seed": [0, 1], "duration": 6, "steps": 5', '"seed": [0], "duration": 6, "steps": 2'),
    ('solver="dpm++", steps=15)', 'solver="dpm++", steps=2, duration=6)'),
)
PUBLISHED = "cvssp/"  # code that loads published weights needs the hub
NOT_RUN = ("git", "pip", "conda", "python3", ".venv/bin/pip", "make")
ENDLESS = ("spotnb lab",)

BEFORE = """
import matplotlib
matplotlib.use("Agg")
"""


def python_blocks(page: str) -> list[str]:
    return [code for language, code in FENCED.findall(PAGES[page]) if language == "python"]


def shell_lines(page: str) -> list[str]:
    """Return the commands of fenced and indented shell blocks, without comments and prompts."""
    fenced = [code for language, code in FENCED.findall(PAGES[page]) if language in ("bash", "console", "sh")]
    indented = INDENTED.findall(FENCED.sub("", PAGES[page]))
    lines = [line.strip().removeprefix("$ ") for block in fenced + indented for line in block.splitlines()]
    known = (*NOT_RUN, "spotnb", ".venv/bin/spotnb", ".venv/bin/python", "python")
    return [line for line in lines if line and line.split()[0] in known]


def shortened(code: str) -> str:
    for long, short in SHORTER:
        code = code.replace(long, short)
    return code


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    places = {"PATH": path, "PYTHONPATH": str(REPOSITORY)}
    return os.environ | places


@pytest.mark.parametrize("page", PAGES)
def test_there_is_something_to_run(page: str) -> None:
    assert len(python_blocks(page)) >= 3
    assert any(line.startswith("spotnb generate") for line in shell_lines(page))


@pytest.mark.process
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("page", "left"), [("README.md", "jazz.wav"), ("docs/use.md", "run.npz")])
def test_python_runs_in_order(page: str, left: str, tmp_path: Path) -> None:
    """All blocks run in one namespace, as they do for a reader who follows the page."""
    parts = [BEFORE]
    for number, code in enumerate(python_blocks(page), 1):
        if PUBLISHED in code:
            compile(code, f"{page}, block {number}", "exec")
            continue
        parts.append(f"print('block {number}', flush=True)\n{shortened(code)}")
    script = tmp_path / "readme.py"
    script.write_text("\n".join(parts), "utf-8")
    command = [sys.executable, str(script)]
    ran = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr[-3000:]}"
    assert (tmp_path / left).is_file()


def spotnb_lines() -> list[str]:
    lines = [
        line for page in PAGES for line in shell_lines(page) if line.removeprefix(".venv/bin/").startswith("spotnb")
    ]
    return list(dict.fromkeys(line for line in lines if not line.removeprefix(".venv/bin/").startswith(ENDLESS)))


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
    text = "\n".join(PAGES.values())
    named = set(re.findall(r"^    (?:[A-Z]+=\S+ )?make ([a-z]+)", text, re.MULTILINE))
    named |= set(re.findall(r"`(?:[A-Z]+=\S+ )?make ([a-z]+)", text))
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


def test_what_comes_first() -> None:
    """Two sentences, a picture in which the difference is seen, two commands, and what plays."""
    above = README.split("\n## ")[0]
    sentences, picture, rest = re.split(r"(?s)(<picture>.*</picture>)", above.split("<!-- /badges -->")[1])
    assert len(re.findall(r"\.(?=\s)", sentences)) == 2
    assert "docs/cut-light.png" in picture
    assert re.findall(r"^    make (\w+)", rest, re.MULTILINE) == ["demo", "test"]
    assert "*play in the browser*" in rest
    assert "Play it in the browser" in above


def test_it_is_short() -> None:
    assert len(README.split()) <= MOST


def test_it_links_a_hub_only_if_one_was_given() -> None:
    from binder.stamp import hub_of

    hub = hub_of((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    assert ("/hub/user-redirect/" in README) == bool(hub)
    assert "hub.example" not in README
