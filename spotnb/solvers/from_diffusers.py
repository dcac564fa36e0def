"""Solvers from diffusers: any of its schedulers that takes one forward pass a step at the model's own noise levels."""

from __future__ import annotations

import copy
import inspect
import math
import warnings
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from spotnb.errors import InputError
from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import LATE_ENOUGH, TRAINED_STEPS, Update
from spotnb.support.checks import check_int


class DiffusersSolver:
    """A diffusers scheduler, copied, and told that it is given noise predictions of unbounded latents.

    A state is the scheduler itself as it stands after some steps. It is copied before it moves, lists and all (tensors
    are shared, since schedulers replace theirs), and so never changes.

    Raises `InputError`, naming the scheduler, for one with several forward passes a step, with other noise levels than
    the model was trained on, whose timesteps repeat or start too late, or that takes no noise predictions.
    """

    remembers = True

    def __init__(
        self, scheduler: Any, alphas_cumprod: Tensor, steps: int, eta: float = 0.0, name: str | None = None
    ) -> None:
        self.name = name or type(scheduler).__name__
        self._named = name is not None
        steps = check_int("steps", steps, 1, TRAINED_STEPS, hint="15 to 25 suit DPM-Solver++")
        if "prediction_type" not in scheduler.config:
            raise self._refusal("it cannot be told to take noise predictions (it has no prediction_type)")
        if str(scheduler.config.get("variance_type")).startswith("learned"):
            raise self._refusal("it takes a learned variance, which the model does not predict")
        self._scheduler = copy.deepcopy(scheduler)
        told = {"prediction_type": "epsilon", "clip_sample": False, "thresholding": False}
        self._scheduler.register_to_config(**{k: v for k, v in told.items() if k in scheduler.config})
        accepted = inspect.signature(scheduler.step).parameters
        if eta and "eta" not in accepted:
            raise InputError(f"eta is {eta:g}, but the solver {self.name} has none: expected 0, or solver='ddim'")
        self._eta = {"eta": eta} if "eta" in accepted else {}
        self._draws = "generator" in accepted
        try:
            self._scheduler.set_timesteps(steps)
        except Exception as error:  # each scheduler has its own reasons
            raise self._refusal(f"it has no schedule of {steps} steps ({str(error).splitlines()[0]})") from error
        if len(self._scheduler.timesteps) != steps:
            raise self._refusal(
                f"it takes {len(self._scheduler.timesteps)} forward passes for {steps} steps, not one each"
            )
        self.timesteps = [round(float(t)) for t in self._scheduler.timesteps]
        if any(early <= late for early, late in pairwise(self.timesteps)):
            raise self._refusal(f"its timesteps for {steps} steps do not strictly decrease; take fewer steps")
        if self.timesteps[0] < LATE_ENOUGH:
            raise self._refusal(
                f"its first timestep is {self.timesteps[0]} of {TRAINED_STEPS - 1}, where much of the noise is gone "
                "already; set its timestep_spacing to 'linspace' or 'trailing'"
            )
        self._levels = [self._level(k, alphas_cumprod.double().cpu()) for k in range(steps)]

    def _refusal(self, reason: str) -> InputError:
        return InputError(
            f"solver {self.name} does not fit: {reason}; expected 'ddim', 'dpm++' or a scheduler like them"
        )

    def _level(self, step: int, table: Tensor) -> tuple[float, float, float]:
        """How much signal and noise the latent holds when a step starts, and what brings it to the network's scale."""
        probe, t = self.initial_state(step), self._scheduler.timesteps[step : step + 1]
        one, zero = torch.ones(1, 1, 1, 1, dtype=torch.float64), torch.zeros(1, 1, 1, 1, dtype=torch.float64)
        try:
            signal, noise = (float(probe.add_noise(*pair, t)) for pair in ((one, zero), (zero, one)))
            scale = float(probe.scale_model_input(one, t[0]))
        except Exception as error:
            raise self._refusal(f"it cannot add noise to a clean latent ({str(error).splitlines()[0]})") from error
        timestep = self.timesteps[step]
        near = table[max(0, timestep - 1) : timestep + 2]
        low, high = (float((1 - a).sqrt() / a.sqrt()) for a in (near[0], near[-1]))
        # A noise level between those of the neighbouring timesteps is the one that the network is told.
        known = signal > 0 and low * 0.98 <= noise / signal <= high * 1.02
        if not known or not math.isclose(math.hypot(signal, noise) * scale, 1, rel_tol=1e-3):
            raise self._refusal(f"at timestep {timestep} it has another noise level than the model was trained on")
        return signal, noise, scale

    def __len__(self) -> int:
        return len(self.timesteps)

    def describe(self) -> str | dict[str, Any]:
        if self._named:
            return self.name
        plain = (str, int, float, bool, list, type(None))
        config = {k: v for k, v in self._scheduler.config.items() if isinstance(v, plain)}
        # JSON has no infinity; where diffusers uses it, it is the default.
        config = {k: v for k, v in config.items() if not isinstance(v, float) or math.isfinite(v)}
        if (betas := self._scheduler.config.get("trained_betas")) is not None:
            config["trained_betas"] = [float(beta) for beta in betas]
        return {"class": type(self._scheduler).__name__, "config": config}

    def initial_state(self, step: int) -> Any:
        state = _copied(self._scheduler)
        if hasattr(state, "set_begin_index"):
            state.set_begin_index(step)
        return state

    def initial_latent(self, noise: Tensor) -> Tensor:
        return noise * float(getattr(self._scheduler, "init_noise_sigma", 1.0))

    def add_noise(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        if step == len(self):
            return clean
        signal, level, _ = self._levels[step]
        return clean * signal + noise * level

    def scale_model_input(self, x: Tensor, step: int) -> Tensor:
        scale = self._levels[step][2]
        return x if scale == 1 else x * scale

    def predict_x0(self, x: Tensor, noise: Tensor, step: int) -> Tensor:
        signal, level, _ = self._levels[step]
        return torch.sub(x, noise, alpha=level).div_(signal)

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any) -> Update:
        state, t = _copied(state), self._scheduler.timesteps[step]
        options: dict[str, Any] = dict(self._eta)
        if hasattr(state, "derivatives"):  # LMS counts them by the index of the step, though a run may begin late
            options["order"] = min(4, len(state.derivatives) + 1)
        if self._draws:
            streams = draws.streams(step, "eta")
            options["generator"] = streams if len(streams) > 1 else streams[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            state.scale_model_input(x, t)  # some count the calls
            moved = state.step(noise, t, x, return_dict=False, **options)[0]
        return Update(moved, self.predict_x0(x, noise, step), state)


def _copied(scheduler: Any) -> Any:
    """A copy that can move on by itself; tensors are shared."""
    other = copy.copy(scheduler)
    for name, value in vars(scheduler).items():
        if isinstance(value, list | dict) and not name.startswith("_internal"):
            setattr(other, name, copy.copy(value))
    return other
