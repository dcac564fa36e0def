"""A file that is replaced keeps what its owner decided about it: that it is a link, and who may read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from spotnb.errors import SpotnbError
from spotnb.support.files import atomic_write


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere" / "a.txt", tmp_path / "a.txt"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(Path("elsewhere", "a.txt"))
    with atomic_write(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert os.readlink(link) == "elsewhere/a.txt"
    assert target.read_text() == "new"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_permissions_stay(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(mode)
    with atomic_write(path) as temporary:
        temporary.write_text("new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text() == "new"


@pytest.mark.parametrize("way", [["a.txt"], ["b.txt", "a.txt"], ["b.txt", "c.txt", "b.txt"]], ids=len)
def test_a_link_back_to_itself_is_refused(tmp_path: Path, way: list[str]) -> None:
    for name, target in zip(["a.txt", *way], way, strict=False):
        if not (tmp_path / name).is_symlink():
            (tmp_path / name).symlink_to(target)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(SpotnbError, match="it is a link that leads back to itself"), atomic_write(tmp_path / "a.txt"):
        pass
    assert sorted(os.listdir(tmp_path)) == before
    assert (tmp_path / "a.txt").is_symlink()
