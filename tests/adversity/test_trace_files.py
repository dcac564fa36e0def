"""Trace files and paths from strangers: nothing large is allocated, nothing blocks, and one line says what is wrong."""

from __future__ import annotations

import json
import os
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.replay import replay, resume
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace
from spotnb.widgets.inspector import LatentInspector
from tests.trace.test_trace import assert_refused, finished, saved


def remade(path: Path, source: Path, **options: Any) -> Path:
    """Copy an archive with another compression, or with other members."""
    changed = options.pop("members", {})
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", **options) as new:
        for name in old.namelist():
            new.writestr(name, changed.get(name, old.read(name)))
    return path


def test_a_compressed_member_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """4.5 MB of zeros would become gigabytes."""
    x = np.zeros((1, 8, 200_000, 16), np.float32)
    trace = Trace()
    trace.append(StepRecord(0, 999, 0, plan(200_000, SpotDiffusionConfig(256), 0, "tiles"), x, x, x, 0.1))
    path = remade(tmp_path / "a.npz", trace.save(tmp_path / "plain.npz"), compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2_000_000
    tracemalloc.start()
    assert_refused(path, "damaged")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_in_the_header_is_refused(tmp_path: Path, compression: int) -> None:
    bomb = json.dumps({"format": "spotnb-trace", "version": 2, "more": " " * 10**8}).encode()
    np.savez(tmp_path / "plain.npz", trace=np.frombuffer(bomb, np.uint8))
    assert_refused(tmp_path / "plain.npz", "its header is larger than")
    path = remade(tmp_path / "a.npz", tmp_path / "plain.npz", compression=compression)
    tracemalloc.start()
    assert_refused(path, "not a trace")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_deep_nesting_and_constants_are_refused(tmp_path: Path) -> None:
    for text in ("[" * 10**6, '{"format": "spotnb-trace", "version": NaN}', '{"version": 1' + "0" * 5000 + "}"):
        np.savez(tmp_path / "a.npz", trace=np.frombuffer(text.encode(), np.uint8))
        assert_refused(tmp_path / "a.npz", "not a trace")


@pytest.mark.parametrize("path", ["pipe.npz", "/dev/zero", ".", "", "a\0b", "~nosuchuser/a.npz", b"a.npz", 5, None])
def test_a_path_that_is_no_file_is_told_at_once(tmp_path: Path, path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.npz")
    for act in (Trace.load, Trace.of, replay, resume, LatentInspector):
        with pytest.raises(SpotnbError) as caught:
            act(path)
        assert "\n" not in str(caught.value)


def test_a_path_is_taken_for_a_trace(tmp_path: Path) -> None:
    path, model = saved(tmp_path), finished().model
    for given_path in (path, str(path)):
        assert replay(given_path, model, progress=False).same
        assert resume(given_path, model).done
        assert len(LatentInspector(given_path).records) == 2
        assert SpotSampler.of(finished().definition).resume(given_path).done


@pytest.mark.parametrize("junk", [5, None, {}, [], Trace, object(), "none.npz", np.zeros(3)])
def test_what_is_not_a_trace_is_told(junk: Any) -> None:
    sampler = finished()
    for act in (replay, resume, LatentInspector, sampler.resume):
        with pytest.raises(SpotnbError, match=r"trace") as caught:
            act(junk)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda trace: trace.manifest.update(more=object()),
        lambda trace: trace.manifest.update(more=float("nan")),
        lambda trace: trace.manifest.update(more=10**5000),
        lambda trace: trace.append(replace(trace[0], step=5, timestep=1, x0=None)),
        lambda trace: trace.append(replace(trace[0], step=5, timestep=1, x=np.array(["a"]))),
        lambda trace: trace.append(5),
    ],
)
def test_what_cannot_be_opened_is_not_saved(tmp_path: Path, change: Any) -> None:
    path = saved(tmp_path)
    before, trace = path.read_bytes(), finished(steps=1).trace
    with pytest.raises(InputError):
        (change(trace), trace.save(path))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.npz"]
