"""The command line as users run it, in a separate process."""

from __future__ import annotations

import functools
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
import soundfile

from spotnb.cli import CHECKPOINT, main
from spotnb.models.defaults import defaults_of
from spotnb.models.load import load_model
from spotnb.sampling.sampler import SpotSampler
from spotnb.support.names import file_name
from tests.networks import StereoModel, pointwise

SPOTNB = [sys.executable, "-m", "spotnb.cli"]


def run(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [*SPOTNB, *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300, check=False)


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["generate", ""], "''"),
        (["generate", "x", "--duration", "nan"], "nan"),
        (["generate", "x", "--duration", "0"], "0"),
        (["generate", "x", "--duration", "-3"], "-3"),
        (["generate", "x", "--duration", "inf"], "inf"),
        (["generate", "x", "--duration", "1e9"], "GB"),
        (["generate", "x", "--duration", "ten"], "ten"),
        (["generate", "x", "--steps", "0"], "0"),
        (["generate", "x", "--steps", "1001"], "1001"),
        (["generate", "x", "--guidance", "nan"], "nan"),
        (["generate", "x", "--tile", "130"], "130"),
        (["generate", "x", "--shift-ratio", "2"], "2"),
        (["generate", "x", "--method", "weave"], "weave"),
        (["generate", "x", "--edge", "soft"], "soft"),
        (["generate", "x", "--model", "nope"], "nope"),
        (["generate", "x", "--model", "cvssp/audioldm-m-full"], "not on this machine"),
        (["generate", "x", "--seed", "-1"], "-1"),
        (["generate", "x", "--name", "a/b"], "a/b"),
        (["generate", "drums", "--out", "/proc/none"], "/proc/none"),
        (["generate", "x", "--name", "x" * 300], "choose a shorter one"),
        (["generate", "x", "--out", "x" * 300], "choose a shorter one"),
        (["generate", "x", "--continue-from", "x" * 300], "choose a shorter one"),
        (["lab", "nowhere"], "nowhere"),
        (["lab", "x" * 5000], "choose a shorter one"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    args: list[str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Run a command in this process, which has already loaded the libraries."""
    monkeypatch.chdir(tmp_path)
    try:
        code = main(args)
    except SystemExit as ended:  # raised by argparse
        code = ended.code
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    assert named in said.err
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_system_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """This name is as long as a file system permits, but it is taken, and one with a number would be too long."""
    name = "x" * (255 - len(CHECKPOINT))
    (tmp_path / f"{name}.wav").touch()
    monkeypatch.setattr("spotnb.models.load.load_model", lambda *_, **__: StereoModel(pointwise))
    assert main(["generate", "x", "--duration", "1", "--steps", "2", "--out", str(tmp_path), "--name", name]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("spotnb: error: cannot use ")
    assert said.endswith("(file name too long): expected a path that can be read and written; choose another one")


@pytest.mark.process
@pytest.mark.parametrize("args", [["generate", "x", "--duration", "nan"], ["generate", "x", "--steps", "ten"]], ids=str)
def test_bad_input_as_a_user_meets_it(args: list[str], tmp_path: Path) -> None:
    """The sampler refuses one of them, and the command line the other."""
    done = run(*args, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert args[-1] in done.stderr


@pytest.mark.process
def test_generate_writes_sound_picture_and_manifest(tmp_path: Path) -> None:
    prompt = "jazz $piano$ solo with a <b>xylozzz</b>"
    args = [
        "--duration",
        "12.5",
        "--steps",
        "3",
        "--seed",
        "5",
        "--negative",
        "drums",
        "--out",
        "deep/er",
        "--name",
        "n",
    ]
    done = run("generate", prompt, *args, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "deep" / "er"
    assert sorted(path.name for path in folder.iterdir()) == ["n.json", "n.png", "n.wav"]
    sound, rate = soundfile.read(folder / "n.wav")
    assert (len(sound), rate) == (200_000, 16_000)
    assert np.abs(sound).max() > 0.001
    assert matplotlib.image.imread(folder / "n.png").shape[0] > 300
    manifest = json.loads((folder / "n.json").read_text())
    assert manifest["prompt"] == prompt
    assert manifest["negative_prompt"] == "drums"
    assert (manifest["seed"], manifest["steps"], manifest["duration"]) == (5, 3, 12.5)
    assert manifest["config"]["tile_size_time"] == 128
    assert "xylozzz" in manifest["unknown_words"]
    assert manifest["result"]["seam_score_at_grid"] > 0
    assert "xylozzz" in done.stderr  # reported, not swallowed

    again = run("generate", prompt, *args, "--out", "again", cwd=tmp_path)
    assert again.returncode == 0
    assert (tmp_path / "again" / "n.wav").read_bytes() == (folder / "n.wav").read_bytes()


@pytest.mark.process
def test_generate_goes_on_from_a_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.sin(np.arange(44100) / 20) / 4, 44100)  # one second
    steps = ["--steps", "2", "--solver", "dpm++", "--out", "."]
    done = run("generate", "organ", "--duration", "2", "--continue-from", "a.wav", *steps, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "organ.json").read_text())
    assert (manifest["solver"], manifest["continue_from"]["frames"]) == ("dpm++", 25)
    done = run("generate", "organ", "--duration", "1", "--init-audio", "a.wav", "--strength", "0", *steps, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "strength is 0" in done.stderr


@pytest.mark.process
def test_short_sound_says_that_plain_ddim_made_it(tmp_path: Path) -> None:
    done = run("generate", "drums", "--duration", "3", "--steps", "2", "--out", ".", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "plain DDIM" in done.stdout
    assert json.loads((tmp_path / "drums.json").read_text())["result"]["plain_ddim"] is True


@pytest.mark.process
def test_an_interrupt_leaves_the_old_file_whole(tmp_path: Path) -> None:
    (tmp_path / "drums.wav").write_bytes(b"old")
    args = [*SPOTNB, "generate", "drums", "--duration", "60", "--steps", "900", "--out", "."]
    # Processes that a shell starts in the background ignore interrupts, and so do their children, such as this suite.
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipe = subprocess.PIPE
    process = subprocess.Popen(args, cwd=tmp_path, stderr=pipe, text=True, preexec_fn=heed)  # noqa: PLW1509
    assert process.stderr is not None
    while "steps:" not in process.stderr.readline(200):
        assert process.poll() is None
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert "Traceback" not in process.stderr.read()
    assert (tmp_path / "drums.wav").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["drums.wav"]


@pytest.mark.process
def test_doctor_tells_versions_models_and_cost() -> None:
    done = run("doctor", "--duration", "60", "--steps", "10")
    assert done.returncode == 0, done.stderr
    for word in ("torch 2", "device", "networks run on", "tiny", "cvssp/audioldm-l-full", "60 s in 10 steps", "MB"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("prompt", "name"),
    [("90s Rock, loud!", "90s-rock-loud"), ("../../etc/passwd", "etc-passwd"), ("???", "sound"), ("x" * 99, "x" * 60)],
)
def test_file_names_come_from_prompts(prompt: str, name: str) -> None:
    assert file_name(prompt) == name


def test_defaults_are_those_of_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with two channels at 44.1 kHz, from the sound file to the figure."""
    loaded: list[str] = []

    def load(name: str, **_: str) -> StereoModel:
        loaded.append(name)
        return StereoModel(pointwise)

    monkeypatch.setattr("spotnb.models.load.load_model", load)
    args = ["generate", "a sea", "--model", "any/repository", "--out", str(tmp_path), "--duration", "3.3"]
    assert main([*args, "--name", "usual"]) == 0
    assert main([*args, "--name", "own", "--steps", "2", "--tile", "48", "--guidance-interval", "0", "500"]) == 0
    usual, own = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("usual", "own"))
    assert (usual["steps"], usual["guidance_scale"], usual["guidance_interval"]) == (3, 1.5, None)
    assert usual["config"]["tile_size_time"] == 32
    assert (own["steps"], own["guidance_scale"], own["guidance_interval"]) == (2, 1.5, [0, 500])
    assert own["config"]["tile_size_time"] == 48
    assert loaded == ["any/repository"] * 2
    info = soundfile.info(tmp_path / "usual.wav")
    assert (info.channels, info.samplerate, info.frames) == (2, 44100, round(3.3 * 44100))
    assert usual["result"]["seconds"] == pytest.approx(3.3, abs=1e-4)


def test_doctor_estimates_the_run_that_generate_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With all defaults, only the prompt is another."""
    begun: list[dict[str, Any]] = []

    class Told(Exception):
        pass

    class Begun(SpotSampler):
        def __init__(self, model: Any, *args: Any, **settings: Any) -> None:
            super().__init__(model, *args, **settings)
            begun.append(self.settings() | {"model": None, "prompt": None, "seed": None})
            raise Told

    monkeypatch.setattr("spotnb.sampling.sampler.SpotSampler", Begun)
    for command in (["generate", "a sea", "--out", str(tmp_path)], ["doctor"]):
        with pytest.raises(Told):
            main(command)
    assert begun[0] == begun[1]
    assert begun[0]["finish_steps"] == 2


def test_the_embedded_model_has_its_own_defaults() -> None:
    usual = defaults_of(load_model("tiny"))
    assert (usual["steps"], usual["guidance_scale"], usual["guidance_interval"]) == (25, 2.5, (100, 800))
    assert (usual["tile_size_time"], usual["solver"], usual["eta"]) == (128, "ddim", 0.0)
    assert usual["finish_steps"] == 2


def test_the_help_says_whose_defaults_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["generate", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert text.count("(default: the model's)") == 7
