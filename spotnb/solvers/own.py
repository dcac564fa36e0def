"""Solvers of a caller: what is required of one, and what it returns at each step.

A solver may be anyone's, as a model may be. Its members are checked before a run begins, and its latents where they
enter, with the method that returned them.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, TypeGuard

import torch
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.solvers.ddim import DDIM
from spotnb.solvers.from_diffusers import DiffusersSolver
from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import SOLVERS, TRAINED_STEPS, Solver, Update
from spotnb.support.checks import exact, show

METHODS = tuple(name for name, value in vars(Solver).items() if callable(value) and not name.startswith("_"))
MEMBERS = (*METHODS, *Solver.__annotations__)


def resembles_solver(value: Any) -> bool:
    """Return whether a value was meant to be a solver: an object with some of its members."""
    return sum(hasattr(value, name) for name in MEMBERS) > 1


def check_solver(solver: Any, steps: int, eta: float) -> Solver:
    """Return a caller's own solver, which keeps its settings to itself.

    Raises:
        InputError: A member is missing or wrong, the solver is for another number of steps, or `eta` is not 0.
    """
    if isinstance(solver, type):
        raise InputError(
            f"solver is the class {solver.__name__}: expected an instance, for the model's alphas_cumprod and the "
            "number of steps; create one"
        )
    kind = type(solver).__name__[:40]
    missing = [name for name in METHODS if not callable(getattr(solver, name, None))]
    if not callable(getattr(type(solver), "__len__", None)):
        missing.append("__len__")
    if missing:
        raise InputError(
            f"solver is a {kind} without the method {missing[0]}: expected a Solver; a subclass of spotnb.Solver "
            "inherits what it can"
        )
    for name, expected in (("name", str), ("remembers", bool)):
        if not isinstance(value := getattr(solver, name, None), expected) or value == "":
            called = "a text" if expected is str else "True or False"
            raise InputError(f"{name} of the solver {kind} is {show(value)}: expected {called}; set it")
    _check_timesteps(solver, kind)
    if len(solver) != steps or len(solver.timesteps) != steps:
        raise InputError(
            f"the solver {kind} has {len(solver)} steps and {len(solver.timesteps)} timesteps: expected {steps} of "
            "both, as many as the run; create it for that number"
        )
    if eta:
        raise InputError(
            f"eta is {exact(eta)}, but the solver {kind} is an object with settings of its own: expected 0; set the "
            "noise in that object"
        )
    _check_description(solver, kind)
    checked: Solver = solver
    return checked


def _check_timesteps(solver: Any, kind: str) -> None:
    timesteps: Any = getattr(solver, "timesteps", None)
    whole = isinstance(timesteps, list | tuple) and all(type(each) is int for each in timesteps)
    if not whole or not all(0 <= each < TRAINED_STEPS for each in timesteps):
        raise InputError(
            f"timesteps of the solver {kind} is {show(timesteps)}: expected a list of whole numbers (int) from "
            f"{TRAINED_STEPS - 1} to 0; convert them"
        )
    for before, after in pairwise(timesteps):
        if before <= after:
            raise InputError(
                f"timesteps of the solver {kind} has {after} after {before}: expected numbers that strictly decrease; "
                "correct them"
            )


def _check_description(solver: Any, kind: str) -> None:
    described = solver.describe()
    try:
        plain = json.loads(json.dumps(described, allow_nan=False)) == described
    except (TypeError, ValueError):
        plain = False
    if not isinstance(described, str | dict) or not plain:
        raise InputError(
            f"describe() of the solver {kind} returns {show(described)}: expected a text, or a dict of texts, numbers "
            "and lists; a manifest is JSON"
        )
    if is_ours(described):
        raise InputError(
            f"describe() of the solver {kind} returns {show(described)}, which names one of spotnb's or diffusers': "
            "expected a name that is free; rename it"
        )


def is_ours(described: Any) -> TypeGuard[str | dict[str, Any]]:
    """Return whether a description in a manifest is that of a solver of spotnb or of diffusers."""
    return described in SOLVERS or (isinstance(described, dict) and {"class", "config"} <= set(described))


def take_step(solver: Solver, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any) -> Update:
    """Return the result of a step.

    The result of a caller's own solver is checked for NaN and infinity too, for which a GPU has to be waited for.

    Raises:
        SpotnbError: A latent has another shape, type or device than `x`, or is not finite.
    """
    result = solver.step(step, x, noise, draws, state)
    if not isinstance(result, tuple) or len(result) != 3:
        raise SpotnbError(
            f"step of the solver {show(solver.name)[:40]} returned {_form(result)}: expected an Update(latent, x0, "
            "state); correct the solver"
        )
    update = Update(*result)
    for name, latent in (("latent", update.latent), ("x0", update.x0)):
        like(solver, f"step ({name})", latent, x)
        if type(solver) not in (DDIM, DiffusersSolver) and not bool(torch.isfinite(latent).all()):
            raise SpotnbError(
                f"step of the solver {show(solver.name)[:40]} returned NaN or infinity ({name}) at step {step}: "
                "expected finite numbers; correct the solver"
            )
    return update


def like(solver: Solver, method: str, result: Any, x: Tensor) -> Tensor:
    """Return what a method of a solver returned.

    Raises:
        SpotnbError: It has another shape, type or device than the latent `x`.
    """
    if isinstance(result, Tensor) and (result.shape, result.dtype, result.device) == (x.shape, x.dtype, x.device):
        return result
    raise SpotnbError(
        f"{method} of the solver {show(solver.name)[:40]} returned {_form(result)}: expected {_form(x)}, like the "
        "latent; correct the solver"
    )


def _form(value: Any) -> str:
    if isinstance(value, Tensor):
        where = "" if value.device.type == "cpu" else f" on {value.device}"
        return f"{list(value.shape)} {str(value.dtype).removeprefix('torch.')}{where}"
    return f"a {type(value).__name__}"
