"""Several candidates at once: the best one is chosen, and its seed repeats it alone."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from spotnb.errors import InputError, SpotnbError
from spotnb.generate import default_score, generate_audio
from spotnb.sampling.generation import Generation
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.config import SpotDiffusionConfig
from tests.networks import FunctionModel, neighbourly

SMALL = SpotDiffusionConfig(16)


def generate(model: Any = None, prompt: Any = "a sea", **changes: Any) -> Generation:
    settings = {"duration": 2.0, "steps": 2, "config": SMALL, "progress": False, "seed": 5, "n_candidates": 3} | changes
    return generate_audio(model or FunctionModel(neighbourly), prompt, **settings)


@pytest.mark.parametrize("best", [0, 1, 2])
def test_the_highest_score_wins(best: int) -> None:
    seen: list[Generation] = []

    def score(candidate: Generation) -> int:
        seen.append(candidate)
        return 10 if candidate.candidate == best else -candidate.candidate

    made = generate(score=score)
    assert (made.candidate, made.seed) == (best, 5 + best)
    assert made.scores == tuple(10.0 if i == best else -float(i) for i in range(3))
    assert [candidate.seed for candidate in seen] == [5, 6, 7]
    assert np.array_equal(made.waveform, seen[best].waveform)
    assert np.array_equal(made.mel, seen[best].mel)
    assert np.array_equal(made.waveform, made.sampler.decode(candidate=best))
    assert not np.array_equal(seen[0].waveform, seen[1].waveform)


def test_the_first_of_equal_scores_wins() -> None:
    assert generate(score=lambda candidate: 1).candidate == 0


@pytest.mark.parametrize("solver", ["ddim", "dpm++"])
def test_its_seed_repeats_the_best_candidate_alone(solver: str) -> None:
    made = generate(score=lambda candidate: candidate.candidate, solver=solver)
    alone = generate(n_candidates=1, seed=made.seed, solver=solver)
    assert np.abs(made.waveform - alone.waveform).max() < 1e-4
    assert (alone.scores, alone.candidate, alone.seed) == ((), 0, 7)


def test_candidates_are_recorded_together() -> None:
    made = generate(record="all")
    assert made.sampler.shape == (3, 2, 56, 4)
    assert all(record.x.shape == made.sampler.shape for record in made.sampler.trace)
    assert made.manifest()["n_candidates"] == 3
    json.dumps(made.manifest(), allow_nan=False)
    assert made.sampler.decode(step=0, candidate=2).shape == (32000,)
    for bad in (-1, 3, 1.0):
        with pytest.raises(InputError, match=r"candidate is .*from 0 to 2; the run has 3"):
            made.sampler.decode(candidate=bad)


def test_by_default_the_quietest_seams_win() -> None:
    made = generate()
    scores = [-Generation(sound.waveform, sound.mel, made.sampler, i).grid_score().score for i, sound in sounds(made)]
    assert made.scores == pytest.approx(scores)
    assert made.candidate == int(np.argmax(scores))


def sounds(made: Generation) -> Any:
    return [(i, made.sampler.sound(candidate=i)) for i in range(made.sampler.candidates)]


def test_without_a_seam_all_candidates_are_equal() -> None:
    assert generate(config=SpotDiffusionConfig(64)).scores == (0.0, 0.0, 0.0)


class Judged(FunctionModel):
    """A model with its own score, like AudioLDM with CLAP."""

    def __init__(self) -> None:
        super().__init__(neighbourly)
        self.asked: list[tuple[tuple[int, ...], str]] = []

    def score(self, waveform: Any, text: str) -> list[float]:
        self.asked.append((waveform.shape, text))
        return [0.1 * len(self.asked)]


def test_the_models_own_score_is_preferred() -> None:
    model = Judged()
    made = generate(model)
    assert model.asked == [((1, 32000), "a sea")] * 3
    assert made.scores == pytest.approx((0.1, 0.2, 0.3))
    assert made.candidate == 2
    assert default_score(made) == pytest.approx(0.4)


def test_a_timeline_is_judged_as_one_text() -> None:
    model = Judged()
    generate(model, PromptTimeline([(0, 1, "a sea"), (1, 2, "a drum")], 0.5))
    assert {text for _, text in model.asked} == {"a sea, then a drum"}


def test_one_candidate_is_not_judged() -> None:
    model = Judged()
    made = generate(model, n_candidates=1, score=lambda candidate: 1 / 0)
    assert (made.scores, model.asked) == ((), [])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_not_a_number_is_named(bad: float) -> None:
    with pytest.raises(
        SpotnbError, match=r"score returned \[0, .*: expected finite numbers, .*of this error"
    ) as caught:
        generate(score=lambda candidate: bad if candidate.candidate == 1 else 0)
    assert_kept(caught.value)


def assert_kept(error: Any) -> None:
    """Check that nothing of the work is lost: the finished sounds and their run can be reached from the error."""
    assert [each.candidate for each in error.candidates] == [0, 1, 2]
    assert error.candidates[1].sampler.done
    assert np.isfinite(error.candidates[1].waveform).all()
    assert any("`candidates`" in note for note in error.__notes__)


@pytest.mark.parametrize("bad", [None, "1", [1], {}, 1j, np.zeros(2), True and object()])
def test_a_score_of_another_type_is_named(bad: Any) -> None:
    with pytest.raises(SpotnbError, match=r"score returned .*: expected finite numbers") as caught:
        generate(score=lambda candidate: bad)
    assert_kept(caught.value)


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, InputError])
def test_an_error_of_a_score_carries_on_and_keeps_the_sounds(error: type[BaseException]) -> None:
    def score(candidate: Generation) -> float:
        raise error("no")

    with pytest.raises(error, match="no") as caught:
        generate(score=score)
    assert_kept(caught.value)


@pytest.mark.parametrize("good", [np.float32(2), torch.tensor(2.0), np.array(2), 2, True])
def test_numbers_of_all_kinds_are_scores(good: Any) -> None:
    assert generate(score=lambda candidate: good).scores == (float(good),) * 3


@pytest.mark.parametrize("score", [5, "clap", [], {}])
@pytest.mark.parametrize("count", [1, 3])
def test_a_score_is_checked_before_any_work(score: Any, count: int) -> None:
    model = Judged()
    with pytest.raises(InputError, match=r"score is .*: expected a function of a Generation"):
        generate(model, score=score, n_candidates=count)
    assert not model.calls


@pytest.mark.parametrize("bad", [0, -1, 1001, 1.5, "3", None, True])
def test_bad_counts_are_named(bad: Any) -> None:
    with pytest.raises(InputError, match=r"n_candidates is .*from 1 to 1000"):
        generate(n_candidates=bad)


def test_the_last_candidates_seed_is_checked_too() -> None:
    made = generate(seed=2**63 - 3, score=lambda candidate: candidate.candidate)
    assert made.seed == 2**63 - 1
    generate(seed=made.seed, n_candidates=1)
    with pytest.raises(InputError, match="seed is 9223372036854775806"):
        generate(seed=2**63 - 2)
    with pytest.raises(InputError, match="seed is 9223372036854775806"):
        made.sampler.reset(seed=2**63 - 2)


def test_the_cost_of_several_candidates() -> None:
    """The number of forward passes and windows stays the same, each with all candidates; memory grows."""
    one, three = (
        SpotSampler(FunctionModel(neighbourly), "a sea", 2.0, steps=2, config=SMALL, n_candidates=n, tile_batch=1)
        for n in (1, 3)
    )
    assert (three.cost().forwards, three.cost().network_frames) == (one.cost().forwards, one.cost().network_frames)
    assert three.cost().trace_bytes == 3 * one.cost().trace_bytes
    latent = 4 * math.prod(one.shape)
    assert three.cost().peak_bytes - one.cost().peak_bytes >= 2 * (one.cost().trace_bytes + 5 * latent)
    three.model.calls.clear()
    three.step()
    assert {shape[0] for shape in three.model.calls} == {6}
    assert torch.equal(three.draws.normal((2, 56, 4), 0, "start")[:1], one.draws.normal((2, 56, 4), 0, "start"))
