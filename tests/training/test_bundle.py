"""What is carried to a bare machine can be installed there, and is small enough."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from training import bundle


def test_packed_wheels_are_the_same_wheels(tmp_path: Path) -> None:
    wheel = tmp_path / "one-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one/__init__.py", "x = 1\n" * 5000)
        archive.writestr("one-1.0.dist-info/RECORD", "")
    bundle.pack_wheels(tmp_path, tmp_path / "wheels.tar.xz")
    with tarfile.open(tmp_path / "wheels.tar.xz") as archive:
        archive.extractall(tmp_path / "there", filter="data")
    with zipfile.ZipFile(tmp_path / "there" / "wheels" / wheel.name) as archive:
        assert archive.read("one/__init__.py") == b"x = 1\n" * 5000
        assert archive.testzip() is None


@pytest.mark.skipif(not (shutil.which("fluidsynth") and shutil.which("dpkg")), reason="needs Debian's fluidsynth")
def test_packages_of_the_synthesizer() -> None:
    packages = bundle.debs_of("fluidsynth")
    assert {"fluidsynth", "libfluidsynth3", "libsndfile1"} <= {*packages}
    assert "libc6" not in packages


def test_a_program_that_is_missing_and_a_folder_that_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(bundle.CannotBundle, match="apt-get install"):
        bundle.debs_of("no-such-program")
    (tmp_path / "debs").mkdir()
    (tmp_path / "debs" / "a.deb").write_bytes(bytes(2_000_000))
    bundle.check_size(tmp_path)
    assert "2.0 MB in all" in capsys.readouterr().out
    monkeypatch.setattr(bundle, "MOST_BYTES", 1_000_000)
    with pytest.raises(bundle.CannotBundle, match=r"2\.0 MB"):
        bundle.check_size(tmp_path)


def test_the_script_is_one_that_bash_reads() -> None:
    script = Path(bundle.__file__).with_name("on_gpu.sh")
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert script.stat().st_mode & 0o100
