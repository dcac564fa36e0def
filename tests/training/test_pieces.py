"""Files travel in pieces and arrive as they were, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from training import pieces
from training.trainer import Trainer


def test_files_and_folders_arrive_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "model" / "unet").mkdir(parents=True)
    (tmp_path / "model" / "unet" / "weights").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "model" / "empty").write_bytes(b"")
    (tmp_path / "log").write_text("one\n")
    made = pieces.split([tmp_path / "model", tmp_path / "log"], tmp_path / "pieces", piece=1000)
    assert [path.stat().st_size for path in made[:-1]] == [1000, 1000, 564]
    pieces.join(tmp_path / "pieces", tmp_path / "there")
    for name in ("model/unet/weights", "model/empty", "log"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("harm", ["missing", "changed", "elsewhere", "sizes", "no index"])
def test_damaged_pieces_write_nothing(tmp_path: Path, harm: str) -> None:
    (tmp_path / "a").write_bytes(b"x" * 2500)
    last = pieces.split([tmp_path / "a"], tmp_path / "pieces", piece=1000)[-2]
    index = tmp_path / "pieces" / pieces.INDEX
    if harm == "missing":
        last.unlink()
    elif harm == "changed":
        last.write_bytes(b"y" * 500)
    elif harm == "elsewhere":
        index.write_text(index.read_text().replace('"a"', '"../b"'))
    elif harm == "sizes":
        index.write_text(index.read_text().replace("2500", "2400"))
    else:
        index.write_text("5")
    with pytest.raises(pieces.DamagedPieces, match=r"again"):
        pieces.join(tmp_path / "pieces", tmp_path / "there")
    assert not (tmp_path / "there").exists()
    assert not (tmp_path / "b").exists()


def test_a_slim_checkpoint_resumes_without_its_optimizers(tmp_path: Path) -> None:
    def trainer(folder: Path, minutes: float) -> Trainer:
        torch.manual_seed(0)
        judge = nn.Linear(40, 50)
        beside = {"judges": judge, "optimizer": torch.optim.AdamW(judge.parameters())}
        return Trainer("line", nn.Linear(50, 40), folder, minutes, lr=0.05, beside=beside)

    here = trainer(tmp_path, 0.001)
    here.run(lambda _: (here.module(torch.ones(2, 50)).square().mean(), {}), dict)
    pieces.split([here.checkpoint], tmp_path / "pieces", slim=True)
    (tmp_path / "there").mkdir()
    [slim] = pieces.join(tmp_path / "pieces", tmp_path / "there")
    assert slim.stat().st_size < 0.55 * here.checkpoint.stat().st_size
    there = trainer(tmp_path / "there", 0.002)
    assert (there.step, there.spent) == (here.step, here.spent)
    assert there.ema.state["weight"].dtype == torch.float32
    before = torch.load(here.checkpoint, weights_only=True)
    assert torch.equal(there.module.weight, before["module"]["weight"])
    assert torch.allclose(there.ema.state["weight"], before["ema"]["weight"], atol=1e-3)
    there.run(lambda _: (there.module(torch.ones(2, 50)).square().mean(), {}), dict)
