"""Whatever a caller has set in torch and numpy, a run gives the same sound, and leaves the settings as they were."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.load import load_model
from spotnb.models.shelter import shelter, sheltered, usable_threads
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from tests.models.published import audioldm2

World = Callable[[], AbstractContextManager[Any]]


def setting(change: Callable[[Any], Any], value: Any, before: Any) -> World:
    """Return a world in which a global setting has another value."""

    @contextmanager
    def world() -> Iterator[None]:
        change(value)
        try:
            yield
        finally:
            change(before)

    return world


WORLDS: dict[str, World] = {
    "float64": setting(torch.set_default_dtype, torch.float64, torch.float32),
    "bfloat16": setting(torch.set_default_dtype, torch.bfloat16, torch.float32),
    "meta": setting(torch.set_default_device, "meta", None),
    "device": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "inference": torch.inference_mode,
    "no_grad": torch.no_grad,
    "numpy": lambda: np.errstate(all="raise"),
    "threads": setting(torch.set_num_threads, 5, 1),
}

RUNS: dict[str, dict[str, Any]] = {
    "spot": {},
    "multistep": {"solver": "dpm++", "guidance_interval": (100, 700)},
    "noise": {"eta": 1.0, "method": "multidiffusion"},
    "ring": {"config": SpotDiffusionConfig(16, edge="circular")},
}


def sounds(model: DiffusersAudioLDM) -> dict[str, np.ndarray[Any, Any]]:
    """Return what runs of all kinds make, with one that needs a gradient and one that goes from phase to phase."""
    settings: dict[str, Any] = {"duration": 1.5, "steps": 3, "config": SpotDiffusionConfig(16)}
    made = {}
    for name, changes in RUNS.items():
        sampler = SpotSampler(model, "church organ", **(settings | changes)).run(progress=False)
        made[name] = sampler.decode()
        made[f"{name} back"] = sampler.goto(2).run(progress=False).decode(of="x0")
    wave = made["spot"].copy()
    kept = SpotSampler(model, "rain", **settings, init_audio=wave, keep=[(0, 0.6)])
    while not kept.done:
        step = kept.begin()
        step.predict(0)
        step.finish()
    made["kept"] = kept.fork(negative_prompt="drums").decode()
    return made


@pytest.fixture(scope="module")
def model() -> DiffusersAudioLDM:
    return load_model(dtype="fp32")


@pytest.fixture(scope="module")
def plain(model: DiffusersAudioLDM) -> dict[str, np.ndarray[Any, Any]]:
    return sounds(model)


@pytest.mark.parametrize("name", WORLDS)
def test_a_run_sounds_the_same(
    name: str, model: DiffusersAudioLDM, plain: dict[str, np.ndarray[Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotnb.models.shelter.available_cpus", lambda: 1)
    with WORLDS[name]():
        found = sounds(model)
    for key, wave in plain.items():
        np.testing.assert_array_equal(found[key], wave, err_msg=key)


@pytest.mark.parametrize("name", [name for name in WORLDS if name != "threads"])
def test_a_model_is_loaded_the_same(name: str, plain: dict[str, np.ndarray[Any, Any]]) -> None:
    with WORLDS[name]():
        model = load_model(dtype="fp32")
    settings: dict[str, Any] = {"duration": 1.5, "steps": 3, "config": SpotDiffusionConfig(16)}
    wave = SpotSampler(model, "church organ", **settings).run(progress=False).decode()
    np.testing.assert_array_equal(wave, plain["spot"])
    SpotSampler(model, "rain", **settings, init_audio=wave, keep=[(0, 0.6)]).step()  # needs a gradient


@pytest.mark.parametrize("name", WORLDS)
def test_the_callers_settings_are_in_force_afterwards(name: str) -> None:
    def state() -> tuple[Any, ...]:
        autocast = torch.is_autocast_enabled("cpu")
        return torch.empty(0).dtype, torch.empty(0).device, autocast, torch.get_num_threads(), np.geterr()

    with WORLDS[name]():
        before, inference = state(), torch.is_inference_mode_enabled()
        with sheltered():
            assert torch.ones(1).dtype == torch.float32
            assert torch.ones(1).device.type == "cpu"
            assert not torch.is_autocast_enabled("cpu")
            assert not torch.ones(1).is_inference()
        assert state() == before
        with pytest.raises(ZeroDivisionError):
            shelter(lambda: 1 / 0)()
        assert (state(), torch.is_inference_mode_enabled()) == (before, inference)


@pytest.mark.parametrize(("processors", "told", "expected"), [(1, 4, 1), (3, 4, 3), (8, 4, 4), (8, 1, 1)])
def test_threads_are_as_many_as_processors_and_never_more_than_torch_may_use(
    processors: int, told: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotnb.models.shelter.available_cpus", lambda: processors)
    with setting(torch.set_num_threads, told, 1)():
        assert usable_threads() == expected
        with sheltered():
            assert torch.get_num_threads() == expected
        assert torch.get_num_threads() == told


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_threads_that_overlap_leave_the_default_dtype(dtype: torch.dtype) -> None:
    entered, left = Barrier(2, timeout=30), Barrier(2, timeout=30)

    def first() -> None:
        with sheltered():
            entered.wait()
            left.wait()

    with setting(torch.set_default_dtype, dtype, torch.float32)():
        thread = Thread(target=first)
        thread.start()
        entered.wait()
        with sheltered():
            left.wait()
            thread.join()
            assert torch.get_default_dtype() == torch.float32
        assert torch.get_default_dtype() == dtype


def test_loading_leaves_the_default_dtype_alone_in_other_threads() -> None:
    """Weights of half precision are loaded in a thread by the panel, while a cell may load or compute."""
    found: set[torch.dtype] = set()
    thread = Thread(target=load_model)
    thread.start()
    while thread.is_alive():
        found.add(torch.get_default_dtype())
        time.sleep(0)
    assert found == {torch.float32}


def test_threads_that_load_at_once_leave_the_libraries_alone(tmp_path: Path) -> None:
    """While transformers loads, it replaces `tie_weights` for all threads, without which a T5 lacks weights."""
    folder = audioldm2(tmp_path / "m")
    before = PreTrainedModel.tie_weights, PreTrainedModel.init_weights, torch.linspace
    with setting(sys.setswitchinterval, 1e-5, sys.getswitchinterval())(), ThreadPoolExecutor(4) as threads:
        digests = {model.describe()["weights_sha256"] for model in threads.map(load_model, [folder] * 8)}
    assert len(digests) == 1
    assert (PreTrainedModel.tie_weights, PreTrainedModel.init_weights, torch.linspace) == before
