"""The trace of a run: the records of each mode, read-only arrays, and files that are complete or refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.paths import show_path
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace
from tests.effort import effort
from tests.networks import neighbourly
from tests.runs import EULER_ANCESTRAL, Known, Run

LAYOUT = plan(40, SpotDiffusionConfig(16), 0)


def record(step: int) -> StepRecord:
    return StepRecord(step, 999 - step, 0, LAYOUT, None, None, None, 0.1)


def steps_kept(mode: str | int, steps: int) -> list[int]:
    trace = Trace(mode)
    for step in range(steps):
        trace.append(record(step))
    return [kept.step for kept in trace]


@given(st.sampled_from(["all", "x0", "last"]) | st.integers(1, 12), st.integers(1, 30))
def test_what_each_mode_keeps(mode: str | int, steps: int) -> None:
    expected = set(range(steps))
    if mode == "last":
        expected = {steps - 1}
    elif isinstance(mode, int):
        expected = {*range(0, steps, mode), steps - 1}
    assert steps_kept(mode, steps) == sorted(expected)


def test_it_is_a_sequence() -> None:
    trace = Trace()
    for step in range(4):
        trace.append(record(step))
    assert len(trace) == 4
    assert [r.step for r in trace] == [trace[k].step for k in range(4)] == [0, 1, 2, 3]
    assert (trace[-1].step, [r.step for r in trace[1:3]]) == (3, [1, 2])
    assert trace.at(2) is trace[2]
    assert trace.at(9) is None
    with pytest.raises(IndexError):
        trace[4]
    trace.truncate(2)
    assert [r.step for r in trace] == [0, 1]


def test_a_step_run_again_replaces_its_record_and_later_ones() -> None:
    trace = Trace()
    for step in (0, 1, 2, 3, 1):
        trace.append(record(step))
    assert [r.step for r in trace] == [0, 1]


@pytest.mark.parametrize("mode", ["all", "x0", "last", 2])
def test_what_a_run_records(mode: str | int) -> None:
    sampler = Run(40, 4, {"steps": 4, "record": mode}).sampler(neighbourly).run(progress=False)
    for kept in sampler.trace:
        arrays: dict[str, Any] = {"x": kept.x, "x0": kept.x0, "noise": kept.noise}
        for name, array in arrays.items():
            if mode == "x0" and name != "x0":
                assert array is None
                continue
            assert array.shape == sampler.shape
            assert array.dtype == np.float32
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0
        assert kept.timestep == sampler.solver.timesteps[kept.step]
        assert kept.shift == kept.layout.shift
        assert kept.seconds > 0
    assert np.array_equal(sampler.trace[-1].x0, sampler.x0.numpy())
    assert sampler.trace.manifest["record"] == mode


def test_records_are_copies() -> None:
    sampler = Run(40, 4).sampler(neighbourly)
    first = sampler.step()
    before = first.x.copy()
    sampler.latent.mul_(0)  # a caller modifies the latent
    sampler.run(progress=False)
    assert np.array_equal(first.x, before)


@pytest.mark.parametrize("bad", ["some", 0, -1, 1.5, True, None, ["all"]])
def test_bad_modes_are_named(bad: Any) -> None:
    with pytest.raises(InputError, match=r"record is .*expected one of all, x0, last, or a whole number k"):
        Trace(bad)


# On disk.


def finished(**changes: Any) -> SpotSampler:
    run = Run(16, 4, {"steps": 2, "config": SpotDiffusionConfig(8)})
    return run.sampler(neighbourly, **changes).run(progress=False)


def saved(folder: Path, **changes: Any) -> Path:
    return finished(**changes).trace.save(folder / "run.npz")


def assert_refused(path: Path, says: str = "") -> None:
    """Check that opening or reading the file raises an error of one line that names the file."""
    with pytest.raises(SpotnbError, match=says) as caught:
        list(Trace.load(path))
    assert "\n" not in str(caught.value)
    assert show_path(path) in str(caught.value)


@pytest.mark.parametrize("dtype", ["fp32", "fp16"])
@pytest.mark.parametrize("mode", ["all", "x0", "last", 2])
def test_what_is_saved_is_what_is_loaded(tmp_path: Path, mode: Any, dtype: str) -> None:
    sampler = Run(40, 4, {"steps": 4, "record": mode, "record_dtype": dtype, "init_audio": Known(40), "strength": 1})
    trace = sampler.sampler(neighbourly).run(progress=False).trace
    loaded = Trace.load(trace.save(str(tmp_path / "new" / "run.npz")))
    assert (loaded.mode, loaded.dtype, len(loaded), loaded.steps) == (mode, dtype, len(trace), trace.steps)
    assert loaded.manifest == json.loads(json.dumps(trace.manifest))
    assert np.array_equal(loaded.sources["init_audio"], trace.sources["init_audio"])
    for one, other in zip(loaded, trace, strict=True):
        assert replace(one, x=None, x0=None, noise=None) == replace(other, x=None, x0=None, noise=None)
        for name in ("x", "x0", "noise"):
            ours, theirs = getattr(one, name), getattr(other, name)
            assert (ours is None) == (theirs is None) == (mode == "x0" and name != "x0")
            if ours is not None:
                assert ours.dtype == theirs.dtype == {"fp32": np.float32, "fp16": np.float16}[dtype]
                assert np.array_equal(ours, theirs)
                with pytest.raises(ValueError, match="read-only"):
                    ours[:] = 0
    assert loaded[-1].step == loaded[len(loaded) - 1].step == 3
    assert [record.step for record in loaded[:1]] == [loaded[0].step]
    assert loaded.at(3).step == 3
    assert loaded.at(9) is None


def test_a_loaded_trace_can_be_saved_again_even_over_itself(tmp_path: Path) -> None:
    path = saved(tmp_path)
    loaded = Trace.load(path)
    before = [record.x for record in loaded]
    loaded.save(path)
    loaded.save(tmp_path / "other.npz")
    for trace in (loaded, Trace.load(path), Trace.load(tmp_path / "other.npz")):
        assert all(np.array_equal(record.x, x) for record, x in zip(trace, before, strict=True))


def test_an_open_trace_never_reads_another_ones_arrays(tmp_path: Path) -> None:
    path = saved(tmp_path)
    loaded = Trace.load(path)
    saved(tmp_path, seed=9)
    with pytest.raises(SpotnbError, match="was replaced by another trace after it was opened: load it again"):
        loaded[0]


def test_an_open_trace_survives_a_change_of_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path)
    monkeypatch.chdir(tmp_path)
    loaded = Trace.load("run.npz")
    monkeypatch.chdir("/")
    assert loaded[1].step == 1


def test_numpy_opens_it_without_pickle(tmp_path: Path) -> None:
    sampler = finished()
    with np.load(sampler.trace.save(tmp_path / "run.npz"), allow_pickle=False) as file:
        assert set(file) == {"trace", *(f"{name}/000{k}" for name in ("x", "x0", "noise") for k in (0, 1))}
        assert np.array_equal(file["x/0001"], sampler.latent.numpy())
        assert json.loads(bytes(file["trace"]).decode())["format"] == "spotnb-trace"


@pytest.mark.parametrize("name", ["run.npy", "run", "run.npz.gz", "run.NPX"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        InputError, match=rf"the path of the trace is .*{name}.: expected a \.npz file; end the name in \.npz"
    ):
        finished().trace.save(tmp_path / name)
    assert not os.listdir(tmp_path)


def test_any_prompt_survives(tmp_path: Path) -> None:
    """This includes text beyond ASCII. A lone surrogate is refused earlier, see tests/sampling/test_texts.py."""
    words = 'Meeresrauschen, 海の音, \U0001f30a, \x00, a "quote"'
    sampler = replace(Run(16, 4, {"steps": 1, "negative_prompt": words}), prompt=words).sampler(neighbourly)
    manifest = Trace.load(sampler.run(progress=False).trace.save(tmp_path / "海.npz")).manifest
    assert manifest["prompt"] == manifest["negative_prompt"] == words


@pytest.mark.parametrize(
    "changes",
    [
        {"solver": "dpm++"},
        {"solver": EULER_ANCESTRAL},
        {"init_audio": Known(16), "keep": [(0, 0.2)]},
        {"continue_from": Known(4)},
        {"n_candidates": 2, "seed": None, "record": 2},
    ],
)
def test_every_manifest_is_strict_json(tmp_path: Path, changes: Any) -> None:
    manifest = finished(**changes).trace.manifest
    assert Trace.load(saved(tmp_path, **changes | {"seed": manifest["seed"]})).manifest == json.loads(
        json.dumps(manifest, allow_nan=False)
    )


def test_a_timelines_manifest_is_strict_json(tmp_path: Path) -> None:
    run = Run(40, 4, {"steps": 1}, lambda d: PromptTimeline([(0, 0.5, "a"), (0.5, d, "b")], 0.25))
    trace = run.sampler(neighbourly).run(progress=False).trace
    prompt = json.loads(json.dumps(Trace.load(trace.save(tmp_path / "a.npz")).manifest, allow_nan=False))["prompt"]
    assert PromptTimeline.from_dict(prompt).prompts == ("a", "b")
    assert prompt["crossfade"] == 0.25


NO_TORCH = """
import builtins, sys
plain = builtins.__import__
def forbid(name, *rest, **more):
    if name.split(".")[0] in ("torch", "diffusers", "transformers"):
        raise ImportError(name)
    return plain(name, *rest, **more)
builtins.__import__ = forbid
import spotnb
trace = spotnb.Trace.load(sys.argv[1])
assert len(trace) == 2 and trace.steps == (0, 1) and trace.manifest["prompt"] == "a sea"
assert trace[1].x.shape == (1, 2, 16, 4) and [r.layout.frames for r in trace] == [16, 16]
trace.save(sys.argv[2])
assert "torch" not in sys.modules
"""


def test_a_trace_is_opened_read_and_saved_without_torch(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", NO_TORCH, str(saved(tmp_path)), str(tmp_path / "again.npz")]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


KILLED = """
import os, signal, sys
import numpy as np
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan
from spotnb.trace.record import StepRecord
from spotnb.trace.trace import Trace
import spotnb.trace.file as room
written, usual = 0, room._write
def write(archive, member, array):
    global written
    written += 1
    if written == int(sys.argv[2]):
        archive.fp.write(b"half of a member")
        archive.fp.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    usual(archive, member, array)
room._write = write
layout = plan(40, SpotDiffusionConfig(16), 0)
x = np.zeros((1, 2, 40, 4), np.float32)
trace = Trace()
for k in range(3):
    trace.append(StepRecord(k, 9 - k, layout.shift, layout, x, x, x, 0.1))
trace.save(sys.argv[1])
"""


@pytest.mark.parametrize("member", [1, 6, 10])
def test_a_killed_save_leaves_the_old_file_whole(tmp_path: Path, member: int) -> None:
    """The kill is at the first array, in the middle, or at the description, which is last."""
    path = saved(tmp_path)
    before = path.read_bytes()
    arguments = [sys.executable, "-c", KILLED, str(path), str(member)]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert len(list(Trace.load(path))) == 2
    assert subprocess.run([*arguments[:4], "99"], check=False).returncode == 0
    assert len(Trace.load(path)) == 3


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99, 0.9999])
def test_a_file_cut_short_is_named(tmp_path: Path, share: float) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert_refused(path, "not a trace, or is damaged or incomplete")


def pickled(path: Path) -> None:
    np.savez(path, trace=np.array([{"format": "spotnb-trace"}], dtype=object))


def described(path: Path, header: Any) -> None:
    """Write a file with this description and no arrays."""
    np.savez(path, trace=np.frombuffer(json.dumps(header).encode(), np.uint8))


def rewritten(path: Path, change: Any, source: Path) -> None:
    """Write a trace with another description of the same arrays."""
    with np.load(source) as file:
        arrays = dict(file)
    header = json.loads(bytes(arrays.pop("trace")).decode())
    change(header)
    np.savez(path, trace=np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays)


HEADER: dict[str, Any] = {"format": "spotnb-trace", "version": 1, "mode": "all", "dtype": "fp32", "manifest": {}}
HEADER |= {"sources": {}, "records": []}


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda path: path.write_text("a sea"), "not a trace"),
        (lambda path: path.write_bytes(b""), "not a trace"),
        (lambda path: np.save(path.open("wb"), np.zeros(3)), "not a trace"),
        (lambda path: np.savez(path, x=np.zeros(3)), "is not a trace: expected a file written by Trace.save"),
        (lambda path: np.savez(path, trace=np.zeros(3)), "not a trace"),
        (lambda path: np.savez(path, trace=np.frombuffer(b"{]", np.uint8)), "not a trace"),
        (pickled, "not a trace"),
        (lambda path: described(path, [1, 2]), "is not a trace"),
        (lambda path: described(path, {"format": "something else"}), "is not a trace"),
        (lambda path: described(path, {"format": "spotnb-trace"}), "not a trace"),
        (
            lambda path: described(path, {"format": "spotnb-trace", "version": 99}),
            r"by a newer spotnb \(its trace version is 99, this spotnb reads versions up to 2\): upgrade spotnb",
        ),
        (lambda path: described(path, HEADER | {"dtype": "fp8"}), "not a trace"),
        (lambda path: described(path, HEADER | {"records": 5}), "not a trace"),
        (lambda path: described(path, HEADER | {"records": [{}]}), "not a trace"),
        (lambda path: described(path, HEADER | {"sources": {"init_audio": [1, 2, 8, 4]}}), "not a trace"),
        (lambda path: path.mkdir(), "cannot read"),
        (lambda path: None, "there is no trace at .*: check the path"),
    ],
)
def test_what_is_no_trace_is_named(tmp_path: Path, write: Any, says: str) -> None:
    write(tmp_path / "a.npz")
    assert_refused(tmp_path / "a.npz", says)


def grow(header: Any) -> None:
    header["records"][1]["arrays"]["x0"] = [1, 8, 10**13, 16]


def shrink(header: Any) -> None:
    header["records"][1]["arrays"]["x0"] = [1, 2, 15, 4]


def misplace(header: Any) -> None:
    header["records"][1]["step"] = 7


def untile(header: Any) -> None:
    header["records"][1]["layout"]["tiles"] = [{"window": 3}]


@pytest.mark.parametrize("change", [grow, shrink, misplace, untile])
def test_a_description_that_does_not_fit_the_arrays(tmp_path: Path, change: Any) -> None:
    rewritten(tmp_path / "a.npz", change, saved(tmp_path))
    assert_refused(tmp_path / "a.npz", "damaged")


def test_an_array_that_asks_for_too_much_memory(tmp_path: Path) -> None:
    """A member is refused if its header has another shape than the description."""
    with zipfile.ZipFile(saved(tmp_path)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    wrong = members["x/0001.npy"].replace(b"(1, 2, 16, 4), }" + b" " * 9, b"(1, 2, 16, 4000000000), }")
    assert wrong != members["x/0001.npy"]
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        for name, data in (members | {"x/0001.npy": wrong}).items():
            file.writestr(name, data)
    assert_refused(tmp_path / "a.npz", "damaged")


@given(st.integers(0, 2**31), st.sampled_from([0x01, 0x80, 0xFF]))
@effort(1.5)
def test_a_flipped_byte_is_noticed_or_harmless(tmp_path_factory: pytest.TempPathFactory, at: int, mask: int) -> None:
    """Wherever the byte is, the trace has the same arrays and manifest, or raises one of our errors."""
    folder = tmp_path_factory.getbasetemp()
    trace = FLIPPED.trace
    path = folder / "flipped.npz"
    if not (folder / "whole.npz").exists():
        trace.save(folder / "whole.npz")
    data = bytearray((folder / "whole.npz").read_bytes())
    data[at % len(data)] ^= mask
    path.write_bytes(data)
    try:
        loaded = Trace.load(path)
        records = list(loaded)
    except SpotnbError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert loaded.manifest == trace.manifest
    for ours, theirs in zip(records, trace, strict=True):
        assert all(np.array_equal(getattr(ours, n), getattr(theirs, n)) for n in ("x", "x0", "noise"))


FLIPPED = finished(steps=1)


@pytest.mark.parametrize(("offset", "value"), [(8, 1), (10, 8), (10, 12), (10, 14), (10, 99)])
def test_a_damaged_directory_is_told(tmp_path: Path, offset: int, value: int) -> None:
    """A member that claims to be encrypted or compressed raises a different error of zipfile each time."""
    path = saved(tmp_path)
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"x/0001.npy") - 46  # in the directory at the end
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + offset] = value
    path.write_bytes(data)
    assert_refused(path, "damaged")


def test_a_flipped_byte_in_an_array_is_told_when_it_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with zipfile.ZipFile(path) as file:
        at = file.getinfo("x0/0001.npy").header_offset + 400
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    loaded = Trace.load(path)
    assert loaded[0].step == 0
    with pytest.raises(SpotnbError, match="damaged") as caught:
        loaded[1]
    assert "\n" not in str(caught.value)


def test_a_large_trace_opens_without_reading_its_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.zeros((1, 8, 2000, 16), np.float32)
    layout = plan(2000, SpotDiffusionConfig(16), 0, "tiles")
    trace = Trace()
    for step in range(10):
        trace.append(StepRecord(step, 999 - step, 0, layout, x, x, x, 0.1))
    path = trace.save(tmp_path / "large.npz")
    assert path.stat().st_size > 30 * x.nbytes
    count, usual = 0, zipfile.ZipExtFile.read

    def read(self: Any, n: int | None = -1) -> bytes:
        nonlocal count
        data = usual(self, n)
        count += len(data)
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", read)
    loaded = Trace.load(path)
    assert (len(loaded), loaded.steps[-1]) == (10, 9)
    assert count < 50_000
    assert loaded[7].x.shape == x.shape
    assert count < 4 * x.nbytes
