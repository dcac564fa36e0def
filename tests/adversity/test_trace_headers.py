"""Whatever a stranger writes into the header of a trace: it opens and works, or one line says what is wrong, fast."""

from __future__ import annotations

import copy
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotnb.errors import SpotnbError
from spotnb.plots.layouts import plot_layout, plot_tile_map
from spotnb.plots.sound import plot_run
from spotnb.sampling.replay import replay, resume
from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.coverage import coverage
from spotnb.trace.trace import Trace
from spotnb.widgets.inspector import LatentInspector
from tests.effort import effort
from tests.networks import FunctionModel, neighbourly
from tests.runs import EULER_ANCESTRAL, Known, Run

Path_ = tuple[Any, ...]
LONGEST = 3.0  # seconds of one example; the usual one takes a tenth, on a busy machine

KINDS: dict[str, Run] = {
    "plain": Run(16, 4, {"steps": 2, "config": SpotDiffusionConfig(8)}),
    "clean estimates on a ring": Run(
        16, 4, {"steps": 3, "config": SpotDiffusionConfig(8, edge="circular"), "record": "x0", "record_dtype": "fp16"}
    ),
    "known sound, a scheduler and candidates": Run(
        16,
        4,
        {
            "steps": 3,
            "config": SpotDiffusionConfig(8),
            "solver": EULER_ANCESTRAL,
            "init_audio": Known(16),
            "keep": [(0, 0.2)],
            "n_candidates": 2,
        },
    ),
    "a timeline": Run(
        16,
        4,
        {"steps": 2, "config": SpotDiffusionConfig(8), "method": "multidiffusion"},
        lambda seconds: PromptTimeline([(0, 0.3, "a"), (0.3, seconds, "b")], 0.1),
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("headers")


@pytest.fixture(scope="module")
def files(folder: Path) -> dict[str, tuple[dict[str, bytes], Any]]:
    """Return the members and the header of a trace of each kind."""
    parts = {}
    for number, (kind, run) in enumerate(KINDS.items()):
        path = run.sampler(neighbourly).run(progress=False).trace.save(folder / f"{number}.npz")
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with np.load(path) as arrays:
            parts[kind] = members, json.loads(bytes(arrays["trace"]))
    return parts


def write(path: Path, members: dict[str, bytes], header: Any) -> Path:
    text = json.dumps(header)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            if name != "trace.npy":
                archive.writestr(name, data)
        with archive.open("trace.npy", "w") as file:
            np.lib.format.write_array(file, np.frombuffer(text.encode(), np.uint8))
    return path


def hear(trace: Trace) -> None:
    if len(trace):  # of a run that has not begun, a trace has no last record
        record = trace[-1]
        plt.close(plot_run(np.zeros(16 * 640, np.float32), seams=record.layout.seams))
        plt.close(plot_layout(record)[0])
    plt.close(plot_tile_map(trace)[0])


def inspect(trace: Trace) -> None:
    widget = LatentInspector(trace)
    widget.get_state()
    widget.close()


USES: tuple[Callable[[Trace], object], ...] = (
    lambda trace: (len(trace), trace.steps, trace.timesteps, list(trace), trace.at(1), trace[:1]),
    lambda trace: [(r.layout.weights, r.layout.pad, r.layout.widths, r.layout.owner(0)) for r in trace],
    lambda trace: coverage(trace).counts,
    hear,
    inspect,
    lambda trace: str(replay(trace, FunctionModel(neighbourly, 4), progress=False)),
    lambda trace: resume(trace, FunctionModel(neighbourly, 4)).latent,
)


def is_one_line(error: SpotnbError) -> int:
    assert "\n" not in str(error)
    assert len(str(error)) <= 200
    return 0


def survive(path: Path) -> int:
    """Do everything with a file, and return how many uses worked."""
    worked = 0
    try:
        trace = Trace.load(path)
    except SpotnbError as error:
        return worked + is_one_line(error)
    for use in USES:
        started = time.process_time()
        try:
            use(trace)
            worked += 1
        except SpotnbError as error:
            worked += is_one_line(error)
        assert time.process_time() - started < LONGEST
    return worked


JUNK = st.sampled_from(
    [
        *(None, True, False, 0, 1, 2, -1, 7, 16, 999, 1000, 10**6, 10**12, 10**400, 2**63, -(10**20)),
        *(0.5, 1e308, -0.0, float("nan"), float("inf"), "", "x", "x" * 10_000, "\ud800", "all", "x0", "circular", "1"),
        *([], {}, [1], [[]], {"a": 1}, [None] * 5, [1, 2, 16, 4], [[0, 16, 0, 16]], [[-8, 8, 0, 8], [8, 24, 8, 16]]),
    ]
)
SMALL = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 40) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=6,
)


def places(node: Any, here: Path_ = ()) -> list[Path_]:
    """Return the paths of all values in a header."""
    found = [here] if here else []
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        found += places(child, (*here, key))
    return found


def edited(header: Any, draw: Callable[[Any], Any]) -> Any:
    """Return a header after one to three edits: a value replaced, removed, repeated, exchanged or added."""
    header = copy.deepcopy(header)
    for _ in range(draw(st.integers(1, 3))):
        options = places(header)
        if not options:
            break
        *way, last = draw(st.sampled_from(options))
        parent = header
        for key in way:
            parent = parent[key]
        kind = draw(st.sampled_from(["junk", "junk", "small", "remove", "repeat", "exchange", "shift"]))
        if kind == "remove":
            del parent[last]
        elif kind == "repeat" and isinstance(parent, list):
            parent.insert(last, copy.deepcopy(parent[last]))
        elif kind == "exchange" and len(parent) > 1:
            other = draw(st.sampled_from(sorted(parent) if isinstance(parent, dict) else range(len(parent))))
            parent[last], parent[other] = parent[other], parent[last]
        elif kind == "shift" and isinstance(parent[last], int | float):
            parent[last] += draw(st.sampled_from([-1, 1, 8, -8]))
        else:
            parent[last] = copy.deepcopy(draw(SMALL if kind == "small" else JUNK))
    return header


@pytest.mark.parametrize("kind", KINDS)
def test_unedited_everything_works(kind: str, folder: Path, files: Any) -> None:
    assert survive(write(folder / "same.npz", *files[kind])) == len(USES)


@pytest.mark.parametrize("kind", KINDS)
def test_without_records_it_works_or_says_so(kind: str, folder: Path, files: Any) -> None:
    members, header = files[kind]
    survive(write(folder / "empty.npz", members, header | {"records": []}))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(effort(0.5), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_edited_it_works_or_says_so(kind: str, folder: Path, files: Any, data: st.DataObject) -> None:
    members, header = files[kind]
    survive(write(folder / "edited.npz", members, edited(header, data.draw)))


def set_at(header: Any, way: Path_, value: Any) -> Any:
    header = copy.deepcopy(header)
    parent = header
    for key in way[:-1]:
        parent = parent[key]
    if value is ...:
        del parent[way[-1]]
    else:
        parent[way[-1]] = value
    return header


ROW = ("records", 1)
LAYOUT = (*ROW, "layout")


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("mode",), ...),
        (("mode",), "some"),
        (("mode",), 0),
        (("version",), 0),
        (("version",), "2"),
        (("version",), -1),
        (("dtype",), ["fp32"]),
        (("manifest",), [1]),
        (("manifest",), None),
        (("sources",), []),
        (("sources",), {"../x": [1, 2, 16, 4]}),
        (("records",), {}),
        (("records",), 5),
        (("records", 1), []),
        ((*ROW, "step"), 0),
        ((*ROW, "step"), -1),
        ((*ROW, "step"), 10**400),
        ((*ROW, "timestep"), "x" * 10_000),
        ((*ROW, "seconds"), float("nan")),
        ((*ROW, "seconds"), -1),
        ((*ROW, "shift"), 10**9),
        ((*ROW, "guided"), "yes"),
        ((*ROW, "arrays"), {}),
        ((*ROW, "arrays", "x"), [1, 2, 8, 8]),
        ((*ROW, "arrays", "x"), [0, 2, 16, 4]),
        ((*ROW, "arrays", "y"), [1, 2, 16, 4]),
        (LAYOUT, None),
        ((*LAYOUT, "tile_size"), 0),
        ((*LAYOUT, "frames"), 8),
        ((*LAYOUT, "frames"), 10**9),
        ((*LAYOUT, "method"), "weave"),
        ((*LAYOUT, "edge"), 5),
        ((*LAYOUT, "fallback"), 1),
        ((*LAYOUT, "tiles"), []),
        ((*LAYOUT, "tiles", 0), [1]),
        ((*LAYOUT, "tiles", 0), [0, 16, 0, 99]),
        ((*LAYOUT, "tiles", 0), [0.0, 16, 0, 16]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_it_is_refused_when_it_is_opened(way: Path_, value: Any, folder: Path, files: Any) -> None:
    members, header = files["plain"]
    path = write(folder / "wrong.npz", members, set_at(header, way, value))
    with pytest.raises(SpotnbError, match=r"wrong\.npz is not a trace, or is damaged") as caught:
        Trace.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("frames",), ...),
        (("frames",), 24),
        (("duration",), ...),
        (("duration",), 3.0),
        (("duration",), 1e9),
        (("steps",), ...),
        (("steps",), 3),
        (("solver",), "dpm++"),
        (("solver",), {"class": "DDIMScheduler", "config": {"num_train_timesteps": 10**11}}),
        (("solver",), {"class": "DDIMScheduler", "config": {"beta_start": "x"}}),
        (("solver",), {"class": "DPMSolverMultistepScheduler", "config": {"solver_order": 10**10}}),
        (("solver",), {"class": ["DDIMScheduler"], "config": []}),
        (("solver",), {"class": "DDIMScheduler", "config": "a/repository"}),
        (("n_candidates",), 1000),
        (("config", "edge"), 5),
        (("config",), []),
        (("model", "name"), 5),
        (("forked",), True),
        (("forked",), {"step": "1", "changes": 5}),
        (("prompt",), {"timeline": 5, "crossfade": 1}),
        (("prompt",), {"timeline": [[0, 1]], "crossfade": 1}),
        (("prompt",), [1]),
        (("init_audio",), {"frames": 16}),
        (("init_audio",), 5),
        (("keep",), 5),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("act", [replay, resume])
def test_a_manifest_that_does_not_fit_is_refused(way: Path_, value: Any, act: Any, folder: Path, files: Any) -> None:
    members, header = files["plain"]
    path = write(folder / "manifest.npz", members, set_at(header, ("manifest", *way), value))
    with pytest.raises(SpotnbError) as caught:
        act(Trace.load(path), FunctionModel(neighbourly, 4))
    assert "\n" not in str(caught.value)
