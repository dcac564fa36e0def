"""The solver of a run, from a name, a diffusers scheduler, or what a manifest holds of one."""

from __future__ import annotations

import inspect
from typing import Any

import diffusers
from diffusers import SchedulerMixin
from torch import Tensor

from spotnb.errors import InputError
from spotnb.solvers.ddim import DDIM
from spotnb.solvers.from_diffusers import DiffusersSolver
from spotnb.solvers.multistep import dpm_solver_plus_plus
from spotnb.solvers.protocol import Solver
from spotnb.support.checks import show

SOLVERS = ("ddim", "dpm++")


def make_solver(solver: Any, alphas_cumprod: Tensor, steps: int, eta: float) -> Solver:
    """The solver of a run.

    Args:
        solver: "ddim"; "dpm++", DPM-Solver++(2M) (Lu et al. 2022, arXiv:2211.01095), which does in 15 steps what DDIM
            does in 50, in one window; a diffusers scheduler; or what a manifest holds of one.
        alphas_cumprod: the model's noise schedule, `[1000]`.
        steps: how many.
        eta: noise put back at each step; only DDIM has it.

    Raises:
        InputError: the name is unknown, or the scheduler does not fit; the message says why.
    """
    if isinstance(solver, str) and solver == "ddim":
        return DDIM(alphas_cumprod, steps, eta)
    if isinstance(solver, str) and solver == "dpm++":
        return dpm_solver_plus_plus(alphas_cumprod, steps, eta)
    if isinstance(solver, dict) and {"class", "config"} <= solver.keys():
        solver = _rebuilt(solver)
    if isinstance(solver, SchedulerMixin):
        return DiffusersSolver(solver, alphas_cumprod, steps, eta)
    raise InputError(f"solver is {show(solver)}: expected one of {', '.join(SOLVERS)}, or a diffusers scheduler")


def _rebuilt(described: dict[str, Any]) -> Any:
    cls: Any = getattr(diffusers, str(described["class"]), None)
    if inspect.isclass(cls) and issubclass(cls, SchedulerMixin):
        return cls.from_config(described["config"])  # type: ignore[attr-defined]
    raise InputError(f"solver {described['class']!r} is no scheduler of diffusers {diffusers.__version__}")
