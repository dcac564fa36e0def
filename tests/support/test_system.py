"""Memory and processors: what is available, what is refused in advance, and what happens when memory runs out."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import spotnb.support.system
from spotnb.errors import SpotnbError
from spotnb.sampling.sampler import SpotSampler
from spotnb.support.system import available_cpus, available_memory, cpu_quota, require_memory
from spotnb.tiling.config import SpotDiffusionConfig
from tests.effort import effort
from tests.networks import FunctionModel, Network, neighbourly, pointwise
from tests.runs import Run, runs


def small_run(**changes: Any) -> SpotSampler:
    settings = {"duration": 1.5, "steps": 4, "config": SpotDiffusionConfig(16)} | changes
    return SpotSampler(FunctionModel(neighbourly), "a sea", **settings)


# Available memory and processors.


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(spotnb.support.system, "CGROUP", tmp_path)
    monkeypatch.setattr(spotnb.support.system, "OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(spotnb.support.system.os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    cpu_quota.cache_clear()
    yield tmp_path
    cpu_quota.cache_clear()


def test_a_containers_memory_is_what_its_limit_leaves(cgroup: Path) -> None:
    whole = available_memory()
    assert whole > 1e8
    (cgroup / "memory.max").write_text("300000000\n")
    (cgroup / "memory.current").write_text("100000000\n")
    assert available_memory() == 200_000_000
    (cgroup / "memory.current").write_text("400000000\n")
    assert available_memory() == 0
    (cgroup / "memory.max").write_text("max\n")
    assert available_memory() > 1e8


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("50000 100000", 1), ("200000 100000", 2), ("210000 100000", 3), ("max 100000", 64), ("what", 64), ("", 64)],
)
def test_a_containers_processors(cgroup: Path, quota: str, expected: int) -> None:
    (cgroup / "cpu.max").write_text(quota)
    assert available_cpus() == expected


@pytest.mark.parametrize(
    ("quota", "period", "expected"),
    [("50000", "100000", 1), ("150000", "100000", 2), ("-1", "100000", 64), ("0", "0", 64)],
)
@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
@pytest.mark.parametrize("place", ["", "docker/abc"])
def test_processors_of_version_1(cgroup: Path, quota: str, period: str, expected: int, mount: str, place: str) -> None:
    (cgroup / "own").write_text(f"5:memory:/elsewhere\n4:{mount}:/docker/abc\n")
    folder = cgroup / mount / place
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text(quota)
    (folder / "cpu.cfs_period_us").write_text(period)
    assert available_cpus() == expected


def test_the_smallest_quota_of_all_containing_groups_counts(cgroup: Path) -> None:
    (cgroup / "own").write_text("0::/user.slice/job\n")
    (cgroup / "user.slice" / "job").mkdir(parents=True)
    (cgroup / "user.slice" / "job" / "cpu.max").write_text("400000 100000")
    assert available_cpus() == 4
    cpu_quota.cache_clear()
    (cgroup / "user.slice" / "cpu.max").write_text("120000 100000")
    assert available_cpus() == 2
    assert cpu_quota() == 1.2


def test_a_containers_memory_of_version_1(cgroup: Path) -> None:
    (cgroup / "memory").mkdir()
    (cgroup / "memory" / "memory.limit_in_bytes").write_text("2000000000")
    (cgroup / "memory" / "memory.usage_in_bytes").write_text("1900000000")
    assert available_memory() == 100_000_000


def test_needs_and_means_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spotnb.support.system, "available_memory", lambda: 2_000_000_000)
    require_memory(2_000_000_000, "this")
    with pytest.raises(
        SpotnbError, match=r"^an hour needs about 2\.5 GB of memory and 2 GB are free; ask for a shorter"
    ):
        require_memory(2_500_000_000, "an hour")


# Refusal in advance.


@pytest.mark.parametrize("duration", [1e7, 1e9, 1e17, 1e304])
@pytest.mark.parametrize("method", ["spot", "full"])
def test_what_memory_cannot_hold_is_refused_before_any_work(duration: float, method: str) -> None:
    started = time.process_time()
    with pytest.raises(SpotnbError, match=r"needs about .* GB of memory and .* GB are free.*shorter") as caught:
        small_run(duration=duration, method=method, record="last")
    assert time.process_time() - started < 1
    assert f"{duration:g} s" in str(caught.value)
    assert len(str(caught.value)) < 250


def test_the_memory_that_counts_is_the_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    small_run()
    monkeypatch.setattr(spotnb.support.system, "available_memory", lambda: 10_000)
    with pytest.raises(SpotnbError, match="memory"):
        small_run()


def test_thinner_traces_need_less_memory() -> None:
    every, clean, tenth, last = (
        small_run(steps=100, record=record).cost().peak_bytes for record in ("all", "x0", 10, "last")
    )
    assert every > clean > tenth > last
    latent = 4 * 2 * 40 * 4
    assert every - last >= 3 * 98 * latent


# Memory that runs out during a run.


def limited(network: Network, rows: int) -> Network:
    """A GPU whose memory holds a limited number of rows."""

    def run(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        if len(x) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate\n20.00 GiB")
        return network(x, t, cond)

    return run


@given(runs(method="tiles", edge=st.just("anchor")), st.integers(1, 4), st.integers(1, 12))
@effort(0.4)
def test_out_of_memory_halves_the_batch_and_goes_on(run: Run, rows: int, tile_batch: int) -> None:
    halves = 1 if run.settings["guidance_scale"] == 1 else 2
    sampler = run.sampler(limited(neighbourly, rows * halves), tile_batch=tile_batch).run(progress=False)
    assert sampler.tile_batch <= tile_batch
    assert sampler.trace.manifest["tile_batch"] == sampler.manifest()["tile_batch"] == sampler.tile_batch
    if len(sampler.trace[0].layout.tiles) > rows and tile_batch > rows:
        assert sampler.tile_batch <= rows
    else:
        assert sampler.tile_batch == tile_batch
    same = run.sampler(neighbourly, tile_batch=tile_batch).run(progress=False).latent
    assert (sampler.latent - same).abs().max() <= 1e-4 * same.abs().max()


def test_out_of_memory_is_told(caplog: pytest.LogCaptureFixture) -> None:
    sampler = Run(80, 8, {"tile_batch": 5}).sampler(limited(pointwise, 4))
    with caplog.at_level(logging.WARNING, "spotnb"):
        sampler.run(progress=False)
    assert [r.getMessage() for r in caplog.records] == ["out of memory on cpu: continuing with 2 at a time"]
    assert sampler.trace.manifest["tile_batch"] == 2


def test_out_of_memory_with_one_window_is_an_error() -> None:
    sampler = Run(80, 8, {"tile_batch": 4}).sampler(limited(pointwise, 1))
    with pytest.raises(SpotnbError, match="out of memory on cpu with one window of 16 frames") as caught:
        sampler.run(progress=False)
    assert "\n" not in str(caught.value)
    assert sampler.steps_done == 0
    assert isinstance(caught.value.__cause__, torch.OutOfMemoryError)
