"""The runs with bugs: each a `SpotSampler` with one phase changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.step import Step
from spotnb.sampling.windows import Prediction, mirror
from spotnb.solvers.ddim import DDIM
from spotnb.solvers.noise import Draws
from spotnb.solvers.protocol import Update
from spotnb.tiling.layout import Layout, plan


class BuggySampler(SpotSampler):
    """A run with a bug, which its manifest names."""

    bug: ClassVar[str]

    def manifest(self) -> dict[str, Any]:
        return super().manifest() | {"bug": self.bug}


class Upwards(BuggySampler):
    bug = "schedule run upwards"

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.solver.timesteps.reverse()


class Drift(DDIM):
    """DDIM whose result is moved after each step, and stays moved."""

    move: Callable[[Tensor, int], Tensor]

    def step(self, step: int, x: Tensor, noise: Tensor, draws: Draws, state: None = None) -> Update:
        latent, x0, _ = super().step(step, x, noise, draws, state)
        return Update(self.move(latent, step), self.move(x0, step))


class Drifting(BuggySampler):
    """The sound moves under a grid that stays, which is the same as the other way round if it is moved back."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        solver = Drift(self.model.alphas_cumprod, len(self.solver), self.eta)
        solver.move = lambda x, step: self._moved(x, self.layout(step).shift)
        self.solver = solver

    def _moved(self, x: Tensor, shift: int) -> Tensor:
        raise NotImplementedError

    def layout(self, step: int) -> Layout:
        fixed = plan(self.frames, self.config, step, method="tiles", time_multiple=self.model.time_multiple)
        return replace(fixed, method=self.method, shift=super().layout(step).shift)


class NeverUndone(Drifting):
    bug = "shift never undone"

    def _moved(self, x: Tensor, shift: int) -> Tensor:
        return torch.roll(x, shift, dims=2)


class Cropped(Drifting):
    bug = "cropped without unshift"

    def _moved(self, x: Tensor, shift: int) -> Tensor:
        padded = torch.cat([mirror(x, shift, 0)[0], x, mirror(x, 0, shift)[1]], dim=2)
        return torch.roll(padded, shift, dims=2)[:, :, shift : shift + self.frames]


class NoisyMirror(BuggySampler):
    bug = "noisy mirror"

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings | {"config": replace(settings["config"], edge="reflect_noisy")})


@dataclass(frozen=True)
class TileDraws(Draws):
    """The draws of a run that draws for one tile, and takes them for every other."""

    width: int = 1

    def normal(self, shape: Sequence[int], step: int, purpose: str) -> Tensor:
        if purpose == "pad":
            return super().normal(shape, step, purpose)
        channels, frames, bins = shape
        one = super().normal((channels, self.width, bins), step, purpose)
        return one.repeat(1, 1, -(-frames // self.width), 1)[:, :, :frames]


class PerTileNoise(BuggySampler):
    bug = "per-tile noise"

    def reset(self, seed: int | None = None) -> SpotSampler:
        super().reset(seed)
        self.draws = self._for_tiles(self.draws)
        return self

    def _start(self, draws: Draws) -> Tensor:
        return super()._start(self._for_tiles(draws))

    def _for_tiles(self, draws: Draws) -> Draws:
        return TileDraws(draws.seed, draws.candidates, self.config.tile_size_time)


class Dropout(BuggySampler):
    bug = "prompt dropout"

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        nothing = self.model.embed([""])
        self._conditioning = replace(self._conditioning, cond=nothing.expand_as(self._conditioning.cond))


class FixedSeams(BuggySampler):
    bug = "seams fixed"

    def layout(self, step: int) -> Layout:
        return super().layout(0)


class UncoveredTail(BuggySampler):
    bug = "uncovered tail"

    def predict_windows(self, step: Step, batch: Sequence[int]) -> list[Prediction]:
        predictions = super().predict_windows(step, batch)
        for i, tile in enumerate(batch):
            if step.layout.tiles[tile].window[1] > self.frames:
                nothing = torch.zeros_like(predictions[i].guided)
                predictions[i] = Prediction(nothing, nothing, nothing)
        return predictions
