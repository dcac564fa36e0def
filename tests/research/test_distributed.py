"""One run on the processes of a real cluster."""

from __future__ import annotations

import os
import platform
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from spotnb import DistributedModel, InputError, SpotDiffusionConfig, SpotnbError, SpotSampler, sweep
from spotnb.models.adapt import as_model
from tests.cluster import Marking, network, page_faults, two_workers
from tests.networks import FunctionModel

distributed = pytest.importorskip("distributed", reason="distributed is not installed: pip install 'spotnb[research]'")
pytestmark = pytest.mark.cluster
RUN: dict[str, Any] = {"duration": 8.0, "steps": 5, "config": SpotDiffusionConfig(16), "record": "last"}


@pytest.fixture
def client() -> Iterator[Any]:
    """A cluster for one test, which may kill its workers or count what they hold."""
    with two_workers() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared() -> Iterator[Any]:
    """One cluster for all tests that only compute on it, because its two processes take seconds to start."""
    with two_workers() as opened:
        yield opened


def test_a_run_on_two_workers_is_that_of_one_machine(shared: Any, tmp_path: Path) -> None:
    model = DistributedModel(Marking(tmp_path), shared)
    assert as_model(model) is model
    sampler = SpotSampler(model, "a sea", **RUN)
    assert sampler.tile_batch == 4
    alone = SpotSampler(FunctionModel(network), "a sea", **RUN, tile_batch=4).run(progress=False)
    assert torch.equal(sampler.run(progress=False).latent, alone.latent)
    assert len(list(tmp_path.iterdir())) == 2  # both took part
    assert str(os.getpid()) not in {path.name for path in tmp_path.iterdir()}
    assert (sampler.decode() == alone.decode()).all()


def test_a_model_stays_with_each_worker_until_it_is_closed(client: Any) -> None:
    def models_here() -> int:
        from spotnb.research import worker

        return sum(isinstance(name, str) for name in worker._loaded)

    model = DistributedModel(FunctionModel(network), client)
    assert list(client.run(models_here).values()) == [1, 1]
    address, victim = client.run(os.getpid).popitem()
    os.kill(victim, signal.SIGKILL)
    while address in (workers := client.scheduler_info()["workers"]) or len(workers) < 2:
        time.sleep(0.1)
    assert list(client.run(models_here).values()) == [1, 1]  # the one that came in its place has it too
    model.close()
    assert list(client.run(models_here).values()) == [0, 0]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps or frees as it likes")
def test_workers_keep_the_memory_that_they_free(client: Any) -> None:
    worker = [next(iter(client.scheduler_info()["workers"]))]
    before = client.submit(page_faults, False, workers=worker).result()
    assert before > 10_000
    assert client.submit(page_faults, True, workers=worker).result() < before / 3


@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_costs_only_its_windows(client: Any, tmp_path: Path) -> None:
    sampler = SpotSampler(DistributedModel(Marking(tmp_path), client), "a sea", **RUN)
    sampler.step()
    victim = int(next(tmp_path.iterdir()).name)

    def kill() -> None:
        time.sleep(0.3)
        os.kill(victim, signal.SIGKILL)  # raises if it is gone already
        killed.append(victim)

    killed: list[int] = []
    killer = threading.Thread(target=kill)
    killer.start()
    sampler.run(progress=False)
    killer.join()
    alone = SpotSampler(FunctionModel(network), "a sea", **RUN, tile_batch=4).run(progress=False)
    assert torch.equal(sampler.latent, alone.latent)
    assert killed == [victim]


def test_a_failing_network_is_one_line_and_loses_nothing(shared: Any, tmp_path: Path) -> None:
    sampler = SpotSampler(DistributedModel(Marking(tmp_path / "nowhere"), shared), "a sea", **RUN)
    with pytest.raises(SpotnbError, match=r"the cluster could not predict the noise \(FileNotFoundError"):
        sampler.step()
    assert sampler.steps_done == 0


def test_the_embedded_model_is_loaded_by_the_workers(shared: Any) -> None:
    run = RUN | {"duration": 4.0, "steps": 2, "config": SpotDiffusionConfig(64)}
    sampler = SpotSampler(DistributedModel("tiny", shared), "church organ", **run).run(progress=False)
    alone = SpotSampler(sampler.model.local, "church organ", **run, tile_batch=sampler.tile_batch).run(progress=False)
    assert (sampler.latent - alone.latent).abs().max() < 0.05 * alone.latent.abs().max()  # bfloat16, other batches


def test_a_sweep_on_two_workers_is_that_of_one_process(shared: Any, tmp_path: Path) -> None:
    grid = {"prompt": ["a sea", "a drum"], "duration": 3.0, "steps": 2, "seed": [0, 1], "tile_size_time": 16}
    one = sweep(grid, tmp_path / "one", model=FunctionModel(network), progress=False)
    two = sweep(grid, tmp_path / "two", model=FunctionModel(network), client=shared, progress=False)
    times = ["seconds", "wall_seconds"]
    assert two.drop(columns=times).equals(one.drop(columns=times))


def test_a_sweep_by_name_starts_from_what_the_workers_model_needs(shared: Any, tmp_path: Path) -> None:
    grid = {"prompt": "a sea", "duration": 2.0, "steps": 2}
    (row,) = sweep(grid, tmp_path, model="tiny", client=shared, progress=False).to_dict("records")
    assert row["error"] is None
    assert (row["steps"], row["guidance_scale"], row["tile_size_time"]) == (2, 2.5, 128)
    assert list(row["guidance_interval"]) == [100, 800]


def test_a_client_without_workers(tmp_path: Path) -> None:
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=None, processes=False) as cluster,
        distributed.Client(cluster) as client,
        pytest.raises(InputError, match="the client has no workers: expected at least one"),
    ):
        DistributedModel(Marking(tmp_path), client)
