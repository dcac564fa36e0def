"""Where a run starts: from noise, or from the typical latent of its prompts with noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import EulerDiscreteScheduler

from spotnb.models.typical import TypicalLatent
from spotnb.sampling.guidance import Prompts
from spotnb.sampling.replay import replay
from spotnb.sampling.run import Run
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.settings import RunSettings
from spotnb.sampling.timeline import PromptTimeline
from spotnb.solvers.noise import draw
from spotnb.tiling.config import SpotDiffusionConfig
from tests.networks import ALPHAS, FunctionModel, TypicalModel, neighbourly, pointwise

CONFIG = SpotDiffusionConfig(16)


def sampler(model: FunctionModel | None = None, **settings: Any) -> SpotSampler:
    options = {"prompt": "a sea", "duration": 1.6, "steps": 4, "config": CONFIG, "seed": 3, **settings}
    return SpotSampler(model or TypicalModel(neighbourly), **options)


def noise(seed: int = 3) -> torch.Tensor:
    return draw((1, 2, 40, 4), seed, 0, "start")


def test_it_is_a_linear_function_of_the_embedding() -> None:
    slope = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(1))
    typical = TypicalLatent(torch.arange(8.0).reshape(2, 4), slope)
    assert torch.equal(typical(torch.zeros(5, 3)), typical.mean.expand(5, 2, 4))
    for channel, expected in enumerate(slope.unbind(2)):
        assert torch.allclose(typical(torch.eye(3)[channel : channel + 1])[0], typical.mean + expected)


def test_a_model_without_one_starts_from_noise() -> None:
    assert torch.equal(sampler(FunctionModel(pointwise)).latent, noise())


@pytest.mark.parametrize("solver", ["ddim", "dpm++"])
def test_a_run_starts_from_it_at_the_noise_level_of_the_first_step(solver: str) -> None:
    made = sampler(solver=solver)
    alpha = float(ALPHAS[made.solver.timesteps[0]])
    typical = made.model.typical_latent(made.model.embed(["a sea"]))[:, :, None]
    expected = alpha**0.5 * typical + (1 - alpha) ** 0.5 * noise()
    assert torch.allclose(made.latent, expected, atol=1e-5)


def test_a_scheduler_of_diffusers_starts_from_it_at_its_own_scale() -> None:
    """Latents of Euler's scheduler are not divided by the noise level; what the network sees is alike."""
    schedule = EulerDiscreteScheduler(beta_schedule="scaled_linear", beta_start=0.0015, beta_end=0.0195)
    made = sampler(solver=schedule, method="full")
    alpha = float(ALPHAS[int(made.solver.timesteps[0])])
    typical = made.model.typical_latent(made.model.embed(["a sea"]))[:, :, None]
    expected = alpha**0.5 * typical + (1 - alpha) ** 0.5 * noise()
    assert torch.allclose(made.begin().padded, expected, atol=1e-3)


def test_each_candidate_and_each_prompt_of_a_timeline_has_its_own() -> None:
    model = TypicalModel(pointwise)
    timeline = PromptTimeline([(0, 0.8, "a sea"), (0.8, 1.6, "bass drums")], 0.4)
    made = sampler(model, prompt=timeline, n_candidates=2)
    sea, drums = model.typical_latent(model.embed(["a sea", "bass drums"]))[:, :, None]
    shares = torch.from_numpy(timeline.weights(40))[:, None, :, None]
    typical = shares[0] * sea + shares[1] * drums
    alpha = float(ALPHAS[made.solver.timesteps[0]])
    for candidate in range(2):
        drawn = made.definition.draws.normal((2, 40, 4), 0, "start")[candidate]
        expected = alpha**0.5 * typical + (1 - alpha) ** 0.5 * drawn
        assert torch.allclose(made.latent[candidate], expected, atol=1e-5)


def test_padding_before_the_first_step_is_noise_like_the_latent() -> None:
    made = sampler(config=SpotDiffusionConfig(16, edge="reflect", shift_seed=2))
    step = made.begin()
    left, right = step.layout.pad
    assert left + right > 0
    model = made.model
    typical = model.typical_latent(model.embed(["a sea"]))[0]
    alpha = float(ALPHAS[step.timestep])
    ends = torch.cat([step.padded[:, :, :left], step.padded[:, :, left + 40 :]], dim=2)
    drawn = draw((1, 2, left + right, 4), 3, 0, "pad")
    expected = alpha**0.5 * typical[:, None] + (1 - alpha) ** 0.5 * drawn
    assert torch.allclose(ends, expected, atol=1e-5)
    assert step.padding.of == "nothing"


def test_known_sound_takes_its_place() -> None:
    plain, typical = (
        sampler(model(neighbourly), init_audio=np.zeros(25_600, np.float32), strength=0.5)
        for model in (FunctionModel, TypicalModel)
    )
    assert torch.equal(plain.latent, typical.latent)


def test_a_replay_starts_from_it() -> None:
    made = sampler(record="all").run(progress=False)
    assert replay(made.trace, made.model, progress=False).same
    assert replay(made.trace, FunctionModel(neighbourly), progress=False).step == 0


@pytest.mark.parametrize("solver", ["ddim", "dpm++"])
def test_a_fork_to_another_prompt_keeps_what_it_started_from(solver: str) -> None:
    """A solver with a memory repeats the first step of the earlier run, which started from another typical latent."""
    made = sampler(solver=solver, record="all").run(progress=False)
    early = made.fork(at=1, prompt="bass drums").run(progress=False)
    late = made.fork(at=3, prompt="bass drums").goto(1).run(progress=False)
    assert torch.equal(early.latent, late.latent)
    at_once = made.fork(at=0, prompt="bass drums")
    assert torch.equal(at_once.latent, sampler(solver=solver).latent)
    assert not torch.equal(at_once.reset().latent, sampler(solver=solver).latent)


def test_each_candidate_may_have_a_prompt_of_its_own() -> None:
    model = TypicalModel(pointwise)
    prompts = Prompts(model.embed(["a sea", "bass drums", ""]), ((0, 1),), (2,))
    settings = RunSettings("clips", 1.6, 4, config=CONFIG, seed=3, n_candidates=2)
    run = Run.of(model, settings, prompts=prompts)
    alpha = float(ALPHAS[run.solver.timesteps[0]])
    typical = model.typical_latent(prompts.conditioning)[:2, :, None]
    expected = alpha**0.5 * typical + (1 - alpha) ** 0.5 * run.draws.normal((2, 40, 4), 0, "start")
    assert torch.allclose(run.start().x, expected, atol=1e-5)


def test_only_new_frames_of_a_continued_sound_start_from_it() -> None:
    first = SpotSampler(TypicalModel(neighbourly), "a sea", 0.8, 4, config=CONFIG, seed=5).run(progress=False)
    plain = sampler(FunctionModel(neighbourly), continue_from=first)
    made = sampler(continue_from=first)
    kept = made.source.kept
    assert kept.any()
    assert not kept.all()
    assert torch.equal(made.latent[:, :, kept], plain.latent[:, :, kept])
    alpha = float(ALPHAS[made.solver.timesteps[0]])
    typical = made.model.typical_latent(made.model.embed(["a sea"]))[:, :, None]
    expected = (alpha**0.5 * typical + (1 - alpha) ** 0.5 * noise())[:, :, ~kept]
    assert torch.allclose(made.latent[:, :, ~kept], expected, atol=1e-5)
