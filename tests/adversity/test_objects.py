"""What is passed where an object belongs is checked as numbers are: one line, before any work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import matplotlib.pyplot as plt
import numpy as np
import pytest

from spotnb import SpotSampler, Trace, generate_audio, plot_latent, plot_layout, plot_padding, plot_run, plot_waveform
from spotnb.errors import InputError, SpotnbError
from spotnb.generate import complete
from spotnb.plots.sound import save_figure
from spotnb.sampling.checkpoint import run_with_checkpoints
from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.coverage import coverage
from tests.networks import FunctionModel, neighbourly
from tests.runs import Run

SAMPLER = Run().sampler(neighbourly)
DONE = Run().sampler(neighbourly).run(progress=False)
LAYOUT = SAMPLER.layout(0)
TIMELINE = PromptTimeline([(0, 2, "a")])
SHORT: dict[str, Any] = {"duration": 2, "steps": 2, "progress": False}
WAVE = np.zeros(16_000, np.float32)
JUNK: tuple[Any, ...] = (
    *(5.5, -1, 10**400, float("nan"), "x\0", b"x", [1, "a"], {"a": 1}, np.zeros((2, 3)), np.array(["a"])),
    *(int, object(), lambda: 0, diffusers.DDIMScheduler, SpotSampler, ..., {1, 2}),
)


def make(**settings: Any) -> Any:
    return generate_audio(FunctionModel(neighbourly, 4), "a", **SHORT | settings)


def assign(latent: Any) -> None:
    SAMPLER.latent = latent


PLACES: dict[str, Callable[[Any], Any]] = {
    **{
        name: lambda junk, name=name: make(**{name: junk})
        for name in ("config", "solver", "guidance_interval", "continue_from", "init_audio", "keep", "record")
    },
    "prompt": lambda junk: (
        generate_audio(FunctionModel(neighbourly, 4), junk, **SHORT) if not isinstance(junk, str) else assign(0)
    ),
    "sampler to complete": complete,
    "sampler to save": lambda junk: run_with_checkpoints(junk, "x.npz"),
    "checkpoint": lambda junk: run_with_checkpoints(Run().sampler(neighbourly), junk, progress=False),
    "latent": assign,
    "config of a fork": lambda junk: SAMPLER.fork(config=junk),
    "solver of a fork": lambda junk: SAMPLER.fork(solver=junk),
    "step to go to": SAMPLER.goto,
    "tile": lambda junk: SAMPLER.begin().predict(junk),
    "trace": SAMPLER.resume,
    "records": lambda junk: Trace(records=junk),
    "manifest": lambda junk: Trace(manifest=junk) if not isinstance(junk, dict) else assign(0),
    "record": Trace().append,
    "path of a trace": DONE.trace.save,
    "path of a figure": lambda junk: save_figure(plt.figure(), junk),
    "layouts": coverage,
    "layout": plot_layout,
    "step to plot": plot_padding,
    "ax": lambda junk: plot_layout(LAYOUT, ax=junk),
    "seams": lambda junk: plot_waveform(WAVE, junk if not isinstance(junk, set | dict) else 5),
    "seams of a run": lambda junk: plot_run(WAVE, seams=junk if not isinstance(junk, set) else 5),
    "title": lambda junk: plot_run(WAVE, title=junk if not isinstance(junk, str) else 5),
    "latent to plot": plot_latent,
    "index of a frame": lambda junk: LAYOUT.frame_at(10**9 if type(junk) is int else junk),
    "frame": LAYOUT.owner,
    "frames of a timeline": TIMELINE.weights,
    "timeline": PromptTimeline,
    "description": PromptTimeline.from_dict,
}


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.iterdir())
    plt.close("all")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: type(junk).__name__)
def test_junk_is_one_line(place: str, junk: Any) -> None:
    with pytest.raises(SpotnbError) as caught:
        PLACES[place](junk)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 200


def test_bad_objects_leave_no_figure() -> None:
    for call in (PLACES["seams"], PLACES["seams of a run"], PLACES["title"], PLACES["ax"]):
        with pytest.raises(InputError):
            call(5)
    assert not plt.get_fignums()


def test_an_interval_may_be_an_array() -> None:
    interval = make(guidance_interval=np.array([100, 700])).sampler.guidance_interval
    assert interval == (100, 700)
    assert all(type(each) is int for each in interval)


def test_a_generation_is_a_sound() -> None:
    first = make(duration=1)
    assert make(continue_from=first).sampler.source.continued.frames == 25
    assert make(init_audio=first, duration=1).sampler.source.everywhere
