"""One denoising step, taken apart: padding, windows, predictions, guidance, stitching, update."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.guidance import Prediction
from spotnb.sampling.padding import Padding, padded_latent, padding_of
from spotnb.sampling.run import Run, RunState
from spotnb.sampling.windows import gather, scatter
from spotnb.support.checks import check_int
from spotnb.trace.record import StepRecord

Finish = Callable[[RunState, Tensor, float], StepRecord]
"""Takes the state before the step, the noise prediction and the seconds spent, and returns the record of the step."""


class Step:
    """The next step of a run, to be driven phase by phase. `SpotSampler.begin` returns one.

    The phases, in order: look at `layout`, `padded` and `windows`; `predict` some tiles or all; look at `guided`,
    `unguided` and `prompted`, and `replace` a prediction if you like; `noise` stitches them; `x0` is the clean latent
    that they imply; `finish` takes the step. `noise`, `x0` and `finish` predict the tiles that are still missing.
    Nothing changes before `finish` returns, so a step can be dropped or interrupted at any point.
    """

    def __init__(self, run: Run, state: RunState, finish: Finish) -> None:
        """Open a step.

        Args:
            run: The run.
            state: The state before the step.
            finish: Called with the result.
        """
        self.run, self.state, self._finish = run, state, finish
        self.index, self.layout = state.step, run.layout(state.step)
        self.timestep = run.solver.timesteps[self.index]
        self._estimate = run.estimate(state)
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
        """What comes next: "predict", "finish", or once this step is finished "begin" on the sampler."""
        if self._finished:
            return "begin"
        return "finish" if len(self._predictions) == len(self.layout.tiles) else "predict"

    @property
    def padded(self) -> Tensor:
        """What the windows are cut from: the noisy latent at the network's scale, with padding past its ends.

        `[B, C, left + T + right, F]`; `layout.pad` has the sizes, `padding` the mirrored frames. `reflect` mirrors the
        clean estimate of the step before, and adds new noise at this step's level: mirrored noise would be correlated
        with the real noise, and the network would read that as signal. Before there is an estimate the padding is noise
        alone. `reflect_noisy` mirrors the noisy latent itself.
        """
        if self._padded is None:
            run = self.run
            self._padded = padded_latent(self.state.x, self._estimate, self.layout, run.solver, run.draws, self.index)
        return self._padded

    @property
    def padding(self) -> Padding:
        """Which frames are mirrored into the padding, and of what."""
        return padding_of(self.layout, self._estimate)

    @property
    def windows(self) -> list[Tensor]:
        """What the network sees: one `[B, C, w_i, F]` per tile."""
        if self._windows is None:
            self._windows = gather(self.padded, self.layout)
        return self._windows

    def predict(self, tile: int | None = None) -> Tensor | list[Tensor]:
        """Return the guided noise prediction of one tile `[B, C, w, F]`, or of all tiles.

        A tile goes through the network with its batch (`sampler.tile_batch` windows), so that it gets the same bits
        whether it is asked for alone or with the others. The other tiles of the batch are kept too, and replaced
        predictions stay.
        """
        self._require_open("predict")
        if tile is None:
            for index in range(len(self.layout.tiles)):
                self._predict(index)
            return list(self.guided)
        index = self._check_tile(tile)
        self._predict(index)
        return self._predictions[index].eps

    def _predict(self, tile: int) -> None:
        if tile not in self._predictions:
            predictions = self.run.denoiser.predict(self.windows, self.layout, self.timestep, tile)
            self._predictions = predictions | self._predictions

    @property
    def guided(self) -> tuple[Tensor, ...]:
        """The guided prediction of each tile, `[B, C, w_i, F]`. Raises `SpotnbError` before all are predicted."""
        return tuple(prediction.eps for prediction in self._predicted("guided"))

    @property
    def prompted(self) -> tuple[Tensor, ...]:
        """What is predicted in each tile with the prompt alone; raises as `guided` does."""
        return tuple(prediction.eps_cond for prediction in self._predicted("prompted"))

    @property
    def unguided(self) -> tuple[Tensor, ...]:
        """What is predicted in each tile with the negative prompt, or without a prompt; raises as `guided` does.

        Raises `SpotnbError` too where it is not computed: at a guidance scale of 1, and outside the guidance interval.
        """
        halves = [prediction.eps_uncond for prediction in self._predicted("unguided")]
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
        """Replace the prediction of a tile, `[B, C, w, F]`, for example by zeros: what does a missing tile do?

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
        """The prediction for the full latent, `[B, C, T, F]`, stitched from the tiles; predicts those missing.

        Raises `SpotnbError` where the network gave NaN or infinity.
        """
        if self._noise is None:
            self.predict()
            self._noise = self.run.checked(scatter(self.guided, self.layout), self.state, self.layout)
        return self._noise

    @property
    def x0(self) -> Tensor:
        """The clean latent `[B, C, T, F]` that `noise` implies at this step; where sound is kept, that sound."""
        return self.run.predict_x0(self.state, self.noise)

    def finish(self) -> StepRecord:
        """Take the step, and return its record.

        Raises `SpotnbError` if the step is finished already, or the sampler has moved on by another one.
        """
        self._require_open("finish")
        record = self._finish(self.state, self.noise, time.perf_counter() - self._started)
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
