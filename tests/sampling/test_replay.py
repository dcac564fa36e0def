"""Repeated runs are identical or their first difference is reported, and a run continues where its trace ends."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import spotnb.sampling.replay
from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.replay import replay, resume, sampler_of
from spotnb.trace.trace import Trace
from tests.networks import FunctionModel, neighbourly, pointwise
from tests.runs import SOLVERS, Known, Run

RUN = Run(40, 4, {"steps": 5, "seed": 3})


def model(network: Any = neighbourly, **described: Any) -> FunctionModel:
    made = FunctionModel(network, 4)
    made.describe = lambda: {"name": made.name, **described}  # type: ignore[method-assign]
    return made


def traced(until: int = 5, **changes: Any) -> Trace:
    return RUN.sampler(neighbourly, **changes).run(until=until, progress=False).trace


def loaded(folder: Path, **changes: Any) -> Trace:
    return Trace.load(traced(**changes).save(folder / "run.npz"))


def change(trace: Trace, step: int, **arrays: Any) -> None:
    """Replace arrays in one record."""
    trace.records = [replace(r, **arrays) if r.step == step else r for r in trace.records]


# Replay.


@pytest.mark.parametrize(
    "changes",
    [
        *({"solver": solver} for solver in SOLVERS),
        {"record_dtype": "fp16"},
        {"record": 2, "record_dtype": "fp16"},
        {"record": 2},
        {"record": 3},
        {"record": "x0"},
        {"record": "last"},
        {"until": 3},
        {"finish_steps": 2},
        {"finish_steps": 3, "finish_overlap": 5, "solver": "dpm++", "record": 2},
        {"init_audio": Known(40), "strength": 0.5},
        {"continue_from": Known(12)},
    ],
)
def test_a_repeated_run_is_identical(tmp_path: Path, changes: Any) -> None:
    trace = loaded(tmp_path, **changes)
    result = replay(trace, model(), progress=False)
    assert (result.same, result.step, result.array, result.difference) == (True, None, None, 0.0)
    assert result.sampler.steps_done == changes.get("until", 5)
    assert "identical in all" in str(result)
    assert "to the last bit" in str(result)


def test_an_older_manifest_means_a_run_without_a_finish(tmp_path: Path) -> None:
    trace = loaded(tmp_path)
    for name in ("finish_steps", "finish_overlap"):
        del trace.manifest[name]
    assert replay(trace, model(), progress=False).same
    finished = loaded(tmp_path, finish_steps=2)
    assert finished.manifest["finish_steps"] == 2
    assert [record.layout.blended for record in finished] == [False] * 3 + [True] * 2
    finished.manifest["finish_steps"] = 0
    assert replay(finished, model(), progress=False).step == 3


@pytest.mark.parametrize("dtype", ["fp32", "fp16"])
@pytest.mark.parametrize("name", ["x", "x0", "noise"])
@pytest.mark.parametrize("step", [0, 2, 4])
def test_one_changed_number_is_detected(tmp_path: Path, step: int, name: str, dtype: str) -> None:
    trace = loaded(tmp_path, record_dtype=dtype)
    array = getattr(trace[step], name).copy()
    array[0, 1, 7, 2] += np.abs(array).max() / 4
    change(trace, step, **{name: array})
    result = replay(trace, model(), progress=False)
    assert (result.same, result.step, result.array) == (False, step, name)
    assert 0.15 < result.difference < 0.3
    assert str(result).startswith(f"{name} first differs at step {step}, by 0.")
    assert result.sampler.steps_done == step + 1


def test_the_last_bit_counts(tmp_path: Path) -> None:
    trace = loaded(tmp_path)
    x = trace[3].x.copy()
    x[0, 0, 0, 0] = np.nextafter(x[0, 0, 0, 0], np.float32(9))
    change(trace, 3, x=x)
    result = replay(trace, model(), progress=False)
    assert (result.step, result.array) == (3, "x")
    assert 0 < result.difference < 1e-6
    within = replay(trace, model(), progress=False, tolerance=1e-6)
    assert (within.same, within.step, within.sampler.steps_done) == (True, None, 5)
    assert within.difference == result.difference
    assert str(within).startswith("equal in all 5 steps, to ")
    assert "within the tolerance" in within._repr_html_()


def test_only_a_difference_above_the_tolerance_is_named(tmp_path: Path) -> None:
    trace = loaded(tmp_path)
    for step, size in ((1, 1e-4), (3, 1e-2)):
        change(trace, step, x0=trace[step].x0 + size * np.abs(trace[step].x0).max())
    result = replay(trace, model(), progress=False, tolerance=1e-3)
    assert (result.step, result.array, result.sampler.steps_done) == (3, "x0", 4)
    assert result.difference == pytest.approx(1e-2, rel=0.02)
    assert replay(trace, model(), progress=False, tolerance=1e-5).step == 1
    for wrong in (-1, 2, float("nan"), "0"):
        with pytest.raises(InputError, match=r"tolerance is .*: expected a (finite )?number.*0 compares to the last"):
            replay(trace, model(), progress=False, tolerance=wrong)  # type: ignore[arg-type]


def test_half_precision_is_compared_in_half_precision(tmp_path: Path) -> None:
    """A change below half precision does not count. The smallest change that it can hold is detected."""
    trace = loaded(tmp_path, record_dtype="fp16")
    x = trace[3].x.copy()
    assert x.dtype == np.float16
    x[0, 0, 0, 0] = np.nextafter(x[0, 0, 0, 0], np.float16(9))
    change(trace, 3, x=x)
    assert replay(trace, model(), progress=False).step == 3


@pytest.mark.parametrize("record", [2, 3, "last"])
def test_thinned_traces_are_compared_where_they_have_records(tmp_path: Path, record: Any) -> None:
    trace = loaded(tmp_path, record=record)
    last = trace.steps[-1]
    change(trace, last, x0=trace.at(last).x0 + 1)
    result = replay(trace, model(), progress=False)
    assert (result.step, result.array) == (last, "x0")


def test_the_earliest_array_in_the_order_of_computation_is_named(tmp_path: Path) -> None:
    trace = loaded(tmp_path)
    change(trace, 2, x=trace[2].x * 2, noise=trace[2].noise * 2)
    change(trace, 4, x0=trace[4].x0 * 2)
    assert (replay(trace, model(), progress=False).step, replay(trace, model(), progress=False).array) == (2, "noise")


@pytest.mark.parametrize("name", ["seed", "guidance_scale"])
def test_another_setting_differs_at_once(tmp_path: Path, name: str) -> None:
    trace = loaded(tmp_path)
    trace.manifest[name] = 4
    result = replay(trace, model(), progress=False)
    assert (result.step, result.array) == (0, "noise")
    assert result.difference > 0.01


def test_another_model_differs_from_where_it_changes() -> None:
    def late(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        return neighbourly(x, t, cond) + 0.01 * (t[0] < 500)

    assert replay(traced(), model(pointwise), progress=False).step == 0
    result = replay(traced(), model(late), progress=False)
    assert (result.step, result.array) == (3, "noise")


def test_arrays_of_another_shape_differ(tmp_path: Path) -> None:
    trace = loaded(tmp_path)
    change(trace, 1, x0=trace[1].x0[:, :, :20])
    result = replay(trace, model(), progress=False)
    assert (result.step, result.array, result.difference) == (1, "x0", float("inf"))


def test_a_trace_without_records() -> None:
    with pytest.raises(SpotnbError, match="the trace has no records to compare with: expected at least one step"):
        replay(RUN.sampler(neighbourly).trace, model())


@pytest.mark.parametrize(
    ("manifest", "lacks"),
    [
        ({}, "model"),
        ({"model": None}, "model is None"),
        ({"model": {}}, "name"),
        ({"config": {"tile_size": 3}}, "unexpected keyword"),
        ({"prompt": {"timeline": []}}, "crossfade"),
        ({"init_audio": {"frames": 40}}, "init_audio"),
    ],
)
@pytest.mark.parametrize("act", [replay, resume, sampler_of])
def test_a_trace_with_an_incomplete_manifest(manifest: Any, lacks: str, act: Any) -> None:
    trace = traced()
    trace.manifest = trace.manifest | manifest if manifest else {}
    with pytest.raises(
        InputError, match=rf"(the trace's manifest does not describe a run|timeline).*{lacks}"
    ) as caught:
        act(trace, model())
    assert "\n" not in str(caught.value)


def test_known_differences_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    trace = traced()
    with caplog.at_level(logging.WARNING, "spotnb"):
        replay(trace, model(), progress=False)
    assert caplog.text == ""
    trace.manifest["versions"] = {"torch": "0.0"}
    with caplog.at_level(logging.WARNING, "spotnb"):
        replay(trace, model(revision="abc"), progress=False)
    assert "the trace was recorded with model {'name': 'function'}, now it is" in caplog.text
    assert "the trace was recorded with versions {'torch': '0.0'}, now it is" in caplog.text


@pytest.mark.parametrize(
    ("described", "asked"),
    [
        ({}, {"device": "auto", "dtype": "auto", "heads": "original"}),
        ({"device": "cpu", "dtype": "bfloat16"}, {"device": "cpu", "dtype": "bf16", "heads": "original"}),
        (
            {"device": "cuda", "dtype": "float32", "heads": [4, 8], "heads_choice": "(4, 8)", "revision": "abc"},
            {"device": "cuda", "dtype": "fp32", "heads": (4, 8), "revision": "abc"},
        ),
        (
            {"device": "cpu", "dtype": "float16", "heads": [8, 8], "heads_choice": "config"},
            {"device": "cpu", "dtype": "fp16", "heads": "config"},
        ),
    ],
)
def test_the_model_is_loaded_as_the_manifest_describes_it(
    monkeypatch: pytest.MonkeyPatch, described: Any, asked: Any
) -> None:
    came: list[Any] = []
    monkeypatch.setattr(
        spotnb.sampling.replay, "load_model", lambda name, **choices: came.append((name, choices)) or model()
    )
    trace = traced()
    trace.manifest["model"] = {"name": "function"} | described
    assert replay(trace, progress=False, load=True).same
    assert came == [("function", asked)]


def test_a_model_that_cannot_be_loaded_is_named() -> None:
    with pytest.raises(InputError, match="model 'function' is unknown"):
        replay(traced(), load=True)


@pytest.mark.parametrize("act", [replay, resume, sampler_of])
@pytest.mark.parametrize("name", ["function", "cvssp/audioldm", "/etc", "https://example.com/x", "tiny ", "Tiny"])
def test_a_trace_opens_no_other_model_by_itself(monkeypatch: pytest.MonkeyPatch, act: Any, name: str) -> None:
    monkeypatch.setattr(spotnb.sampling.replay, "load_model", lambda *_, **__: pytest.fail("it was opened"))
    trace = traced()
    trace.manifest["model"] = {"name": name}
    for load in (False, None, 0, 1, "yes"):  # anything but True
        with pytest.raises(InputError, match="pass the model of the run as model=, or load=True") as caught:
            act(trace, load=load)
        assert repr(name) in str(caught.value)


def test_a_trace_opens_the_embedded_model(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(spotnb.sampling.replay, "load_model", lambda name, **_: opened.append(name) or model())
    trace = traced()
    trace.manifest["model"] = {"name": "tiny"}
    assert replay(trace, progress=False).same
    assert opened == ["tiny"]


@pytest.mark.parametrize(
    "described",
    [
        *({"name": bad} for bad in (5, None, "", " ", ["tiny"], {"a": 1}, "\ud800", "x" * 10**5, "~nosuchuser/x")),
        *(
            {"revision": bad}
            for bad in ("../x", "a b", "", None, 5, "-x", "a" * 500, "x\n", "refs//x", "a/../b", "$(x)")
        ),
        *({"device": bad} for bad in ("evil", 5, None, "", ["cpu"], "cuda:999999999999", "meta")),
        *({"heads_choice": "(1, 2)", "heads": bad} for bad in ([10**400] * 4, "x", None, [1], [True] * 4, [[1]] * 4)),
        {"heads_choice": ["config"]},
    ],
)
@pytest.mark.parametrize("act", [replay, resume, sampler_of])
def test_a_description_is_checked(described: dict[str, Any], act: Any) -> None:
    trace = traced()
    trace.manifest["model"] = {"name": "tiny"} | described
    with pytest.raises(InputError) as caught:
        act(trace, load=True)
    assert len(str(caught.value)) <= 200
    assert "\n" not in str(caught.value)


def test_progress_is_shown_only_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    replay(traced(), model(), progress=False)
    assert capsys.readouterr().err == ""
    replay(traced(), model())
    assert "replay: 100%" in capsys.readouterr().err


# Resume.


def test_a_trace_without_records_is_resumed_at_the_start() -> None:
    sampler = resume(RUN.sampler(neighbourly).trace, model())
    assert (sampler.steps_done, len(sampler.trace)) == (0, 0)
    assert torch.equal(sampler.latent, RUN.sampler(neighbourly).latent)


def test_a_resumed_run_can_be_decoded_and_forked(tmp_path: Path) -> None:
    whole = RUN.sampler(neighbourly).run(progress=False)
    sampler = resume(loaded(tmp_path), model())
    assert sampler.done
    assert np.array_equal(sampler.decode(), whole.decode())
    assert np.array_equal(sampler.decode(step=1, of="x0"), whole.decode(step=1, of="x0"))
    changed = sampler.fork(at=2, guidance_scale=6.0).run(progress=False)
    assert torch.equal(changed.latent, whole.fork(at=2, guidance_scale=6.0).run(progress=False).latent)
    assert sampler.manifest()["tile_batch"] == whole.tile_batch


def test_a_fork_with_changes_says_that_it_cannot_be_replayed() -> None:
    sampler = Run(40, 4, {"steps": 4}).sampler(neighbourly).run(progress=False)
    same, changed = sampler.fork(at=2).run(progress=False), sampler.fork(at=2, guidance_scale=1.0).run(progress=False)
    assert replay(same.trace, sampler.model, progress=False).same
    with pytest.raises(SpotnbError, match=r"changed at step 2 \(guidance_scale\), .*replay the run before its change"):
        replay(changed.trace, sampler.model, progress=False)
