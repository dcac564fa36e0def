"""Nothing is lost when the disk is full: one sentence says so, and an older file stays as it is."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest

from spotnb.errors import SpotnbError
from spotnb.plots.sound import save_figure
from spotnb.research.sweep import sweep
from spotnb.sampling.checkpoint import run_with_checkpoints
from spotnb.sampling.sampler import SpotSampler
from spotnb.sound.files import save_audio
from spotnb.sound.loading import load_audio
from spotnb.support.files import atomic_write
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.widgets.comparison import RunComparison
from tests.adversity.full_disk import Disk, disk  # noqa: F401  a fixture
from tests.networks import FunctionModel, neighbourly

NOISE = (0.2 * np.random.default_rng(0).standard_normal(16000 * 30)).astype(np.float32).clip(-1, 1)
REPOSITORY = Path(__file__).parents[2]

Write = Callable[[Path], Any]


@functools.cache
def finished() -> SpotSampler:
    settings: dict[str, Any] = {"duration": 5, "steps": 2, "config": SpotDiffusionConfig(64)}
    return SpotSampler(FunctionModel(neighbourly), "a sea", **settings).run(progress=False)


def save_noise(path: Path) -> Path:
    return save_audio(path, NOISE)


def save_trace(path: Path) -> Path:
    return finished().trace.save(path)


def save_picture(path: Path) -> Path:
    figure, axes = plt.subplots()
    axes.imshow(np.random.default_rng(0).random((300, 300)))
    try:
        return save_figure(figure, path)
    finally:
        plt.close(figure)


def save_comparison(path: Path) -> Path:
    comparison = RunComparison([NOISE[:80000], NOISE[80000:160000]])
    try:
        return comparison.to_html(path)
    finally:
        ipywidgets.Widget.close_all()


WRITERS: dict[str, Write] = {
    "sound.wav": save_noise,
    "sound.flac": save_noise,
    "sound.ogg": save_noise,
    "stream.wav": lambda path: finished().decode_to(path),
    "stream.flac": lambda path: finished().decode_to(path),
    "stream.ogg": lambda path: finished().decode_to(path),
    "figure.png": save_picture,
    "figure.svg": save_picture,
    "figure.pdf": save_picture,
    "trace.npz": save_trace,
    "checkpoint.npz": lambda path: run_with_checkpoints(finished().fork(at=0), path, progress=False),
    "page.html": save_comparison,
}


@pytest.mark.parametrize("left", [0, 4096, 9_000])
@pytest.mark.parametrize("name", WRITERS)
def test_the_old_file_stays_when_the_disk_is_full(disk: Disk, name: str, left: int) -> None:  # noqa: F811
    write, path = WRITERS[name], disk.folder / name
    if name.startswith("checkpoint"):
        path.parent.joinpath("other").touch()  # it would read an older file
    else:
        path.write_bytes(b"old")
    before = disk.files()
    with disk.room(left), pytest.raises(SpotnbError, match="the disk is full") as caught:
        write(path)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)
    assert disk.files() == before
    write(path)  # with room, nothing is in the way
    assert disk.files()[name] != b"old"


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_a_sound_is_complete_or_refused(disk: Disk, suffix: str) -> None:  # noqa: F811
    """However much room is left, also when only the last bytes fail, which libsndfile does not report."""
    path = disk.folder / f"a{suffix}"
    sound = NOISE[: 16000 * 3]
    save_audio(path, sound)
    size = path.stat().st_size
    refused = 0
    for left in (*range(0, size, 8192), size - 600, size - 1, size, size + 8192):
        path.write_bytes(b"old")
        with disk.room(left):
            try:
                save_audio(path, sound)
            except SpotnbError as error:
                assert "the disk is full" in str(error)  # noqa: PT017
                assert path.read_bytes() == b"old"
                refused += 1
            else:
                assert len(load_audio(path)) == len(sound)
    assert refused > size // 8192 - 2


def test_a_sweep_names_the_full_disk(disk: Disk) -> None:  # noqa: F811
    grid = {"prompt": "a sea", "duration": 5, "steps": 1, "tile_size_time": 64}
    with disk.room(8192):
        try:
            table = sweep(grid, disk.folder, model=FunctionModel(neighbourly), progress=False)
        except SpotnbError as error:
            assert "the disk is full" in str(error)  # noqa: PT017
        else:
            assert "the disk is full" in table["error"][0]
    assert not [name for name in disk.files() if name.endswith(".flac") or ".spotnb" in name]
    table = sweep(grid, disk.folder, model=FunctionModel(neighbourly), progress=False)
    assert table["error"][0] is None
    assert len(load_audio(disk.folder / table["sound"][0])) == 5 * 16000


@pytest.mark.process
def test_the_command_line_ends_in_one_line(disk: Disk) -> None:  # noqa: F811
    command = [sys.executable, "-m", "spotnb.cli", "generate", "rain", "--duration", "5", "--steps", "1"]
    if not disk.mounted:
        command = ["sh", "-c", 'trap "" XFSZ; ulimit -f 64; exec "$@"', "sh", *command]
    (disk.folder / "rain.wav").write_bytes(b"old")
    with disk.room(64 * 512) if disk.mounted else disk.room(2**40) as folder:
        ran = subprocess.run(
            [*command, "--out", str(folder), "--name", "rain"],
            check=False,
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
        )
        assert (folder / "rain.wav").read_bytes() == b"old"
    assert ran.returncode == 2
    errors = [line for line in ran.stderr.splitlines() if line.startswith("spotnb: error:")]
    assert len(errors) == 1
    assert "the disk is full" in errors[0]
    assert "Traceback" not in ran.stderr


def test_a_failure_that_is_not_the_disk_keeps_its_own_reason(tmp_path: Path) -> None:
    def pieces() -> Any:
        yield NOISE[:100]
        raise SpotnbError("the decoder returned NaN")

    from spotnb.sound.files import write_audio

    (tmp_path / "a.wav").write_bytes(b"old")
    with pytest.raises(SpotnbError, match="the decoder returned NaN"):
        write_audio(tmp_path / "a.wav", pieces(), 16000)
    assert (tmp_path / "a.wav").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.wav"]


def test_a_manifest_is_written_whole_or_not_at_all(disk: Disk) -> None:  # noqa: F811
    path = disk.folder / "a.json"
    path.write_text("old")
    with disk.room(0), pytest.raises(SpotnbError, match="the disk is full"), atomic_write(path) as temporary:
        temporary.write_text("x" * 100_000)
    assert disk.files() == {"a.json": b"old"}
