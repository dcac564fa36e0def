"""The command line with broken streams and environments, as a shell starts it, and files that must not be lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spotnb.cli import main

HERE = Path(__file__).parents[2]
BASE = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(HERE), "TERM": "dumb"}
SHORT = "--duration 1 --steps 2 --out ."


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in which SPOTNB stands for the program, and print its exit code as the last line."""
    script = command.replace("SPOTNB", f"{sys.executable} -m spotnb.cli")
    env = os.environ | BASE | environment
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "Exception ignored" not in done.stderr, done.stderr
    return done


@pytest.mark.process
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("SPOTNB doctor | head -1; exit ${PIPESTATUS[0]}", 141),
        ("SPOTNB doctor > /dev/full", 2),
        ("SPOTNB --version > /dev/full", 0),  # argparse itself ignores it
        ("SPOTNB generate '' 2>&-", 2),
        ("SPOTNB generate '' 2>/dev/full", 2),
    ],
)
def test_streams(command: str, code: int, tmp_path: Path) -> None:
    done = shell(command, tmp_path)
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") <= 1
    assert "disk" in done.stderr or "space" in done.stderr or code != 2 or "2>" in command


@pytest.mark.process
@pytest.mark.parametrize(
    ("end", "environment"),
    [
        ("> /dev/full 2>/dev/full", {}),
        ("<&- >&- 2>&-", {}),
        (
            "",
            {
                "PYTHONIOENCODING": "ascii",
                "MPLBACKEND": "foo",
                "HOME": "/proc/none",
                **dict.fromkeys(("XDG_CACHE_HOME", "HF_HOME", "MPLCONFIGDIR", "NUMBA_CACHE_DIR"), "/proc/none"),
            },
        ),
    ],
    ids=["full", "closed", "environment"],
)
def test_the_sound_is_written_whatever_becomes_of_the_messages(
    end: str, environment: dict[str, str], tmp_path: Path
) -> None:
    done = shell(f"SPOTNB generate 'rain' {SHORT} --name 钢琴 {end}", tmp_path, **environment)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["钢琴.json", "钢琴.png", "钢琴.wav"], done.stderr
    assert done.returncode == (2 if "full" in end else 0)
    if environment:
        assert r"\u94a2\u7434.wav" in done.stdout


def generate(prompt: str, *more: str) -> int:
    return main(["generate", prompt, *SHORT.split(), *more])


@pytest.fixture
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.sound
@pytest.mark.usefixtures("_in_a_folder")
def test_no_sound_is_written_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same run replaces its own files; another prompt, another seed and a stranger's file lead to a new name."""
    assert generate("rain") == generate("rain!") == generate("rain", "--seed", "1") == 0
    said = capsys.readouterr().out
    for name in ("rain.wav", "rain-2.wav", "rain-3.wav"):
        assert name in said
    sounds = {path.name: path.read_bytes() for path in tmp_path.glob("*.wav")}
    assert len(sounds) == 3
    assert generate("rain!") == generate("rain", "--seed", "1") == generate("rain") == 0
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.wav")} == sounds
    prompts = {name: json.loads((tmp_path / f"{name}.json").read_text())["prompt"] for name in ("rain", "rain-2")}
    assert prompts == {"rain": "rain", "rain-2": "rain!"}

    (tmp_path / "mine.wav").write_bytes(b"mine")
    os.mkfifo(tmp_path / "mine.json")
    assert generate("rain", "--name", "mine") == 0
    assert (tmp_path / "mine.wav").read_bytes() == b"mine"
    assert (tmp_path / "mine-2.wav").exists()


@pytest.mark.sound
@pytest.mark.usefixtures("_in_a_folder")
def test_an_interrupted_run_finds_its_own_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import spotnb.generate

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(spotnb.generate, "complete", stop)
        assert generate("rain!", "--resume") == generate("rain", "--resume") == 130
    assert {path.name for path in tmp_path.iterdir()} == {"rain.resume.npz", "rain-2.resume.npz"}
    assert generate("rain", "--resume") == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "rain.resume.npz",
        *(f"rain-2{suffix}" for suffix in (".wav", ".png", ".json")),
    }
