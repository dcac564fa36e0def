"""Schedulers of diffusers as solvers: each gives the same result as when driven by hand, or is refused by name."""

from __future__ import annotations

import copy
import inspect
import json
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from diffusers.utils.import_utils import DummyObject
from torch import Tensor

from spotnb.errors import InputError
from spotnb.sampling.sampler import SpotSampler
from spotnb.solvers.make import make_solver
from spotnb.solvers.noise import Draws, draw
from tests.networks import ALPHAS, FunctionModel, neighbourly
from tests.runs import BETAS, EULER_ANCESTRAL

SHAPE = (1, 2, 12, 4)
MADE: dict[str, Any] = {
    "dpm++": diffusers.DPMSolverMultistepScheduler(**BETAS),
    "dpm++ 3": diffusers.DPMSolverMultistepScheduler(**BETAS, solver_order=3, use_karras_sigmas=True),
    "dpm++ sde": diffusers.DPMSolverMultistepScheduler(**BETAS, algorithm_type="sde-dpmsolver++"),
    "dpm single": diffusers.DPMSolverSinglestepScheduler(**BETAS),
    "unipc": diffusers.UniPCMultistepScheduler(**BETAS),
    "deis": diffusers.DEISMultistepScheduler(**BETAS),
    "euler": diffusers.EulerDiscreteScheduler(**BETAS),
    "euler trailing": diffusers.EulerDiscreteScheduler(**BETAS, timestep_spacing="trailing"),
    "euler a": EULER_ANCESTRAL,
    "lms": diffusers.LMSDiscreteScheduler(**BETAS),
    "ddpm": diffusers.DDPMScheduler(**BETAS, timestep_spacing="trailing", clip_sample=False),
    "ddim": diffusers.DDIMScheduler(**BETAS, timestep_spacing="trailing", clip_sample=False),
    "sa": diffusers.SASolverScheduler(**BETAS),
}
each = pytest.mark.parametrize("name", MADE)


def predict(x: Tensor, t: Any) -> Tensor:
    """A network whose output depends on all of its inputs."""
    return neighbourly(x, torch.tensor([round(float(t))]), torch.full((1, 2), 0.3))


def by_hand(scheduler: Any, steps: int, seed: int, eta: float = 0.0) -> tuple[list[Tensor], list[Tensor]]:
    """Return the latents of diffusers' loop, and the clean latents if the scheduler returns them."""
    scheduler.set_timesteps(steps)
    accepted = inspect.signature(scheduler.step).parameters
    latents, clean = [], []
    x = Draws(seed).normal(SHAPE[1:], 0, "start") * scheduler.init_noise_sigma
    for k, t in enumerate(scheduler.timesteps):
        noise = predict(scheduler.scale_model_input(x, t), t)
        options = {"generator": Draws(seed).streams(k, "eta")[0]} if "generator" in accepted else {}
        options |= {"eta": eta} if "eta" in accepted else {}
        out = scheduler.step(noise, t, x, **options)
        x = out.prev_sample
        latents.append(x)
        clean.append(out.get("pred_original_sample"))
    return latents, clean


def by_ours(solver: Any, seed: int) -> tuple[list[Tensor], list[Tensor]]:
    x, state = solver.initial_latent(Draws(seed).normal(SHAPE[1:], 0, "start")), solver.initial_state(0)
    latents, clean = [], []
    for k, t in enumerate(solver.timesteps):
        noise = predict(solver.scale_model_input(x, k), t)
        x, x0, state = solver.step(k, x, noise, Draws(seed), state)
        latents.append(x)
        clean.append(x0)
    return latents, clean


def distance(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max() / other.abs().max())


def assert_as_by_hand(solver: Any, scheduler: Any, eta: float = 0.0) -> None:
    ours, our_clean = by_ours(solver, 5)
    theirs, their_clean = by_hand(scheduler, len(solver), 5, eta)
    assert solver.timesteps == [round(float(t)) for t in scheduler.timesteps]
    for one, other in zip(ours, theirs, strict=True):
        assert distance(one, other) < 1e-4
    for one, other in zip(our_clean, their_clean, strict=True):
        assert other is None or distance(one, other) < 1e-3
    assert torch.isfinite(ours[-1]).all()


@pytest.mark.parametrize("steps", [2, 7])
@each
def test_as_if_driven_by_hand(name: str, steps: int) -> None:
    assert_as_by_hand(make_solver(MADE[name], ALPHAS, steps, 0.0), copy.deepcopy(MADE[name]))


@pytest.mark.parametrize("steps", [1, 4, 15, 20])
def test_dpm_is_diffusers_own_at_the_models_noise_levels(steps: int) -> None:
    scheduler = diffusers.DPMSolverMultistepScheduler(**BETAS, final_sigmas_type="sigma_min", euler_at_final=True)
    assert_as_by_hand(make_solver("dpm++", ALPHAS, steps, 0.0), scheduler)


def test_eta_reaches_a_scheduler_that_has_one() -> None:
    scheduler = MADE["ddim"]
    assert_as_by_hand(make_solver(scheduler, ALPHAS, 6, 0.7), copy.deepcopy(scheduler), 0.7)
    with pytest.raises(
        InputError, match=r"eta is 0.7, but the solver dpm\+\+ has no eta: expected 0, or solver='ddim'"
    ):
        make_solver("dpm++", ALPHAS, 6, 0.7)


@each
def test_noise_levels_are_the_schedulers_own(name: str) -> None:
    """x0 inverts them, and at the scale of the network they are those of the model."""
    solver, theirs = make_solver(MADE[name], ALPHAS, 6, 0.0), copy.deepcopy(MADE[name])
    theirs.set_timesteps(6)
    clean, noise = (draw(SHAPE, seed, 0, "start") for seed in (1, 2))
    for k in range(6):
        noised = solver.add_noise(clean, noise, k)
        assert distance(noised, theirs.add_noise(clean, noise, theirs.timesteps[k : k + 1])) < 1e-5
        assert distance(solver.predict_x0(noised, noise, k), clean) < 1e-3
        alpha = ALPHAS[solver.timesteps[k]]
        expected = clean * alpha**0.5 + noise * (1 - alpha) ** 0.5
        assert distance(solver.scale_model_input(noised, k), expected) < 0.03  # Karras levels lie between two timesteps
    assert solver.add_noise(clean, noise, 6) is clean


@pytest.mark.parametrize("cls", ["DDPMScheduler", "DDIMScheduler", "EulerDiscreteScheduler", "UniPCMultistepScheduler"])
def test_it_is_told_that_noise_is_predicted_and_nothing_clipped(cls: str) -> None:
    made = getattr(diffusers, cls)
    plain = {"timestep_spacing": "trailing"} | BETAS
    told = {"prediction_type": "v_prediction", "clip_sample": True, "thresholding": True}
    told = {name: value for name, value in told.items() if name in inspect.signature(made).parameters}
    right = {"prediction_type": "epsilon", "clip_sample": False, "thresholding": False}
    assert_as_by_hand(make_solver(made(**plain, **told), ALPHAS, 5, 0.0), made(**plain, **{k: right[k] for k in told}))


@each
def test_the_callers_instance_is_left_alone(name: str) -> None:
    scheduler = copy.deepcopy(MADE[name])
    scheduler.set_timesteps(3)
    before = copy.deepcopy(vars(scheduler))
    by_ours(make_solver(scheduler, ALPHAS, 5, 0.0), 1)
    assert vars(scheduler).keys() == before.keys()
    for key, value in vars(scheduler).items():
        same = torch.equal(value, before[key]) if isinstance(value, Tensor) else np.all(value == before[key])
        assert same, key


@each
def test_a_state_never_changes(name: str) -> None:
    """A step can be repeated from any state and in any order with the same result."""
    solver = make_solver(MADE[name], ALPHAS, 6, 0.0)
    x, state = solver.initial_latent(draw(SHAPE, 5, 0, "start")), solver.initial_state(0)
    taken = []
    for k, t in enumerate(solver.timesteps):
        before = k, x, predict(solver.scale_model_input(x, k), t), Draws(5), state
        given = [tensor.clone() for tensor in before[1:3]]
        update = solver.step(*before)
        assert all(torch.equal(tensor, copied) for tensor, copied in zip(before[1:3], given, strict=True))
        taken.append((before, update))
        x, _, state = update
    for before, update in reversed(taken):
        again = solver.step(*before)
        assert torch.equal(again.latent, update.latent)
        assert torch.equal(again.x0, update.x0)


@each
def test_the_global_random_state_is_left_alone(name: str) -> None:
    solver = make_solver(MADE[name], ALPHAS, 4, 0.0)
    torch.manual_seed(1)
    first, state = by_ours(solver, 5)[0][-1], torch.get_rng_state()
    torch.manual_seed(2)
    assert torch.equal(by_ours(solver, 5)[0][-1], first)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", ["dpm++ sde", "euler a", "ddpm"])
def test_each_candidate_has_noise_of_its_own(name: str) -> None:
    """It is the noise that the candidate would have alone."""
    solver = make_solver(MADE[name], ALPHAS, 3, 0.0)
    x, noise = draw((2, *SHAPE[1:]), 0, 0, "start"), draw((2, *SHAPE[1:]), 1, 0, "start")
    together = solver.step(0, x, noise, Draws(5, 2), solver.initial_state(0)).latent
    for i in range(2):
        alone = solver.step(0, x[i : i + 1], noise[i : i + 1], Draws(5 + i), solver.initial_state(0)).latent
        assert distance(together[i : i + 1], alone) < 1e-6


@pytest.mark.parametrize("first", [0, 1, 3, 5])
@pytest.mark.parametrize("name", [name for name in MADE if name not in ("dpm++ sde", "euler a", "ddpm", "sa")])
def test_a_perfect_prediction_stays_on_the_path(name: str, first: int) -> None:
    """A run from known sound starts at a later step, and then goes level by level to the clean latent."""
    solver = make_solver(MADE[name], ALPHAS, 6, 0.0)
    clean, noise = draw(SHAPE, 1, 0, "start"), draw(SHAPE, 2, 0, "start")
    x, state = solver.add_noise(clean, noise, first), solver.initial_state(first)
    for k in range(first, 6):
        x, x0, state = solver.step(k, x, noise, Draws(0), state)
        assert distance(x0, clean) < 0.02
        if k < 5:
            assert distance(x, solver.add_noise(clean, noise, k + 1)) < 0.02
    assert distance(x, clean) < 0.1


# The description of a solver in a manifest.


@pytest.mark.parametrize("name", ["named", *MADE])
def test_a_description_makes_the_solver_again(name: str) -> None:
    """It survives JSON, and the new solver has the same description; otherwise no fork would be allowed."""
    solver = make_solver("dpm++" if name == "named" else MADE[name], ALPHAS, 5, 0.0)
    described = solver.describe()
    again = make_solver(json.loads(json.dumps(described, allow_nan=False)), ALPHAS, 5, 0.0)
    assert again.describe() == described
    assert (again.name, again.timesteps) == (solver.name, solver.timesteps)
    for one, other in zip(by_ours(again, 5)[0], by_ours(solver, 5)[0], strict=True):
        assert torch.equal(one, other)


def test_betas_of_ones_own_are_described_too() -> None:
    betas = (1 - ALPHAS.double() / torch.cat([torch.ones(1), ALPHAS[:-1]]).double()).numpy()
    solver = make_solver(diffusers.EulerDiscreteScheduler(trained_betas=betas), ALPHAS, 5, 0.0)
    again = make_solver(json.loads(json.dumps(solver.describe(), allow_nan=False)), ALPHAS, 5, 0.0)
    assert torch.equal(by_ours(again, 1)[0][-1], by_ours(solver, 1)[0][-1])


@pytest.mark.parametrize("described", [{"class": "Nonsense", "config": {}}, {"class": "UNet2DModel", "config": {}}])
def test_descriptions_of_something_else_are_refused(described: Any) -> None:
    with pytest.raises(InputError, match=f"solver '{described['class']}' is not a scheduler of diffusers"):
        make_solver(described, ALPHAS, 5, 0.0)


def test_a_scheduler_whose_package_is_missing_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """diffusers then has a class of that name of which every attribute raises an error of several lines."""
    absent = DummyObject("DPMSolverSDEScheduler", (), {"_backends": ["torch", "torchsde"]})
    monkeypatch.setattr(diffusers, "DPMSolverSDEScheduler", absent)
    monkeypatch.setattr("spotnb.solvers.make.find_spec", lambda name: None if name == "torchsde" else name)
    for solver in (absent, {"class": "DPMSolverSDEScheduler", "config": {}}):
        with pytest.raises(InputError, match=r"solver is DPMSolverSDEScheduler, for .*; pip install torchsde, or"):
            make_solver(solver, ALPHAS, 5, 0.0)


# Schedulers that do not fit are refused by name.

OTHER = dict(BETAS, beta_end=0.012)
REFUSED: dict[str, tuple[Any, str]] = {
    "heun": (diffusers.HeunDiscreteScheduler(**BETAS), "takes 15 forward passes for 8 steps"),
    "kdpm2": (diffusers.KDPM2DiscreteScheduler(**BETAS), "takes 15 forward passes for 8 steps"),
    "kdpm2 a": (diffusers.KDPM2AncestralDiscreteScheduler(**BETAS), "takes 15 forward passes for 8 steps"),
    "pndm": (diffusers.PNDMScheduler(**BETAS), "takes 17 forward passes for 8 steps"),
    "edm": (diffusers.EDMEulerScheduler(), "timesteps for 8 steps do not strictly decrease"),
    "flow": (diffusers.FlowMatchEulerDiscreteScheduler(), "cannot be configured for noise predictions"),
    "consistency": (diffusers.CMStochasticIterativeScheduler(), "cannot be configured for noise predictions"),
    "cogvideox": (
        diffusers.CogVideoXDDIMScheduler(timestep_spacing="trailing"),
        "its noise level at timestep .* differs from the one the model was trained on",
    ),
    "other betas": (diffusers.DPMSolverMultistepScheduler(**OTHER), "its noise level at timestep 999 differs"),
    "other betas, euler": (diffusers.EulerDiscreteScheduler(**OTHER), "its noise level at timestep .* differs"),
    "linear betas": (diffusers.UniPCMultistepScheduler(), "its noise level at timestep .* differs"),
    "zero snr": (
        diffusers.DDIMScheduler(**BETAS, timestep_spacing="trailing", rescale_betas_zero_snr=True),
        "its noise level",
    ),
    "flow sigmas": (
        diffusers.UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        "its noise level at timestep .* differs|strictly decrease",
    ),
    "leading": (
        diffusers.DDPMScheduler(**BETAS, timestep_spacing="leading"),
        r"its first timestep is 875 of 999.*set its timestep_spacing to 'linspace' or 'trailing'",
    ),
    "learned": (diffusers.DDPMScheduler(**BETAS, variance_type="learned_range"), "learned variance"),
    "inverse": (diffusers.DDIMInverseScheduler(**BETAS), "strictly decrease"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_by_name(name: str) -> None:
    scheduler, reason = REFUSED[name]
    with pytest.raises(InputError, match=reason) as caught:
        SpotSampler(FunctionModel(neighbourly), "a sea", 1.5, steps=8, solver=scheduler)
    message = str(caught.value)
    assert message.startswith(f"solver {type(scheduler).__name__} does not fit: ")
    assert "expected 'ddim', 'dpm++' or a similar scheduler" in message
    assert "\n" not in message


def test_timesteps_that_repeat_are_refused() -> None:
    """Karras noise levels are so close at the low end that many steps share a timestep."""
    with pytest.raises(InputError, match="for 900 steps do not strictly decrease; use fewer steps"):
        make_solver(diffusers.DPMSolverMultistepScheduler(**BETAS, use_karras_sigmas=True), ALPHAS, 900, 0.0)
    with pytest.raises(InputError, match="steps is 0"):
        make_solver("dpm++", ALPHAS, 0, 0.0)


def test_a_class_is_no_instance() -> None:
    with pytest.raises(InputError, match=r"solver is the class .*: expected an instance"):
        make_solver(diffusers.EulerDiscreteScheduler, ALPHAS, 5, 0.0)
