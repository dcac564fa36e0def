"""A disk with hardly any room: a tiny file system where root can mount one, a limit on the size of files elsewhere."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SIZE = 4 << 20
"""Bytes of the mounted file system."""
KINDS = ("mounted", "limited")


@dataclass(frozen=True)
class Disk:
    """A folder on a disk that can be full.

    Attributes:
        folder: The folder, which holds what is written while there is room.
        mounted: Whether it is a file system of its own. If not, files that grow too large stand for the full disk.
    """

    folder: Path
    mounted: bool

    @contextmanager
    def room(self, left: int) -> Iterator[Path]:
        """Leave only `left` bytes for new files, and yield the folder."""
        if not self.mounted:  # Python ignores SIGXFSZ, so that writes fail with EFBIG
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (left, hard))
            try:
                yield self.folder
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            return
        filler = self.folder / ".filler"
        filler.write_bytes(bytes(max(0, shutil.disk_usage(self.folder).free - left)))
        try:
            yield self.folder
        finally:
            filler.unlink()

    def files(self) -> dict[str, bytes]:
        """Return the content of all files by their names, hidden ones included."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and path.name != ".filler")
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """Yield a disk of either kind. The mounted one is skipped where it cannot be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "limited":
        yield Disk(folder, mounted=False)
        return
    if os.geteuid() != 0 or not mount(folder):
        pytest.skip("no file system can be mounted here")
    try:
        yield Disk(folder, mounted=True)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def mount(folder: Path) -> bool:
    """Mount a tiny file system at a folder, and return whether that worked."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
