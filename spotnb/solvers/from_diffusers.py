"""Solvers from diffusers: every scheduler with one forward pass per step at the noise levels of the model."""

from __future__ import annotations

import copy
import inspect
import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from spotnb.errors import InputError
from spotnb.solvers.card import solver_card, solver_text
from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import LATE_ENOUGH, TRAINED_STEPS, Update
from spotnb.support.cards import Card, Shown, quoted
from spotnb.support.checks import check_int, exact
from spotnb.support.quiet import without_warnings


class DiffusersSolver(Shown):
    """A copy of a diffusers scheduler, configured for noise predictions of unbounded latents.

    The state is a copy of the scheduler after some steps. Each step copies it again, including its lists, before
    advancing it, so a state never changes. Tensors are shared, because schedulers replace them instead of modifying
    them.

    Args:
        scheduler: The diffusers scheduler. It is not modified.
        alphas_cumprod: Noise schedule of the model, `[1000]`.
        steps: Number of denoising steps.
        eta: Amount of noise added at each step. It must be 0 for a scheduler without this setting.
        name: Name of the solver. The default is the class name of the scheduler.

    Raises:
        InputError: The scheduler takes several forward passes per step, uses other noise levels than the model was
            trained on, has timesteps that repeat or start too late, or does not accept noise predictions.
    """

    remembers = True

    def __init__(
        self, scheduler: Any, alphas_cumprod: Tensor, steps: int, eta: float = 0.0, name: str | None = None
    ) -> None:
        self.name = name or type(scheduler).__name__
        self._named = name is not None
        steps = check_int("steps", steps, 1, TRAINED_STEPS, hint="15 to 25 suit DPM-Solver++")
        if "prediction_type" not in scheduler.config:
            raise self._refusal("it cannot be configured for noise predictions (it has no prediction_type)")
        if str(scheduler.config.get("variance_type")).startswith("learned"):
            raise self._refusal("it needs a learned variance, which the model does not predict")
        self._scheduler = copy.deepcopy(scheduler)
        required = {"prediction_type": "epsilon", "clip_sample": False, "thresholding": False}
        self._scheduler.register_to_config(**{k: v for k, v in required.items() if k in scheduler.config})
        accepted = inspect.signature(scheduler.step).parameters
        if eta and "eta" not in accepted:
            raise InputError(
                f"eta is {exact(eta)}, but the solver {self.name} has no eta: expected 0, or solver='ddim'"
            )
        self._eta = {"eta": eta} if "eta" in accepted else {}
        self._draws = "generator" in accepted
        try:
            self._scheduler.set_timesteps(steps)
        except Exception as error:  # schedulers raise different errors
            raise self._refusal(f"it has no schedule of {steps} steps ({str(error).splitlines()[0]})") from error
        if len(self._scheduler.timesteps) != steps:
            raise self._refusal(
                f"it takes {len(self._scheduler.timesteps)} forward passes for {steps} steps, not one per step"
            )
        self.timesteps = [round(float(t)) for t in self._scheduler.timesteps]
        if any(early <= late for early, late in pairwise(self.timesteps)):
            raise self._refusal(f"its timesteps for {steps} steps do not strictly decrease; use fewer steps")
        if self.timesteps[0] < LATE_ENOUGH:
            raise self._refusal(
                f"its first timestep is {self.timesteps[0]} of {TRAINED_STEPS - 1}; set its timestep_spacing to "
                "'linspace' or 'trailing'"
            )
        self._levels = [self._level(k, alphas_cumprod.double().cpu()) for k in range(steps)]

    def _refusal(self, reason: str) -> InputError:
        return InputError(f"solver {self.name} does not fit: {reason}; expected 'ddim', 'dpm++' or a similar scheduler")

    def _level(self, step: int, table: Tensor) -> tuple[float, float, float]:
        """Return the signal and noise levels of the latent at a step, and the factor to the scale of the network."""
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
        # The noise level fits the timestep if it lies between the levels of the neighboring timesteps.
        known = signal > 0 and low * 0.98 <= noise / signal <= high * 1.02
        if not known or not math.isclose(math.hypot(signal, noise) * scale, 1, rel_tol=1e-3):
            raise self._refusal(f"its noise level at timestep {timestep} differs from the one the model was trained on")
        return signal, noise, scale

    def _text_(self) -> str:
        eta = self._eta.get("eta")
        return solver_text(self, quoted(self.name), f"eta {eta:g}" if eta else None)

    def _card_(self) -> Card:
        eta = self._eta.get("eta")
        return solver_card(self, Scheduler=type(self._scheduler).__name__, Eta="none" if eta is None else f"{eta:g}")

    def __len__(self) -> int:
        return len(self.timesteps)

    def describe(self) -> str | dict[str, Any]:
        """Return the name of a named solver, or the class and configuration of the scheduler."""
        if self._named:
            return self.name
        plain = (str, int, float, bool, list, type(None))
        config = {k: v for k, v in self._scheduler.config.items() if isinstance(v, plain)}
        # JSON has no infinity. Wherever diffusers uses infinity, it is the default.
        config = {k: v for k, v in config.items() if not isinstance(v, float) or math.isfinite(v)}
        if (betas := self._scheduler.config.get("trained_betas")) is not None:
            config["trained_betas"] = [float(beta) for beta in betas]
        return {"class": type(self._scheduler).__name__, "config": config}

    def initial_state(self, step: int) -> Any:
        """Return a copy of the scheduler that starts at `step`."""
        state = _copied(self._scheduler)
        if hasattr(state, "set_begin_index"):
            state.set_begin_index(step)
        return state

    def initial_latent(self, noise: Tensor) -> Tensor:
        """Return the noise scaled to the initial noise level of the scheduler."""
        return noise * float(getattr(self._scheduler, "init_noise_sigma", 1.0))

    def add_noise(self, clean: Tensor, noise: Tensor, step: int) -> Tensor:
        """Return the clean latent at the noise level of `step`, or unchanged after the last step."""
        if step == len(self):
            return clean
        signal, level, _ = self._levels[step]
        return clean * signal + noise * level

    def scale_model_input(self, x: Tensor, step: int) -> Tensor:
        """Return the latent at the scale that the network was trained on."""
        scale = self._levels[step][2]
        return x if scale == 1 else x * scale

    def predict_x0(self, x: Tensor, noise: Tensor, step: int) -> Tensor:
        """Return the clean latent x0 that corresponds to the noise prediction, whatever the scheduler predicts."""
        signal, level, _ = self._levels[step]
        return torch.sub(x, noise, alpha=level).div_(signal)

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any) -> Update:
        """Take one step of the scheduler on a copy of `state`."""
        state, t = _copied(state), self._scheduler.timesteps[step]
        options: dict[str, Any] = dict(self._eta)
        if hasattr(state, "derivatives"):  # LMS expects one per earlier step, but a run may begin at a later step
            options["order"] = min(4, len(state.derivatives) + 1)
        if self._draws:
            streams = draws.streams(step, "eta")
            options["generator"] = streams if len(streams) > 1 else streams[0]
        with without_warnings():
            state.scale_model_input(x, t)  # some schedulers require this call before each step
            latent = state.step(noise, t, x, return_dict=False, **options)[0]
        return Update(latent, self.predict_x0(x, noise, step), state)


def _copied(scheduler: Any) -> Any:
    """Return a copy that advances independently of the original; tensors are shared."""
    copied = copy.copy(scheduler)
    for name, value in vars(scheduler).items():
        if isinstance(value, list | dict) and not name.startswith("_internal"):
            setattr(copied, name, copy.copy(value))
    return copied
