"""One denoising step, taken apart: padding, windows, predictions, stitching, update."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from spotnb.config import check_int
from spotnb.denoise import batches, gather, mirror, pad_latent, scatter
from spotnb.errors import SpotnbError
from spotnb.layout import Layout
from spotnb.noise import draw

if TYPE_CHECKING:
    from spotnb.sampler import SpotSampler
    from spotnb.trace import StepRecord

log = logging.getLogger(__name__)


class Step:
    """The next step of a sampler, to be driven phase by phase: look, `predict` some or all tiles, `finish`.

    Nothing of the sampler changes before `finish` returns, so a step can be dropped or interrupted at any point.
    Get one from `SpotSampler.begin`.
    """

    def __init__(self, sampler: SpotSampler, layout: Layout) -> None:
        self.sampler, self.layout = sampler, layout
        self.index = sampler.steps_done
        self.timestep = sampler.solver.timesteps[self.index]
        # What the sampler is at now: it may move on, or be reset, before this step is looked at.
        self._latent, self._x0, self._seed = sampler.latent, sampler.x0, sampler.seed
        self._padded: Tensor | None = None
        self._windows: list[Tensor] | None = None
        self._predictions: dict[int, Tensor] = {}
        self._noise: Tensor | None = None
        self._started = time.perf_counter()

    def __repr__(self) -> str:
        predicted = f"{len(self._predictions)} of {len(self.layout.tiles)} tiles predicted"
        return f"Step({self.index}, t={self.timestep}, shift={self.layout.shift}, {predicted})"

    @property
    def padded(self) -> Tensor:
        """The noisy latent with what lies past its ends, `[B, C, left + T + right, F]`; `layout.pad` has the sizes.

        `reflect` mirrors the clean estimate of the step before, and noises it anew to this step's level: mirrored
        noise would be correlated with the real noise, and the network would read that as signal. Before there is an
        estimate it is noise alone. `reflect_noisy` mirrors the noisy latent itself.
        """
        if self._padded is None:
            self._padded = self._pad()
        return self._padded

    def _pad(self) -> Tensor:
        x, (left, right) = self._latent, self.layout.pad
        if not left and not right:
            return x
        if self.layout.edge == "reflect_noisy":
            return pad_latent(x, self.layout, *mirror(x, left, right))
        shape = (*x.shape[:2], left + right, x.shape[3])
        ends = draw(shape, self._seed, self.index, "pad").to(x)
        if self._x0 is not None:
            ends = self.sampler.solver.add_noise(torch.cat(mirror(self._x0, left, right), dim=2), ends, self.index)
        return pad_latent(x, self.layout, ends[:, :, :left], ends[:, :, left:])

    @property
    def windows(self) -> list[Tensor]:
        """What the network will see: one `[B, C, w_i, F]` a tile."""
        if self._windows is None:
            self._windows = gather(self.padded, self.layout)
        return self._windows

    def predict(self, tile: int | None = None) -> Tensor | list[Tensor]:
        """The guided noise prediction of one tile `[B, C, w, F]`, or of all tiles.

        A tile goes through the network with its whole batch (`sampler.tile_batch` windows), so that it gets the same
        bits whether asked for alone or with the others; the batch's other tiles are kept too.
        """
        if tile is None:
            for index in range(len(self.layout.tiles)):
                self._predict(index)
            return [self._predictions[index] for index in range(len(self.layout.tiles))]
        count = len(self.layout.tiles)
        index = check_int("tile", tile, 0, count - 1, hint=f"this step has {count} tiles, counted from 0")
        self._predict(index)
        return self._predictions[index]

    def _predict(self, tile: int) -> None:
        """Predict a tile's batch. On a GPU that is out of memory, batches are halved for the rest of the run."""
        while tile not in self._predictions:
            batch = next(b for b in batches(self.layout, self.sampler.tile_batch) if tile in b)
            try:
                predicted = self.sampler.predict_windows([self.windows[i] for i in batch], self.timestep)
            except torch.OutOfMemoryError as error:
                self.sampler.halve_tile_batch(error)
                continue
            for index, prediction in zip(batch, predicted, strict=True):
                if not torch.isfinite(prediction).all():
                    raise SpotnbError(
                        f"the network gave NaN or infinity at step {self.index} (t = {self.timestep}), tile {index}; "
                        f"try dtype fp32 (now {self.sampler.model.dtype}) or a smaller guidance_scale"
                    )
                self._predictions.setdefault(index, prediction)

    @property
    def noise(self) -> Tensor:
        """The prediction for the whole latent, `[B, C, T, F]`, stitched from the tiles; predicts those missing."""
        if self._noise is None:
            self.predict()
            self._noise = scatter([self._predictions[i] for i in range(len(self.layout.tiles))], self.layout)
        return self._noise

    def finish(self) -> StepRecord:
        """Move the sampler on by this step, and return its record.

        Raises `SpotnbError` if the sampler has moved on already, by this step or another one.
        """
        if self.sampler.latent is not self._latent:
            raise SpotnbError(
                f"step {self.index} is stale: the sampler is at step {self.sampler.steps_done}; call begin()"
            )
        return self.sampler.advance(self, self.noise, time.perf_counter() - self._started)
