"""The runs with bugs. Each is a `Run` in which one part is replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from spotnb.models.conditioning import joined
from spotnb.sampling.denoiser import Denoiser
from spotnb.sampling.guidance import Prediction
from spotnb.sampling.padding import mirror, pad_latent
from spotnb.sampling.run import Run
from spotnb.sampling.settings import RunSettings
from spotnb.solvers.ddim import DDIM
from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import Update
from spotnb.tiling.layout import Layout, plan

Move = Callable[[Tensor, int], Tensor]
"""Moves a latent `[B, C, T, F]` by a number of frames."""
Make = Callable[[Any, RunSettings], Run]
"""Builds a run from a model and settings, as `Run.of` does."""


def upwards(model: Any, settings: RunSettings) -> Run:
    """Build a run whose timesteps ascend."""
    run = Run.of(model, settings)
    run.solver.timesteps.reverse()
    return run


class DriftingSolver(DDIM):
    """DDIM that moves its result after each step and never moves it back."""

    def __init__(self, model: Any, settings: RunSettings, move: Move, shift: Callable[[int], int]) -> None:
        super().__init__(model.alphas_cumprod, settings.steps, settings.eta)
        self._move, self._shift = move, shift

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: Any = None) -> Update:
        """Take a step and move its result."""
        latent, x0, _ = super().step(step, x, noise, draws, state)
        shift = self._shift(step)
        return Update(self._move(latent, shift), self._move(x0, shift))


class DriftingRun(Run):
    """The sound moves under a fixed grid. If it were moved back, this would be equivalent to moving the grid."""

    def layout(self, step: int) -> Layout:
        """Return the fixed grid, labeled with the shift of the moving grid."""
        config, multiple = self.settings.tiling, self.model.time_multiple
        fixed = plan(self.frames, config, step, method="tiles", time_multiple=multiple)
        return replace(fixed, method=self.settings.method, shift=super().layout(step).shift)


def drifting(move: Move) -> Make:
    """Return a builder of runs that move the latent after each step."""

    def make(model: Any, settings: RunSettings) -> Run:
        run = DriftingRun.of(model, settings)
        return replace(run, solver=DriftingSolver(model, settings, move, lambda step: run.layout(step).shift))

    return make


def rolled(x: Tensor, shift: int) -> Tensor:
    """Roll a latent to the right without rolling it back."""
    return torch.roll(x, shift, dims=2)


def cropped(x: Tensor, shift: int) -> Tensor:
    """Mirror a latent at both ends, roll it, and crop it without rolling it back."""
    padded = pad_latent(x, *mirror(x, shift, shift))
    return torch.roll(padded, shift, dims=2)[:, :, shift : shift + x.shape[2]]


def noisy_mirror(model: Any, settings: RunSettings) -> Run:
    """Build a run that pads with the mirrored noisy latent."""
    return Run.of(model, replace(settings, config=replace(settings.tiling, edge="reflect_noisy")))


@dataclass(frozen=True)
class TileDraws(Draws):
    """Draws that are made for one tile and reused for every other tile.

    Attributes:
        width: The width of a tile.
    """

    width: int = 1

    def normal(self, shape: Sequence[int], step: int, purpose: str) -> Tensor:
        """Draw noise that repeats with every tile."""
        if purpose == "pad":
            return super().normal(shape, step, purpose)
        channels, frames, bins = shape
        one = super().normal((channels, self.width, bins), step, purpose)
        return one.repeat(1, 1, -(-frames // self.width), 1)[:, :, :frames]


def noise_per_tile(model: Any, settings: RunSettings) -> Run:
    """Build a run whose noise is drawn for each tile from the same seed."""
    run = Run.of(model, settings)
    width = settings.tiling.tile_size_time
    return replace(run, draws=TileDraws(run.draws.seed, run.draws.candidates, width))


def prompt_dropout(model: Any, settings: RunSettings) -> Run:
    """Build a run that is conditioned on the empty text instead of its prompts."""
    run = Run.of(model, settings)
    nothing = model.embed([""])[[0] * len(run.prompts.conditioning)]
    away = run.prompts.conditioning[list(run.prompts.negative)]
    count = len(nothing)
    prompts = replace(
        run.prompts, conditioning=joined([nothing, away]), negative=tuple(range(count, count + len(away)))
    )
    return replace(run, prompts=prompts, denoiser=replace(run.denoiser, prompts=prompts))


class FixedSeams(Run):
    """The random shift is drawn once for the complete run."""

    def layout(self, step: int) -> Layout:
        """Return the layout of the first step."""
        return super().layout(min(step, 0))


class BlindDenoiser(Denoiser):
    """A denoiser that predicts zeros in windows that reach past the end."""

    def predict_batch(
        self, windows: Sequence[Tensor], layout: Layout, timestep: int, batch: Sequence[int]
    ) -> dict[int, Prediction]:
        """Predict zeros if a window is incomplete."""
        predictions = super().predict_batch(windows, layout, timestep, batch)
        for tile in batch:
            if layout.tiles[tile].window[1] > layout.frames:
                nothing = torch.zeros_like(predictions[tile].eps)
                predictions[tile] = Prediction(nothing, nothing, nothing)
        return predictions


def uncovered_tail(model: Any, settings: RunSettings) -> Run:
    """Build a run that never shows the incomplete last tile to the network."""
    run = Run.of(model, settings)
    old = run.denoiser
    denoiser = BlindDenoiser(old.model, old.prompts, old.guidance, old.tile_batch, old.source, old.reconstruction_scale)
    return replace(run, denoiser=denoiser)
