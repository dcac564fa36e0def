"""Samplers, runs and what belongs to them show where they stand."""

from __future__ import annotations

from typing import Any

import pytest

from spotnb.sampling.cost import Cost
from spotnb.sampling.replay import Replay, replay
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.source import KnownSound
from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.config import SpotDiffusionConfig
from tests.networks import FunctionModel, pointwise
from tests.runs import Known

CONFIG = SpotDiffusionConfig(16)


def sampler(prompt: Any = "rain", duration: float = 2, **settings: Any) -> SpotSampler:
    return SpotSampler(FunctionModel(pointwise, 4), prompt, duration, steps=3, config=CONFIG, **settings)


def test_text_of_a_sampler_says_where_it_stands() -> None:
    run = sampler()
    assert repr(run) == 'SpotSampler("rain", 2 s, spot, step 0 of 3, seed 0, function)'
    run.step()
    assert repr(run) == 'SpotSampler("rain", 2 s, spot, step 1 of 3, seed 0, function)'
    run.run(progress=False)
    assert repr(run) == 'SpotSampler("rain", 2 s, spot, step 3 of 3, seed 0, function)'
    assert repr(run.definition) == 'Run("rain", 2 s, spot, 3 steps, seed 0, function)'
    assert repr(run.state) == "RunState(before step 3, latent [1, 2, 52, 4])"


def test_text_of_other_samplers() -> None:
    many = sampler(n_candidates=3, seed=5, method="tiles")
    assert repr(many) == 'SpotSampler("rain", 2 s, tiles, step 0 of 3, 3 candidates, seed 5, function)'
    timeline = PromptTimeline([(0, 1, "rain"), (1, 2, "wind")], crossfade=1)
    assert repr(sampler(timeline)).startswith('SpotSampler("rain, then wind", 2 s, spot')
    hostile = sampler("<b>a\n\u202e" + "b" * 10**4)
    assert repr(hostile).startswith('SpotSampler("<b>a\\n\\u202ebb')
    assert len(repr(hostile)) <= 200


def test_no_part_of_a_run_prints_its_arrays() -> None:
    run = sampler(PromptTimeline([(0, 1, "rain"), (1, 2, "wind")], crossfade=1), tile_batch=2)
    denoiser = run.definition.denoiser
    assert repr(denoiser) == "Denoiser(guidance 3, 2 windows per forward pass, Prompts(2 prompts, 3 rows))"
    step = run.begin()
    predictions = denoiser.predict(step.windows, step.layout, step.timestep, 0)
    assert repr(predictions[0]) == "Prediction(guided, window [1, 2, 16, 4])"


def test_facts_of_a_sampler() -> None:
    run = sampler(guidance_scale=2.5, guidance_interval=(100, 700), negative_prompt="<hum>")
    shown = run._repr_html_()
    for fact in ("2.5 for t from 100 to 700", "0 of 3 steps", "t = 999", "&lt;hum&gt;", "layout of step 0"):
        assert fact in shown
    run.run(progress=False)
    done = run._repr_html_()
    assert "3 of 3 steps in " in done
    assert "decode() returns the sound" in done
    assert "layout of step 2" in done
    assert "one window holds it" not in done
    assert "one window holds it" in sampler(duration=0.5)._repr_html_()


def test_showing_a_sampler_runs_nothing() -> None:
    run = sampler()
    calls = len(run.model.calls)
    state = run.state
    assert "<details open>" in run._repr_html_()
    assert "<b>FunctionModel</b>" in run.definition._repr_html_()
    assert len(run.model.calls) == calls
    assert run.state is state


def test_an_unfinished_object_shows_itself() -> None:
    assert repr(SpotSampler.__new__(SpotSampler)) == "SpotSampler(...)"
    assert "SpotSampler" in SpotSampler.__new__(SpotSampler)._repr_html_()


def test_text_of_a_step() -> None:
    step = sampler().begin()
    assert repr(step) == "Step(0, t=999, shift=7, 0 of 4 tiles predicted, next: predict)"
    step.predict()
    assert "4 of 4 tiles" in step._repr_html_()


def test_known_sound() -> None:
    run = sampler(continue_from=Known(25))
    assert repr(run.continue_from) == "KnownSound(25 frames, latent [1, 2, 25, 4])"
    assert repr(run.source) == "Source(continuation, 25 of 52 frames kept, step 0 on)"
    assert "M0 0H480.8v16H0z" in run.source._repr_html_()  # 25 of 52 frames, from the left
    assert "continue_from" in run._repr_html_()
    varied = sampler(init_audio=Known(52), keep=[(0.4, 1)])
    assert repr(varied.source) == "Source(variation, 15 of 52 frames kept, step 0 on)"
    assert repr(KnownSound.__new__(KnownSound)) == "KnownSound(...)"


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ([(0, 2, "rain")], 'PromptTimeline([(0, 2, "rain")], crossfade=2)'),
        (
            [(k, k + 2, f"part {k}") for k in range(0, 20, 2)],
            'PromptTimeline(10 prompts, 20 s, first "part 0")',
        ),
    ],
)
def test_text_of_timelines(entries: Any, text: str) -> None:
    assert repr(PromptTimeline(entries)) == text


def test_a_timeline_draws_its_shares() -> None:
    timeline = PromptTimeline([(0, 10, "rain"), (10, 20, "<b>wind</b>")], crossfade=4)
    assert eval(repr(timeline)) == timeline
    shown = timeline._repr_html_()
    assert "M0 0L600 0L400 36L0 36z" in shown  # the share of "rain" falls from 8 to 12 of 20 s
    assert "M400 36" not in shown
    assert "10 to 20 s: &lt;b&gt;wind&lt;/b&gt;" in shown
    long = PromptTimeline([(k, k + 1, "x" * 1000) for k in range(1000)], crossfade=0)
    assert len(long._repr_html_()) < 20_000


def test_cost() -> None:
    cost = Cost(174, 22_272, 59.4123, 40_900_000, 2_000_000)
    assert repr(cost) == "Cost(174 windows, 59.4 s, 40.9 MB at the peak)"
    assert "22272 for the network" in cost._repr_html_()


def test_replay() -> None:
    run = sampler().run(progress=False)
    same = replay(run.trace, run.model, progress=False)
    assert repr(same) == "Replay(identical in all 3 steps, to the last bit)"
    other = Replay(run, 2, "x0", 0.001234)
    assert repr(other) == "Replay(x0 first differs at step 2, by 0.0012 of its largest value)"
    assert "step 2, in x0" in other._repr_html_()
