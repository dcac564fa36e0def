"""One denoising step, taken apart: padding, windows, predictions, guidance, stitching, update."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.windows import Prediction, Stitch, batches, gather, mirror, mirrored_frames, pad_latent, scatter
from spotnb.support.checks import check_int
from spotnb.tiling.layout import Layout

if TYPE_CHECKING:
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.trace.record import StepRecord

log = logging.getLogger(__name__)


class Padding(NamedTuple):
    """What lies past the ends of the latent, for the windows that reach there.

    Attributes:
        of: what is mirrored: "clean estimate" (noised anew), "noisy latent" or, before there is an estimate, "nothing"
            (it is noise alone). Where nothing is padded it is "none".
        left: frames of the latent that stand before frame 0, in the order they stand there.
        right: likewise after the last frame.
    """

    of: str
    left: tuple[int, ...]
    right: tuple[int, ...]


class Step:
    """The next step of a sampler, to be driven phase by phase.

    The phases, in order: look at `layout`, `padded` and `windows`; `predict` some tiles or all; look at `guided`,
    `unguided` and `prompted`, and `replace` a prediction if you like; `noise` stitches them; `x0` is the clean latent
    they mean; `finish` moves the sampler on. `noise`, `x0` and `finish` predict what has not been predicted yet.
    Nothing of the sampler changes before `finish` returns, so a step can be dropped or interrupted at any point.
    Get one from `SpotSampler.begin`.
    """

    def __init__(self, sampler: SpotSampler, layout: Layout, lean: bool = False) -> None:
        """`lean`: nobody looks at the phases, so `finish` keeps none of the predictions once they are stitched."""
        self.sampler, self.layout, self._lean = sampler, layout, lean
        self.index = sampler.steps_done
        self.timestep = sampler.solver.timesteps[self.index]
        # What the sampler is at now: it may move on, or be reset, before this step is looked at.
        self._latent, self._estimate, self._draws = sampler.latent, sampler.estimate, sampler.draws
        self._padded: Tensor | None = None
        self._windows: list[Tensor] | None = None
        self._predictions: dict[int, Prediction] = {}
        self._noise: Tensor | None = None
        self._finished = False
        self._started = time.perf_counter()

    def __repr__(self) -> str:
        predicted = f"{len(self._predictions)} of {len(self.layout.tiles)} tiles predicted"
        return f"Step({self.index}, t={self.timestep}, shift={self.layout.shift}, {predicted}, next: {self.next_phase})"

    @property
    def next_phase(self) -> str:
        """What comes next: "predict", "finish", or "begin" on the sampler, once this step is finished."""
        if self._finished:
            return "begin"
        return "finish" if len(self._predictions) == len(self.layout.tiles) else "predict"

    @property
    def padded(self) -> Tensor:
        """What the windows are cut from: the noisy latent at the network's scale, with what lies past its ends.

        `[B, C, left + T + right, F]`; `layout.pad` has the sizes, `padding` the mirrored frames. `reflect` mirrors the
        clean estimate of the step before, and noises it anew to this step's level: mirrored noise would be correlated
        with the real noise, and the network would read that as signal. Before there is an estimate it is noise alone.
        `reflect_noisy` mirrors the noisy latent itself.
        """
        if self._padded is None:
            self._padded = self._pad()
        return self._padded

    @property
    def padding(self) -> Padding:
        """Which frames are mirrored into the padding, and of what."""
        left, right = mirrored_frames(self.layout)
        if not left and not right:
            return Padding("none", (), ())
        if self.layout.edge == "reflect_noisy":
            return Padding("noisy latent", left, right)
        return Padding("nothing", (), ()) if self._estimate is None else Padding("clean estimate", left, right)

    def _pad(self) -> Tensor:
        solver, (left, right) = self.sampler.solver, self.layout.pad
        x = solver.network_input(self._latent, self.index)
        if not left and not right:
            return x
        if self.layout.edge == "reflect_noisy":
            return pad_latent(x, self.layout, *mirror(x, left, right))
        shape = (x.shape[1], left + right, x.shape[3])
        ends = self._draws.normal(shape, self.index, "pad").to(x)
        if self._estimate is not None:
            ends = solver.add_noise(torch.cat(mirror(self._estimate, left, right), dim=2), ends, self.index)
            ends = solver.network_input(ends, self.index)
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
        bits whether asked for alone or with the others; the batch's other tiles are kept too. What was replaced stays.
        """
        self._require_open("predict")
        if tile is None:
            for index in range(len(self.layout.tiles)):
                self._predict(index)
            return list(self.guided)
        index = self._check_tile(tile)
        self._predict(index)
        return self._predictions[index].guided

    def _predict(self, tile: int) -> None:
        """Predict a tile's batch, unless it is predicted."""
        if tile not in self._predictions:
            for index, prediction in self._predict_batch(tile):
                self._predictions.setdefault(index, prediction)

    def _predict_batch(self, tile: int) -> list[tuple[int, Prediction]]:
        """A tile's batch. On a GPU that is out of memory, batches are halved for the rest of the run."""
        while True:
            batch = next(b for b in batches(self.layout, self.sampler.tile_batch) if tile in b)
            try:
                predicted = list(zip(batch, self.sampler.predict_windows(self, batch), strict=True))
            except torch.OutOfMemoryError as error:
                self.sampler.halve_tile_batch(error)
                continue
            for index, prediction in predicted:
                if not torch.isfinite(prediction.guided).all():
                    raise SpotnbError(
                        f"the network gave NaN or infinity at step {self.index} (t = {self.timestep}), tile {index}; "
                        f"try dtype fp32 (now {self.sampler.model.dtype}) or a smaller guidance_scale"
                    )
            return predicted

    @property
    def guided(self) -> tuple[Tensor, ...]:
        """The guided prediction of each tile, `[B, C, w_i, F]`. Raises `SpotnbError` before all are predicted."""
        return tuple(prediction.guided for prediction in self._predicted("guided"))

    @property
    def prompted(self) -> tuple[Tensor, ...]:
        """What the prompt alone predicts in each tile; likewise."""
        return tuple(prediction.prompted for prediction in self._predicted("prompted"))

    @property
    def unguided(self) -> tuple[Tensor, ...]:
        """What the negative prompt, or no prompt, predicts in each tile; likewise.

        Raises `SpotnbError` where it is not computed: at a guidance scale of 1, and outside the guidance interval.
        """
        halves = [prediction.unguided for prediction in self._predicted("unguided")]
        present = tuple(half for half in halves if half is not None)
        if len(present) < len(halves):
            raise SpotnbError(
                "there is no unguided prediction: expected a guidance_scale other than 1, a timestep "
                f"(now {self.timestep}) within guidance_interval, and no replaced tile"
            )
        return present

    def _predicted(self, name: str) -> list[Prediction]:
        count = len(self.layout.tiles)
        if missing := [index for index in range(count) if index not in self._predictions]:
            raise SpotnbError(
                f"{name} comes after predict: tile {missing[0]} of {count} is not predicted yet; "
                f"call predict() or predict(tile={missing[0]}) next"
            )
        return [self._predictions[index] for index in range(count)]

    def replace(self, tile: int, prediction: Tensor) -> None:
        """Put another prediction `[B, C, w, F]` in the place of a tile's, such as zeros: what does a missing tile do?

        Takes effect until `finish`. Raises `InputError` for another shape, NaN or infinity.
        """
        self._require_open("replace")
        index = self._check_tile(tile)
        expected = self.windows[index].shape
        if not isinstance(prediction, Tensor) or prediction.shape != expected:
            came = f"of shape {list(prediction.shape)}" if isinstance(prediction, Tensor) else f"a {type(prediction)}"
            raise InputError(f"the prediction is {came}: expected a tensor {list(expected)}, like windows[{index}]")
        if not torch.isfinite(prediction).all():
            raise InputError("the prediction holds NaN or infinity: expected finite numbers; mend them")
        prediction = prediction.to(self.padded)
        self._predictions[index] = Prediction(prediction, None, prediction)
        self._noise = None  # stitched anew

    @property
    def noise(self) -> Tensor:
        """The prediction for the whole latent, `[B, C, T, F]`, stitched from the tiles; predicts those missing."""
        if self._noise is None:
            if self._lean:
                self._noise = self._stitched()
            else:
                self.predict()
                self._noise = scatter(self.guided, self.layout)
        return self._noise

    def _stitched(self) -> Tensor:
        """As `predict` and `scatter`, with no more than one batch of predictions in memory at a time."""
        stitch = Stitch(self.layout)
        waiting: dict[int, Tensor] = {}
        missing = list(range(len(self.layout.tiles)))
        while missing:  # in order, for sums depend on it in their last bits
            if missing[0] not in waiting:
                waiting |= {index: found.guided for index, found in self._predict_batch(missing[0])}
            stitch.add(missing[0], waiting.pop(missing[0]))
            del missing[0]
        self._padded = self._windows = None
        return stitch.whole()

    @property
    def x0(self) -> Tensor:
        """The clean latent `[B, C, T, F]` that `noise` means at this step; where sound is kept, that sound."""
        x0, source = self.sampler.solver.clean(self._latent, self.noise, self.index), self.sampler.source
        return x0 if source is None else source.impose(x0, source.latent)

    def finish(self) -> StepRecord:
        """Move the sampler on by this step, and return its record.

        Raises `SpotnbError` if the step is finished already, or the sampler has moved on by another one.
        """
        self._require_open("finish")
        if self.sampler.latent is not self._latent:
            raise SpotnbError(
                f"step {self.index} is stale: the sampler is at step {self.sampler.steps_done}; call begin() next"
            )
        record = self.sampler.advance(self, self.noise, time.perf_counter() - self._started)
        self._finished = True
        return record

    def _require_open(self, phase: str) -> None:
        if self._finished:
            raise SpotnbError(
                f"step {self.index} is finished, {phase} comes too late; the sampler's begin() comes next"
            )

    def _check_tile(self, tile: int) -> int:
        count = len(self.layout.tiles)
        return check_int("tile", tile, 0, count - 1, hint=f"this step has {count} tiles, counted from 0")
