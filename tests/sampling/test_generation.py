"""A finished sound: it stays what it is, whatever its sampler does next."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spotnb.errors import InputError
from spotnb.generate import generate_audio
from spotnb.sampling.generation import Generation
from spotnb.sampling.sampler import SpotSampler
from spotnb.sound.measure import seam_score
from spotnb.tiling.config import SpotDiffusionConfig
from tests.effort import effort
from tests.networks import FunctionModel, neighbourly
from tests.runs import EULER_ANCESTRAL

MOVES = st.one_of(
    st.just("reset"),
    st.just("run"),
    st.tuples(st.just("seed"), st.integers(1, 99)),
    st.tuples(st.just("goto"), st.integers(0, 4)),
    st.just("latent"),
)


def generate(**changes: Any) -> Generation:
    settings = {"duration": 3.0, "steps": 4, "config": SpotDiffusionConfig(16), "progress": False, "record": "all"}
    return generate_audio(FunctionModel(neighbourly), "a sea", **settings | changes)


def move(sampler: SpotSampler, how: Any) -> None:
    match how:
        case "reset":
            sampler.reset()
        case "run":
            sampler.run(progress=False)
        case "latent":
            sampler.latent = 2 * sampler.latent
        case ("seed", seed):
            sampler.reset(seed=seed)
        case ("goto", step):
            sampler.goto(step)


def facts(made: Generation) -> tuple[Any, ...]:
    known = made.to_known_sound()
    score = made.grid_score()
    assert score is not None
    return made.seed, made.seams, made.fallback, score.score, repr(made), made.manifest(), known.describe()


@given(st.lists(MOVES, min_size=1, max_size=4), st.sampled_from([1, 2]))
@example(["reset"], 1)
@example([("seed", 9), "run"], 1)
@example([("goto", 2)], 1)
@effort(0.3)
def test_it_stays_what_it_is_when_its_sampler_goes_on(moves: list[Any], candidates: int) -> None:
    made = generate(n_candidates=candidates)
    before, latent = facts(made), made.sampler.latent.clone()
    for how in moves:
        move(made.sampler, how)
        assert facts(made) == before
    assert torch.equal(made.to_known_sound().latent, latent[made.candidate : made.candidate + 1])


def test_its_manifest_belongs_to_the_caller() -> None:
    made = generate()
    made.manifest()["config"]["tile_size_time"] = 1
    assert made.manifest()["config"]["tile_size_time"] == 16


def test_another_run_starts_from_the_sound_and_not_from_what_its_sampler_became() -> None:
    made, alike = generate(), generate()
    made.sampler.reset(seed=9).run(progress=False)
    longer = [generate(duration=5.0, continue_from=each).waveform for each in (made, alike)]
    assert np.array_equal(*longer)


def test_it_is_scored_where_a_tiles_run_cuts_and_the_sound_goes_on() -> None:
    ring = generate(method="tiles", config=SpotDiffusionConfig(16, edge="circular"))
    inner = [seam for seam in ring.seams if seam]
    assert inner == [15, 30, 45, 60]
    score = ring.grid_score()
    assert score is not None
    assert score.score == seam_score(ring.mel, inner).score
    short = generate(duration=5.1, steps=1, method="tiles", config=SpotDiffusionConfig(128))
    assert short.seams == (128,)
    assert short.grid_score() is None
    assert short.manifest()["result"]["seam_score_at_grid"] is None


def test_the_manifest_says_which_candidate_it_is() -> None:
    made = generate(n_candidates=3, seed=5, steps=1)
    manifest = json.loads(json.dumps(made.manifest()))
    assert manifest["seed"] + manifest["result"]["candidate"] == made.seed


@pytest.mark.parametrize(
    ("settings", "plain"),
    [
        ({}, True),
        ({"method": "full"}, True),
        ({"eta": 0.5}, False),
        ({"solver": "dpm++"}, False),
        ({"solver": EULER_ANCESTRAL}, False),
        ({"duration": 4.0}, False),
    ],
)
def test_plain_ddim_is_said_only_of_ddim_without_noise_in_one_window(settings: Any, plain: bool) -> None:
    made = generate(**{"duration": 2.0, "config": SpotDiffusionConfig(64)} | settings)
    assert made.manifest()["result"]["plain_ddim"] is plain
    assert made.fallback == (settings.get("duration", 2.0) == 2.0)


def test_an_unfinished_run_is_no_result() -> None:
    sampler = SpotSampler(FunctionModel(neighbourly), "a sea", 2.0, 2)
    with pytest.raises(InputError, match="a run at step 0: expected a finished run"):
        Generation(np.zeros(32000, np.float32), np.zeros((200, 64), np.float32), sampler)
    with pytest.raises(InputError, match="candidate is 1"):
        Generation(np.zeros(32000, np.float32), np.zeros((200, 64), np.float32), sampler.run(progress=False), 1)


def test_a_generation_shows_itself() -> None:
    one = generate(seed=7, duration=6.0)
    assert repr(one) == 'Generation("a sea", 6 s, spot, seed 7, function)'
    shown = one._repr_html_()
    assert "The waveform" in shown
    assert "6 s at 16000 Hz" in shown
    assert "sampler: <b>SpotSampler</b>" in shown
    best = generate(n_candidates=2, steps=1, duration=6.0)
    assert repr(best) == f'Generation("a sea", 6 s, spot, candidate {best.candidate}, 2 candidates, seed 0, function)'
    assert ">Scores</th>" in best._repr_html_()
