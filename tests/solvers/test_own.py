"""A caller's own solver: what is required of it, and that runs with it are exact in every way that others are."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import spotnb
from spotnb import InputError, SpotnbError, SpotSampler, Trace, sweep
from spotnb.sampling.checkpoint import run_with_checkpoints
from spotnb.sampling.replay import sampler_of
from spotnb.sampling.settings import RunSettings
from spotnb.solvers.ddim import DDIM
from spotnb.solvers.make import make_solver
from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import Solver, Update
from tests.networks import ALPHAS, FunctionModel, neighbourly
from tests.runs import EULER_ANCESTRAL, Known, Run

STEPS = 5


class Bashforth(DDIM):
    """DDIM on the prediction that the last two steps extrapolate to (two-step Adams-Bashforth)."""

    name, remembers = "bashforth", True

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any = None) -> Update:
        ahead = noise if state is None else 1.5 * noise - 0.5 * state
        latent = super().step(step, x, ahead, draws).latent
        return Update(latent, self.predict_x0(x, noise, step), noise)


class Plain(Solver):
    """The few members that have no default, for latents without noise to add."""

    name = "plain"

    def __init__(self, alphas: Tensor, steps: int) -> None:
        self.timesteps = [int(t) for t in torch.linspace(999, 0, steps)]
        self.levels = [float(alphas[t]) for t in self.timesteps] + [1.0]

    def add_noise(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        return clean * self.levels[step] ** 0.5 + noise * (1 - self.levels[step]) ** 0.5

    def predict_x0(self, x: Tensor, noise: Tensor, step: int) -> Tensor:
        return (x - noise * (1 - self.levels[step]) ** 0.5) / self.levels[step] ** 0.5

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any) -> Update:
        x0 = self.predict_x0(x, noise, step)
        return Update(self.add_noise(x0, noise, step + 1), x0)


def run(solver: Any, **settings: Any) -> SpotSampler:
    return Run(40, 4, {"steps": STEPS, "solver": solver} | settings).sampler(neighbourly)


def own(kind: type[Any] = Bashforth) -> Any:
    return kind(ALPHAS, STEPS)


def with_(**members: Any) -> Any:
    """Return a solver in which some members are replaced."""
    kind = type("Changed", (Bashforth,), {name: value for name, value in members.items() if name != "timesteps"})
    solver = kind(ALPHAS, STEPS)
    solver.timesteps = members.get("timesteps", solver.timesteps)
    return solver


def test_it_is_kept_as_it_is() -> None:
    solver = own()
    sampler = run(solver).run(progress=False)
    assert isinstance(solver, spotnb.Solver)
    assert make_solver(solver, ALPHAS, STEPS, 0.0) is solver
    for each in (sampler, sampler.fork(), sampler.fork(at=2, guidance_scale=1.0), sampler.reset(3), sampler.goto(2)):
        assert each.solver is solver
    assert sampler.settings()["solver"] is solver
    assert sampler.manifest()["solver"] == json.loads(json.dumps(sampler.manifest()))["solver"] == "bashforth"
    plain = RunSettings("a", solver=solver).to_dict()
    assert plain["solver"] == "bashforth"
    json.dumps(plain)


def test_its_run_is_exact_in_every_way(tmp_path: Path) -> None:
    solver = own()
    whole = run(solver).run(progress=False)
    assert not torch.equal(whole.latent, run("ddim").run(progress=False).latent)
    stepped = run(solver)
    for _ in range(STEPS):
        stepped.begin().finish()
    trace = Trace.load(whole.trace.save(tmp_path / "run.npz"))
    model = FunctionModel(neighbourly, 4)
    for other in (
        stepped,
        SpotSampler(**whole.settings()).run(progress=False),
        run(own()).run(progress=False).goto(2).run(progress=False),
        run(solver).run(until=3, progress=False).fork().run(progress=False),
        run_with_checkpoints(run(solver), tmp_path / "checkpoint.npz", progress=False),
        run(own()).resume(trace),
        spotnb.resume(trace, model, solver=own()),
    ):
        assert torch.equal(other.latent, whole.latent)
        assert other.solver is not None
    assert spotnb.replay(trace, model, progress=False, solver=own()).same


def test_a_minimal_one_inherits_the_rest() -> None:
    sampler = run(own(Plain)).run(progress=False)
    assert sampler.manifest()["solver"] == "plain"
    assert np.isfinite(sampler.decode()).all()
    again = run(own(Plain), init_audio=Known(40), strength=0.8, keep=[(0.4, 0.8)]).run(progress=False)
    assert torch.isfinite(again.latent).all()
    with pytest.raises(TypeError, match="abstract method"):
        type("Half", (Solver,), {"name": "half"})()


def test_guidance_that_turns_makes_it_start_over() -> None:
    """The state of a solver with memory is new at the first guided step."""
    states = []

    class Noting(Bashforth):
        def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any = None) -> Update:
            states.append(state is None)
            return super().step(step, x, noise, draws, state)

    run(Noting(ALPHAS, STEPS), guidance_interval=(0, 500)).run(progress=False)
    assert states == [True, False, True, False, False]


def test_a_manifest_says_that_the_solver_must_be_passed() -> None:
    trace = run(own()).run(progress=False).trace
    model = FunctionModel(neighbourly, 4)
    for repeat in (spotnb.replay, spotnb.resume, sampler_of):
        with pytest.raises(InputError, match=r"solver is 'bashforth', an object of its author: pass the solver .* as "):
            repeat(trace, model)
        with pytest.raises(InputError, match=r"describes itself as 'plain', but the trace's is 'bashforth'"):
            repeat(trace, model, solver=own(Plain))


FAULTS: dict[str, tuple[Any, str]] = {
    "class": (Bashforth, "solver is the class Bashforth: expected an instance"),
    "other steps": (Bashforth(ALPHAS, 4), "has 4 steps and 4 timesteps: expected 5 of both"),
    "length": (with_(__len__=lambda _: 4), "has 4 steps and 5 timesteps: expected 5 of both"),
    "no length": (with_(__len__=None), "a Changed without the method __len__: expected a Solver"),
    "method": (with_(predict_x0=None), "a Changed without the method predict_x0: expected a Solver"),
    "no name": (with_(name=""), "name of the solver Changed is '': expected a text"),
    "memory": (with_(remembers="yes"), "remembers of the solver Changed is 'yes': expected True or False"),
    "ascending": (with_(timesteps=[0, 1, 2, 3, 4]), "has 1 after 0: expected numbers that strictly decrease"),
    "repeated": (with_(timesteps=[9, 8, 8, 3, 1]), "has 8 after 8"),
    "beyond": (with_(timesteps=[1000, 8, 7, 3, 1]), "expected a list of whole numbers (int) from 999 to 0"),
    "below": (with_(timesteps=[10, 8, 7, 3, -1]), "from 999 to 0"),
    "fractions": (with_(timesteps=[9.5, 8, 7, 3, 1]), "timesteps of the solver Changed is [9.5, 8, 7, 3, 1]"),
    "array": (with_(timesteps=np.arange(5)[::-1]), "expected a list of whole numbers (int)"),
    "none": (with_(timesteps=None), "timesteps of the solver Changed is None"),
    "taken": (with_(name="dpm++"), "returns 'dpm++', which names one of spotnb's"),
    "built in": (DDIM(ALPHAS, STEPS), "returns 'ddim', which names one of spotnb's"),
    "object": (with_(describe=lambda _: {"a": object()}), "a manifest is JSON"),
    "infinity": (with_(describe=lambda _: {"a": float("inf")}), "a manifest is JSON"),
    "number": (with_(describe=lambda _: 5), "describe() of the solver Changed returns 5: expected a text"),
    "scheduler": (with_(describe=lambda _: {"class": "x", "config": {}}), "which names one of spotnb's or diffusers'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_wrong_members_are_named_before_the_run(fault: str) -> None:
    solver, words = FAULTS[fault]
    with pytest.raises(InputError) as caught:
        run(solver)
    assert words in str(caught.value)
    assert "; " in str(caught.value)
    assert len(str(caught.value)) <= 200


def test_its_noise_is_its_own_setting() -> None:
    with pytest.raises(InputError, match=r"eta is 0.5, but the solver Bashforth is an object with settings of its own"):
        run(own(), eta=0.5)


def returning(method: str, change: Any) -> Any:
    solver = own()
    before = getattr(solver, method)
    setattr(solver, method, lambda *args: change(before(*args)))
    return solver


WRONG: dict[str, tuple[str, Any, str]] = {
    "transposed": (
        "step",
        lambda u: Update(u.latent.transpose(1, 2), u.x0),
        "step (latent) of the solver 'bashforth' returned [1, 40, 2, 4] float32: expected [1, 2, 40, 4] float32",
    ),
    "double": ("step", lambda u: Update(u.latent.double(), u.x0), "step (latent) of the solver 'bashforth' returned"),
    "no x0": ("step", lambda u: Update(u.latent, None), "step (x0) of the solver 'bashforth' returned a NoneType"),
    "tensor": ("step", lambda u: u.latent, "returned [1, 2, 40, 4] float32: expected an Update(latent, x0, state)"),
    "lost": ("step", lambda u: Update(u.latent / 0, u.x0), "returned NaN or infinity (latent) at step 0"),
    "noise": ("initial_latent", lambda x: x[0], "initial_latent of the solver 'bashforth' returned [2, 40, 4]"),
    "scale": ("scale_model_input", lambda x: x.numpy(), "scale_model_input of the solver 'bashforth' returned a nda"),
    "level": ("add_noise", lambda x: x[:, :1], "add_noise of the solver 'bashforth' returned"),
}


def test_a_run_is_made_again_from_its_manifest_with_its_solver(tmp_path: Path) -> None:
    first = run(own()).run(progress=False)
    (tmp_path / "run.json").write_text(json.dumps(first.manifest()))
    model = FunctionModel(neighbourly, 4)
    for source in (first.manifest(), tmp_path / "run.json", first.trace):
        again = spotnb.sampler_from(source, model, solver=own())
        assert torch.equal(again.run(progress=False).latent, first.latent)
    with pytest.raises(InputError, match="pass the solver of the run as solver="):
        spotnb.sampler_from(first.manifest(), model)
    with pytest.raises(InputError, match="expected the solver of the run; pass that"):
        spotnb.sampler_from(first.manifest(), model, solver=own(Plain))


@pytest.mark.parametrize("function", [spotnb.sampler_from, spotnb.replay, spotnb.resume, sampler_of])
def test_the_advice_to_pass_a_solver_can_be_followed(function: Any) -> None:
    assert "solver" in inspect.signature(function).parameters


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_latents_are_named_where_they_enter(wrong: str) -> None:
    method, change, words = WRONG[wrong]
    with pytest.raises(SpotnbError) as caught:
        run(returning(method, change)).run(progress=False)
    assert words in str(caught.value)
    assert str(caught.value).endswith("; correct the solver")
    assert len(str(caught.value)) <= 200


def test_a_wrong_estimate_is_named() -> None:
    step = run(returning("predict_x0", lambda x: x.half())).begin()
    with pytest.raises(SpotnbError, match=r"predict_x0 of the solver 'bashforth' returned .* float16: expected"):
        step.x0  # noqa: B018


def test_the_command_line_and_a_sweep_say_what_they_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from spotnb.cli import main

    words = ["generate", "rain", "--solver", "bashforth", "--duration", "1", "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "solver is 'bashforth': expected ddim or dpm++, or in Python a diffusers" in capsys.readouterr().err
    grid = {"prompt": "a", "duration": 1.0, "steps": STEPS, "solver": ["ddim", own()]}
    with pytest.raises(InputError, match=r"a Bashforth in the grid, an object that a table cannot hold: expected n"):
        sweep(grid, tmp_path / "swept", model=FunctionModel(neighbourly))
    assert not any(tmp_path.iterdir())
    run(EULER_ANCESTRAL)  # a scheduler is not mistaken for one
