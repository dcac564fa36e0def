"""Collect what a bare GPU machine lacks, to be carried there: Python wheels and Debian packages, in one folder.

    python -m training.bundle --out data/bundle --python 3.12

Such a machine has torch, transformers, scipy, numba and matplotlib, but no network and none of `WHEELS`, fluidsynth, or
a soundfont. Wheels are fetched without their dependencies, in the versions that are installed here, and Debian packages
are those that contain the shared libraries of `fluidsynth`. `training/on_gpu.sh` installs from the folder. `cache/` has
musicnn's weights, which only the evaluation at the end needs: it can be carried later than `wheels.tar.xz` and `debs/`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from training.musicnn import cache_folder

WHEELS = (
    *("diffusers", "importlib_metadata"),
    *("librosa", "audioread", "decorator", "pooch", "platformdirs", "soxr"),
    *("soundfile", "cffi", "pycparser"),
    *("mido", "pyloudnorm"),
)
SOUNDFONT, PROGRAM = "fluidr3mono-gm-soundfont", "fluidsynth"
# Every system has its own of these, and a program must not meet two of them.
OF_THE_SYSTEM = ("libc6", "libgcc-s1", "libstdc++6", "libgomp1")
GLIBC = (17, 24, 26, 27, 28, 31, 34)  # minor versions of the manylinux tags; pip compares them exactly
MOST_BYTES = 64_000_000


class CannotBundle(SystemExit):
    """A package cannot be fetched, or the folder is too large to be carried."""


def main(arguments: list[str] | None = None) -> None:
    """Fetch everything into the folder, and list it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("data/bundle"))
    parser.add_argument("--python", default="3.12", help="version of Python on the other machine")
    parser.add_argument("--wheels", nargs="*", default=WHEELS, help="packages, with ==VERSION or as installed here")
    args = parser.parse_args(arguments)
    for folder in ("debs", "cache"):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        fetch_wheels(args.wheels, Path(scratch), args.python)
        pack_wheels(Path(scratch), args.out / "wheels.tar.xz")
    fetch_debs([SOUNDFONT, *debs_of(PROGRAM)], args.out / "debs")
    for weights in cache_folder().glob("musicnn-*.safetensors"):
        shutil.copy2(weights, args.out / "cache" / weights.name)
    check_size(args.out)


def fetch_wheels(names: Iterable[str], out: Path, python: str) -> None:
    """Download wheels for x86-64 Linux, without their dependencies.

    Raises:
        CannotBundle: pip cannot download one of them.
    """
    wanted = [name if "==" in name else f"{name}=={importlib.metadata.version(name)}" for name in names]
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in GLIBC] + ["manylinux2014_x86_64", "manylinux1_x86_64"]
    options = ["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", python, "--dest", out]
    options += [part for platform in platforms for part in ("--platform", platform)]
    _run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *options, *wanted])


def pack_wheels(folder: Path, out: Path) -> None:
    """Write all wheels of a folder into one archive, each without compression of its own, which saves two fifths."""
    with tarfile.open(out, "w:xz", preset=6) as archive:
        for wheel in sorted(folder.glob("*.whl")):
            plain = wheel.with_suffix(".plain")
            with zipfile.ZipFile(wheel) as packed, zipfile.ZipFile(plain, "w", zipfile.ZIP_STORED) as stored:
                for member in packed.infolist():
                    stored.writestr(member.filename, packed.read(member))
            archive.add(plain, f"wheels/{wheel.name}")


def debs_of(program: str) -> list[str]:
    """Return the Debian packages that contain a program and the shared libraries that it loads.

    Raises:
        CannotBundle: The program is not installed here.
    """
    path = shutil.which(program)
    if path is None:
        raise CannotBundle(f"{program} is not installed here: apt-get install {program}")
    libraries = re.findall(r"=> (/\S+)", _run(["ldd", path]))
    # By the ends of their paths, because dpkg knows some files below /lib that are below /usr/lib now.
    files = [f"*/bin/{program}", *(f"*/{Path(library).resolve().name}" for library in libraries)]
    owners = _run(["dpkg", "-S", *files])
    return sorted({line.split(":")[0] for line in owners.splitlines()} - {*OF_THE_SYSTEM})


def fetch_debs(packages: Iterable[str], out: Path) -> None:
    """Download Debian packages.

    Raises:
        CannotBundle: apt cannot download one of them.
    """
    present = {deb.name.split("_")[0] for deb in out.glob("*.deb")}
    missing = [package for package in packages if package not in present]
    if missing:
        _run(["apt-get", "download", "-q", *missing], out)


def check_size(out: Path) -> None:
    """Print the size of the folder.

    Raises:
        CannotBundle: It is too large.
    """
    sizes = {path.name: _size(path) for path in sorted(out.iterdir())}
    total = sum(sizes.values())
    print(", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items()), f"- {total / 1e6:.1f} MB in all")
    if total > MOST_BYTES:
        raise CannotBundle(
            f"{out} has {total / 1e6:.1f} MB, and {MOST_BYTES / 1e6:.0f} MB can be carried: leave some out"
        )


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())


def _run(command: list[object], folder: Path | None = None) -> str:
    result = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotBundle(f"{command[0]} failed: {reason[-150:]}")
    return result.stdout


if __name__ == "__main__":
    main()
