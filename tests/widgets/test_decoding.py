"""Spectrograms and sounds of a `LatentInspector`, decoded in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'spotnb[notebooks]'")

from spotnb.models.decode_mel import latent_to_mel
from spotnb.plots.style import RANGE
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.widgets import decoding
from spotnb.widgets.inspector import LatentInspector
from spotnb.widgets.spectrogram import COLUMNS, LEVELS, pack_spectrum, unpacked
from tests.networks import FunctionModel, StereoModel, pointwise
from tests.widgets.test_inspector import synthetic

CONFIG = SpotDiffusionConfig(16)


def sampler(steps: int = 5, **settings: Any) -> SpotSampler:
    settings = {"duration": 1.6, "steps": steps, "config": CONFIG} | settings
    return SpotSampler(FunctionModel(pointwise), "a sea", **settings)


@pytest.fixture
def widget() -> Iterator[LatentInspector]:
    made = LatentInspector(sampler().run(progress=False))
    yield made
    made.close()


def sent(widget: LatentInspector) -> list[Any]:
    messages: list[Any] = []
    widget.send = lambda content, buffers=None: messages.append((content, buffers))  # type: ignore[method-assign]
    return messages


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("frames", [1, 160, COLUMNS, 3000])
def test_a_packed_spectrogram_is_the_mean_of_its_frames(frames: int) -> None:
    mel = np.random.default_rng(0).uniform(-13, 3, (frames, 64)).astype(np.float32)
    packed = pack_spectrum(mel)
    assert packed.columns <= COLUMNS
    assert packed.columns == -(-frames // packed.factor)
    parts = [mel[k : k + packed.factor].mean(axis=0) for k in range(0, frames, packed.factor)]
    step = (RANGE[1] - RANGE[0]) / LEVELS
    assert np.abs(unpacked(packed) - np.clip(parts, *RANGE)).max() <= step / 2 + 1e-4
    assert step * 20 / np.log(10) < 1  # dB


def test_what_is_looked_at_comes_first_and_the_rest_follows(widget: LatentInspector) -> None:
    messages = sent(widget)
    widget._asked(widget, {"type": "look", "step": 3}, [])
    widget.wait(20)
    steps = [content["step"] for content, _ in messages]
    assert steps[0] == 3
    assert sorted(steps) == [0, 1, 2, 3, 4]
    assert all(content["type"] == "spectrogram" for content, _ in messages)
    assert list(widget._decoding.sounds) == [3]  # its sound is there before anybody asks
    for content, (data,) in messages:
        record = widget.trace[content["step"]]
        assert record.x0 is not None
        model = widget.sampler.model
        mel = latent_to_mel(model, widget._decoding._estimates._latent(record, model))[0, 0].numpy()
        packed = pack_spectrum(mel)
        assert (content["columns"], content["factor"], data) == (packed.columns, packed.factor, packed.data)


def test_a_slow_model_decodes_only_what_is_looked_at(widget: LatentInspector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "AHEAD", 0.0)
    messages = sent(widget)
    widget._asked(widget, {"type": "look", "step": 1}, [])
    widget.wait(20)
    assert [content["step"] for content, _ in messages] == [1]
    assert not widget._decoding.sounds
    widget._asked(widget, {"type": "look", "step": 1}, [])  # from a view that was opened later
    assert [content["step"] for content, _ in messages] == [1, 1]


def test_a_cell_of_the_notebook_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    events: dict[str, list[Callable[..., None]]] = {"pre_run_cell": [], "post_run_cell": []}
    shell = SimpleNamespace(
        events=SimpleNamespace(
            register=lambda name, react: events[name].append(react),
            unregister=lambda name, react: events[name].remove(react),
        )
    )
    monkeypatch.setitem(decoding.sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    widget = LatentInspector(sampler().run(progress=False))
    (begin,), (end,) = events.values()
    begin("a cell")
    widget._decoding.look(2)
    widget.wait(20)
    assert list(widget._decoding.spectra) == [2]  # somebody waits for this one
    end("a result")
    widget.wait(20)
    assert len(widget._decoding.spectra) == 5
    widget.close()
    assert events == {"pre_run_cell": [], "post_run_cell": []}


def test_a_run_that_goes_on_is_not_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "REST", 60.0)
    run = sampler()
    widget = LatentInspector(run)
    for _ in range(3):
        run.step()
        widget.refresh()
        widget._decoding.look(widget.step)
        assert not widget._decoding.spectra
    monkeypatch.setattr(decoding, "REST", 0.0)
    widget.wait(60)
    assert sorted(widget._decoding.spectra) == [0, 1, 2]
    widget.close()


def test_closing_ends_the_work(widget: LatentInspector, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    real = decoding.Estimates.spectrum
    counted: list[int] = []

    def slow(self: Any, record: Any) -> Any:
        counted.append(record.step)
        begun.set()
        go_on.wait(20)
        return real(self, record)

    monkeypatch.setattr(decoding.Estimates, "spectrum", slow)
    messages = sent(widget)
    widget._decoding.look(0)
    assert begun.wait(20)
    thread = widget._decoding._thread
    assert thread is not None
    widget.close()
    go_on.set()
    thread.join(20)
    assert not thread.is_alive()
    assert counted == [0]
    assert not messages


def test_records_that_others_replaced_are_decoded_anew() -> None:
    run = sampler().run(progress=False)
    widget = LatentInspector(run)
    widget._decoding.look(0)
    widget.wait(20)
    before = dict(widget._decoding.spectra)
    run.reset(seed=9)
    run.run(progress=False)
    widget.refresh()
    assert not widget._decoding.spectra
    widget._decoding.look(0)
    widget.wait(20)
    assert len(widget._decoding.spectra) == 5
    assert widget._decoding.spectra[0].data != before[0].data
    widget.close()


def test_only_one_thread_decodes(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = 0, 0
    real = decoding.Estimates.spectrum

    def counted(self: Any, record: Any) -> Any:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        inside -= 1
        return real(self, record)

    monkeypatch.setattr(decoding.Estimates, "spectrum", counted)
    run = sampler().run(progress=False)
    widgets = [LatentInspector(run) for _ in range(3)]
    for widget in widgets:
        widget._decoding.look(0)
    for widget in widgets:
        widget.wait(20)
        assert len(widget._decoding.spectra) == 5
        widget.close()
    assert most == 1


def test_what_fails_is_told_once(widget: LatentInspector) -> None:
    def fails(latent: Any) -> Any:
        raise RuntimeError("two\nlines")

    widget.sampler.model.decode_mel = fails
    messages = sent(widget)
    widget._decoding.look(1)
    widget.wait(20)
    assert messages == [({"type": "spectrogram", "edition": 0, "step": 1, "error": "two lines"}, [])]


def test_a_step_without_an_estimate_is_told(tmp_path: Path) -> None:
    run = sampler().run(progress=False)
    record = run.trace[1]
    object.__setattr__(record, "x0", None)
    widget = LatentInspector(run.trace, run.model)
    messages = sent(widget)
    widget._decoding.look(1)
    widget.wait(20)
    assert "was not recorded" in messages[0][0]["error"]
    widget.close()


@pytest.mark.parametrize("mel", [True, False])
def test_a_page_holds_the_spectrograms_and_sounds(tmp_path: Path, mel: bool) -> None:
    if mel:
        run = sampler().run(progress=False)
    else:
        config = SpotDiffusionConfig(32)
        run = SpotSampler(StereoModel(pointwise), "a sea", 3.0, 3, config=config).run(progress=False)
    widget = LatentInspector(run)
    widget.step = 1
    widget.to_html(tmp_path / "page.html")
    state = widget.page_state()
    assert [each["step"] for each in state["_spectra"]] == list(range(len(run.trace)))
    sounds = {each["step"]: each["data"] for each in state["_sounds"]}
    assert {1, len(run.trace) - 1} <= sounds.keys()
    assert next(iter(sounds)) == 1
    widget.decode(1)
    widget.wait(20)
    assert widget._sound["data"] == sounds[1]
    assert "_spectra" not in widget.get_state()  # a saved notebook stays small
    widget.close()


def test_a_page_of_30_seconds_and_50_steps_takes_less_than_10_mb(tmp_path: Path) -> None:
    """As random as can be: latents, spectrograms and sounds that nothing compresses."""
    random = np.random.default_rng(0)

    class Noise(FunctionModel):
        channels, latent_bins = 8, 16

        def decode_mel(self, latent: Tensor) -> Tensor:
            return torch.zeros(len(latent), 1, 4 * latent.shape[2], 64)

        def vocode(self, mel: Tensor) -> Tensor:
            return torch.rand(len(mel), 160 * mel.shape[2]) * 1.8 - 0.9

    trace = synthetic(frames=768, steps=50, channels=8, bins=16, tile=128)
    widget = LatentInspector(trace, Noise(pointwise))
    noise = random.uniform(*RANGE, (3072, 64)).astype(np.float32)
    widget._decoding.spectra = {step: pack_spectrum(noise) for step in range(50)}
    size = widget.to_html(tmp_path / "page.html").stat().st_size
    state = widget.page_state()
    assert len(state["_spectra"]) == 50
    assert state["_sounds"]
    assert size < 10_000_000
    widget.close()
