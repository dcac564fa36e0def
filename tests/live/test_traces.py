"""Traces that JavaScript writes are those of Python: they open, replay, and continue."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import numpy as np
import pytest

from spotnb.sampling.from_manifest import sampler_from
from spotnb.sampling.replay import replay, resume
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.trace.trace import Trace
from tests.live.fixture_model import FixtureModel
from tests.live.fixture_runs import BASE, OF_THIS_MACHINE, TILING
from tests.widgets.test_javascript import ROOT, node

TOLERANCE = 3e-5
"""Latents of the fixtures' model grow to 200, and what is rounded there shows in noise predictions of 1."""
RUNS: dict[str, dict[str, Any]] = {
    "plain": {},
    "finish": {"finish_steps": 2, "edge": "anchor", "eta": 0.4},
    "ring": {"finish_steps": 2, "edge": "circular", "duration": 2.0, "solver": "dpm++", "steps": 6},
    "merge": {"edge": "merge", "guidance_interval": [200, 800], "solver": "dpm++", "tile_batch": 3},
    "window": {"duration": 0.5, "prompt": "one é2 two", "negative_prompt": ""},
    "tiles": {"method": "tiles", "edge": "reflect_noisy", "record": "x0"},
    "multidiffusion": {"method": "multidiffusion", "min_overlap": 5, "record": "last"},
}


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trace]:
    folder = tmp_path_factory.mktemp("traces")
    runs = {name: {**BASE, "record": "all", **changes} for name, changes in RUNS.items()}
    (folder / "runs.json").write_text(json.dumps(runs))
    script = ROOT / "tests" / "js" / "live_traces.js"
    subprocess.run([node(), script, folder], check=True, timeout=60)
    return {name: Trace.load(folder / f"{name}.npz") for name in RUNS}


def sampler(name: str) -> SpotSampler:
    settings = {**BASE, **RUNS[name]}
    config = SpotDiffusionConfig(**{key: settings.pop(key) for key in TILING if key in settings})
    return SpotSampler(FixtureModel(), config=config, **settings)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_in_javascript_replays_in_python(name: str, traces: dict[str, Trace]) -> None:
    trace, steps = traces[name], {**BASE, **RUNS[name]}["steps"]
    assert trace.steps == ((steps - 1,) if RUNS[name].get("record") == "last" else tuple(range(steps)))
    result = replay(trace, FixtureModel(), progress=False, tolerance=TOLERANCE)
    assert result.same, str(result)
    assert result.sampler.done


@pytest.mark.parametrize("name", RUNS)
def test_everything_but_the_last_bits_is_that_of_python(name: str, traces: dict[str, Trace]) -> None:
    trace, run = traces[name], sampler(name).run(progress=False)
    others = (*OF_THIS_MACHINE, "unknown_words")  # the fixtures' model in Python knows every word
    written = json.loads(json.dumps(run.manifest()))
    ours, theirs = ({k: v for k, v in it.items() if k not in others} for it in (written, trace.manifest))
    assert theirs == ours
    assert trace.manifest["unknown_words"] == (["é2"] if name == "window" else [])
    for record in trace:
        expected = run.trace.at(record.step)
        assert expected is not None
        facts = ("timestep", "shift", "layout", "guided")
        assert [getattr(record, fact) for fact in facts] == [getattr(expected, fact) for fact in facts]
        assert 0 <= record.seconds < 10
        assert record.x0 is not None
        assert (record.x0.dtype, record.x0.shape) == (np.float32, run.shape)
        assert (record.x is None) == (record.noise is None) == (trace.mode == "x0")


def test_a_changed_number_is_named(traces: dict[str, Trace]) -> None:
    trace = Trace(manifest=dict(traces["finish"].manifest), records=list(traces["finish"]))
    trace.manifest["finish_steps"] = 1
    result = replay(trace, FixtureModel(), progress=False, tolerance=TOLERANCE)
    assert (result.step, result.array) == (BASE["steps"] - 2, "noise")
    assert result.difference > 10 * TOLERANCE


def test_python_continues_a_run_of_javascript(traces: dict[str, Trace]) -> None:
    whole = sampler("ring").run(progress=False).latent
    trace = Trace(manifest=traces["ring"].manifest, records=[record for record in traces["ring"] if record.step < 3])
    latent = resume(trace, FixtureModel()).run(progress=False).latent
    assert float((latent - whole).abs().max()) < TOLERANCE * float(whole.abs().max())


def test_a_manifest_of_javascript_makes_the_run_again(traces: dict[str, Trace]) -> None:
    trace = traces["merge"]
    latent = sampler_from(json.loads(json.dumps(trace.manifest)), FixtureModel()).run(progress=False).latent
    expected = trace[-1].x
    assert expected is not None
    assert float(np.abs(latent.numpy() - expected).max()) < TOLERANCE * float(np.abs(expected).max())
