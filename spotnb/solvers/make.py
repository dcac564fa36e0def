"""Creation of a solver from a name, a diffusers scheduler, a caller's own object, or the description in a manifest."""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from typing import Any

import spotnb.support.whole_diffusers

import diffusers
from diffusers import SchedulerMixin
from diffusers.utils.import_utils import DummyObject
from torch import Tensor

from spotnb.errors import InputError
from spotnb.solvers.ddim import DDIM
from spotnb.solvers.from_diffusers import DiffusersSolver
from spotnb.solvers.multistep import dpm_solver_plus_plus
from spotnb.solvers.own import check_solver, resembles_solver
from spotnb.solvers.protocol import SOLVERS, Solver
from spotnb.support.checks import check_instance, check_int, show

MOST = 10_000
"""The largest number in the description of a scheduler, which has 1000 training steps."""


def make_solver(
    solver: str | dict[str, Any] | SchedulerMixin | Solver, alphas_cumprod: Tensor, steps: int, eta: float
) -> Solver:
    """Create the solver of a run.

    Args:
        solver: "ddim"; "dpm++", which is DPM-Solver++(2M) (Lu et al. 2022, arXiv:2211.01095) and, in one window, needs
            15 steps for the quality of 50 steps of DDIM; a diffusers scheduler; an object of your own with the `Solver`
            protocol, which is returned as it is; or the description of a scheduler in a manifest.
        alphas_cumprod: Noise schedule of the model, `[1000]`.
        steps: Number of denoising steps.
        eta: Amount of noise added at each step. It must be 0 for a solver without this setting.

    Raises:
        InputError: The name is unknown, the scheduler or the object does not fit, or a package that the scheduler needs
            is not installed. The message gives the reason.
    """
    if isinstance(solver, str) and solver == "ddim":
        return DDIM(alphas_cumprod, steps, eta)
    if isinstance(solver, str) and solver == "dpm++":
        return dpm_solver_plus_plus(alphas_cumprod, steps, eta)
    if isinstance(solver, dict) and {"class", "config"} <= solver.keys():
        solver = _rebuilt(solver)
    if isinstance(solver, SchedulerMixin):
        return DiffusersSolver(solver, alphas_cumprod, steps, eta)
    _require_packages(solver)
    if not isinstance(solver, str | dict) and resembles_solver(solver):
        return check_solver(solver, steps, eta)
    raise InputError(
        f"solver is {show(solver)}: expected {' or '.join(SOLVERS)}, or in Python a diffusers scheduler or a Solver of "
        "your own; pass one of these"
    )


def _rebuilt(described: dict[str, Any]) -> Any:
    name = described["class"]
    cls: Any = getattr(diffusers, name, None) if isinstance(name, str) else None
    _require_packages(cls)
    if inspect.isclass(cls) and issubclass(cls, SchedulerMixin):
        config = check_instance("the solver's config", described["config"], dict, hint="a text would name a folder")
        for size in (len(each) if isinstance(each, list) else each for each in config.values()):
            if type(size) is int:  # a scheduler allocates as much as it is told
                check_int(f"a number of the solver {name}", size, -MOST, MOST, hint="the manifest was changed")
        try:
            return cls.from_config(config)  # type: ignore[attr-defined]
        except Exception as error:  # schedulers raise different errors
            raise InputError(
                f"solver {name} cannot be made from its description ({error}): pass one by name, or record a run"
            ) from error
    raise InputError(
        f"solver {show(name)} is not a scheduler of diffusers {diffusers.__version__}: "
        "expected one of its class names; install the version that the manifest was written with"
    )


def _require_packages(scheduler: Any) -> None:
    """Raise `InputError` if a scheduler is the class that diffusers has instead while a package is not installed."""
    if isinstance(scheduler, DummyObject):
        needed = scheduler._backends  # noqa: SLF001
        missing = " ".join([name for name in needed if find_spec(name) is None] or needed)
        raise InputError(
            f"solver is {scheduler.__name__}, for which diffusers needs a package that is not installed: expected "
            f"{missing}; pip install {missing}, or choose another solver"
        )
