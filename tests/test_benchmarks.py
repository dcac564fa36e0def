"""The benchmarks: each contender does the work that it stands for, and the figures are correct."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

import benchmarks.gpu
from benchmarks.__main__ import NAMES
from benchmarks.contenders import Setting, full_step, multidiffusion_step, original_step
from benchmarks.pairs import interleave, row
from benchmarks.results import load, table
from spotnb.solvers.ddim import DDIM
from spotnb.solvers.noise import Draws, draw
from tests.networks import FunctionModel, neighbourly, pointwise

X = draw((1, 8, 192, 16), 0, 0, "start")
STEPS = [
    lambda setting: original_step(setting, X, 24),
    lambda setting: multidiffusion_step(setting, X, 0.75),
    lambda setting: full_step(setting, X),
]


def setting_of(network: Any) -> Setting:
    model = FunctionModel(network)
    solver = DDIM(model.alphas_cumprod, 10, 0.0)
    now, after = solver.timesteps[3:5]
    alphas = float(model.alphas_cumprod[now]), float(model.alphas_cumprod[after])
    return Setting(model, model.embed(["a sea"]), model.embed([""]), 2.5, now, *alphas, tile=64)


@pytest.mark.parametrize("step", STEPS, ids=["original", "multidiffusion", "full"])
def test_contenders_make_ddims_step(step: Any) -> None:
    """With a network that sees one frame at a time, every contender takes the same step as our solver."""
    setting = setting_of(pointwise)
    both = torch.cat([setting.uncond, setting.cond])
    t = torch.full((2,), setting.timestep)
    away, towards = setting.network.predict_noise(torch.cat([X, X]), t, both).split(1)
    solver = DDIM(setting.network.alphas_cumprod, 10, 0.0)
    expected = solver.step(3, X, torch.lerp(away, towards, setting.scale), Draws(0, 1), None).latent
    assert (step(setting) - expected).abs().max() <= 1e-4


def test_contenders_differ_where_a_network_sees_its_neighbours() -> None:
    one, other, whole = (step(setting_of(neighbourly)) for step in STEPS)
    assert not torch.allclose(one, whole, atol=1e-3)
    assert not torch.allclose(other, whole, atol=1e-3)
    assert not torch.allclose(one, other, atol=1e-3)


def test_rows() -> None:
    slow = row("slow", [2.0, 3.0, 2.2], [2.0, 2.0, 2.0], at_most=1.05, dtype=torch.float32)
    assert (slow.ratio, slow.ours, slow.theirs, slow.rounds, slow.dtype) == (1.1, 2.2, 2.0, 3, "float32")
    assert slow.met is False
    assert row("fast", [3.0], [2.0], at_least=1.5, dtype="").met is True
    assert row("fast", [3.0], [2.0], at_least=1.6, dtype="").met is False
    assert row("ceiling", [3.0], [2.0], dtype="").met is None
    assert "NOT MET" in table([slow])


def test_contenders_take_turns() -> None:
    calls: list[str] = []
    seconds = interleave({name: lambda name=name: calls.append(name) for name in "ab"}, 2, "")
    assert calls == ["a", "b", "a", "b", "b", "a"]  # the first round is a warmup
    assert [len(times) for times in seconds.values()] == [2, 2]


def test_the_committed_results_are_of_the_benchmarks() -> None:
    rows = load()
    assert {each.name for each in rows} == set(NAMES)
    for each in rows:
        assert each.ratio > 0
        assert (each.met is None) == (each.goal is None)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_gpu_benchmark_runs_dry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of row once; a row that fails is written down, and loses no other."""
    bench = benchmarks.gpu.Bench(torch.device("cpu"), dry=True)
    kinds: dict[Any, Any] = {}
    for name, measure in benchmarks.gpu.all_rows(bench):
        assert isinstance(measure, partial)
        kinds.setdefault((measure.func, measure.args[1:2]), (name, measure))
    broken = ("broken", partial(lambda: 1 / 0))
    monkeypatch.setattr(benchmarks.gpu, "all_rows", lambda _: [broken, *kinds.values()])
    assert benchmarks.gpu.run(bench, tmp_path / "gpu.json") == 1
    written = json.loads((tmp_path / "gpu.json").read_text("utf-8"))
    assert written["machine"]["device"] == "cpu, a dry run"
    assert written["rows"].pop("broken")["error"] == "ZeroDivisionError: division by zero"
    assert set(written["rows"]) == {name for name, _ in kinds.values()}
    assert not [row for row in written["rows"].values() if "error" in row]
    assert {"audioldm-s, fp32", "audioldm2, bf16", "stable-audio, bf16"} <= set(written["rows"])
    parity = written["rows"]["parity of CPU and device"]
    assert parity["latent of the run"] == 0
