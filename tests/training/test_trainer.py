"""The training loop: it learns, averages, and resumes where it was stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from training import start
from training.trainer import Ema, Trainer


def trainer(folder: Path, seconds: float) -> tuple[Trainer, nn.Linear]:
    torch.manual_seed(0)
    module = nn.Linear(4, 1)
    return Trainer("line", module, folder, seconds / 60, lr=0.05, ema=0.9, warmup=5), module


def fit(module: nn.Linear, step: int) -> tuple[Tensor, dict[str, float]]:
    x = torch.randn(32, 4, generator=torch.Generator().manual_seed(step))
    value = ((module(x) - x.sum(1, keepdim=True)) ** 2).mean()
    return value, {"mse": value.item()}


def test_it_learns_and_writes_its_history(tmp_path: Path) -> None:
    loop, module = trainer(tmp_path, 1.0)
    trained = loop.run(lambda step: fit(module, step), lambda: {"one": 1.0})
    assert trained is module
    assert not module.training
    assert torch.allclose(module.weight, torch.ones(1, 4), atol=0.1)
    rows = [json.loads(line) for line in (tmp_path / "line.log.jsonl").read_text().splitlines()]
    assert rows[-1]["val_one"] == 1
    assert rows[-1]["step"] == loop.step


def test_it_resumes_with_what_it_had_spent(tmp_path: Path) -> None:
    first, module = trainer(tmp_path, 0.3)
    first.run(lambda step: fit(module, step), dict)
    second, again = trainer(tmp_path, 0.6)
    assert (second.step, second.spent) == (first.step, first.spent)
    seen = []
    second.run(lambda step: (seen.append(step), fit(again, step))[1], dict)
    assert seen[0] == first.step
    assert second.spent >= 0.6


def test_what_is_beside_the_module_resumes_too(tmp_path: Path) -> None:
    def beside() -> dict[str, nn.Module | torch.optim.Optimizer]:
        judge = nn.Linear(2, 1)
        return {"judge": judge, "optimizer": torch.optim.AdamW(judge.parameters())}

    module, kept = nn.Linear(4, 1), beside()
    Trainer("line", module, tmp_path, 0.001, lr=0.05, beside=kept).run(lambda step: fit(module, step), dict)
    found = beside()
    Trainer("line", nn.Linear(4, 1), tmp_path, 0.001, lr=0.05, beside=found)
    assert torch.equal(found["judge"].weight, kept["judge"].weight)


def test_a_file_in_the_data_folder_pauses_a_training_that_writes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, elsewhere, saved = tmp_path / "data", tmp_path / "elsewhere", []
    data.mkdir()
    elsewhere.mkdir()
    (data / "pause").touch()

    def wait(loop: Trainer) -> None:
        saved.append(loop.checkpoint.exists())
        loop.pause_file.unlink()

    monkeypatch.setattr(Trainer, "_wait", wait)
    module = nn.Linear(4, 1)
    Trainer("line", module, data, 0.001, lr=0.05, folder=elsewhere).run(lambda step: fit(module, step), dict)
    assert saved == [True]
    assert {path.name for path in elsewhere.iterdir()} == {"line.checkpoint.pt", "line.log.jsonl"}
    assert not list(data.iterdir())


def test_processes_train_together(tmp_path: Path) -> None:
    """Each has its own batches, all end at the same step with the same weights, and one of them writes."""
    script = tmp_path / "together.py"
    script.write_text(
        "import sys, torch\n"
        "from pathlib import Path\n"
        "from tests.training.test_trainer import fit, trainer\n"
        "loop, module = trainer(Path(sys.argv[1]), 0.5)\n"
        "draws = []\n"
        "loop.run(lambda draw: (draws.append(draw), fit(module, draw))[1], dict)\n"
        "torch.save({'draws': draws, 'weight': module.weight.detach()}, Path(sys.argv[1]) / f'{loop.rank}.pt')\n"
    )
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    subprocess.run([*launch, str(script), str(tmp_path)], check=True, env=environment, timeout=120)
    one, other = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert one["draws"] == list(range(0, 2 * len(one["draws"]), 2))
    assert other["draws"] == list(range(1, 2 * len(one["draws"]), 2))
    assert torch.equal(one["weight"], other["weight"])
    assert len((tmp_path / "line.log.jsonl").read_text().splitlines()) == len({*_steps(tmp_path)})


def _steps(folder: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / "line.log.jsonl").read_text().splitlines()]


def test_a_loss_that_is_not_finite_ends_the_run(tmp_path: Path) -> None:
    loop, module = trainer(tmp_path, 5)
    with pytest.raises(FloatingPointError, match="line: loss is nan at step 0"):
        loop.run(lambda step: (module.weight.sum() * float("nan"), {}), dict)


def test_on_a_gpu_a_batch_that_overflows_changes_nothing(tmp_path: Path) -> None:
    loop, module = trainer(tmp_path, 1)
    loop.device = torch.device("cuda")  # where nothing waits to know whether a loss is finite

    def loss(step: int) -> tuple[Tensor, dict[str, float]]:
        value, figures = fit(module, step)
        return value * (float("inf") if step % 50 == 0 else 1), figures  # also where the loss is looked at

    assert loop.run(loss, dict).weight.isfinite().all()
    assert loop.step > 50
    module.weight.data.fill_(float("nan"))
    loop.spent, loop.step = 0.0, 0
    with pytest.raises(FloatingPointError, match="line: loss is nan at step 0"):
        loop.run(lambda step: fit(module, step), dict)


def test_a_training_that_is_out_of_time_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_deadline", [float("inf")])
    first, module = trainer(tmp_path, 300)
    start.set_deadline(0.001)
    with pytest.raises(start.OutOfTime) as ended:
        first.run(lambda step: fit(module, step), dict)
    assert ended.value.code == start.AGAIN == 75
    assert start.minutes_left() < 0
    start.set_deadline(None)
    second, again = trainer(tmp_path, first.spent + 0.1)
    assert second.step == first.step > 0
    second.run(lambda step: fit(again, step), dict)
    assert second.step > first.step


def test_a_budget_that_is_spent_is_no_lack_of_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_deadline", [0.0])
    loop, module = trainer(tmp_path, 1e-9)
    assert loop.run(lambda step: fit(module, step), dict) is module


def test_figures_may_be_tensors(tmp_path: Path) -> None:
    loop, module = trainer(tmp_path, 0.1)
    loop.run(lambda step: (fit(module, step)[0], {"two": torch.tensor(2.0)}), dict)
    assert json.loads((tmp_path / "line.log.jsonl").read_text().splitlines()[-1])["two"] == 2


def test_the_average_starts_with_a_short_memory() -> None:
    module = nn.Linear(1, 1)
    average = Ema(module, 0.999)
    with torch.no_grad():
        module.weight.fill_(5.0)
    for _ in range(20):
        average.update(module)
    assert average.state["weight"].item() == pytest.approx(5.0, abs=0.1)
