"""One denoising step in its phases: padding, windows, predictions, guidance, stitching, update."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.sampling.guidance import Prediction
from spotnb.sampling.padding import Padding, padding_of
from spotnb.sampling.run import Run
from spotnb.sampling.state import RunState
from spotnb.sampling.windows import gather, scatter
from spotnb.support.cards import Card, Shown
from spotnb.support.checks import check_int
from spotnb.tiling.clock import Clock
from spotnb.tiling.layout import Layout
from spotnb.trace.record import StepRecord

Finish = Callable[[RunState, Layout, Tensor, float, bool], StepRecord]
"""Takes the state before a step, its layout, the noise prediction, the seconds spent, and whether a prediction was
replaced. Returns the step's record."""


class Step(Shown):
    """The next step of a run, which can be driven phase by phase. `SpotSampler.begin` returns one.

    The phases, in order: Look at `layout`, `padded` and `windows`. Call `predict` for some or all tiles. Look at
    `guided`, `unguided` and `prompted`, and `replace` a prediction if you like. `noise` is the stitched prediction, and
    `x0` the clean latent that it implies. `finish` takes the step. `noise`, `x0` and `finish` predict the tiles that
    are still missing. The run does not change before `finish` returns, so a step can be abandoned or interrupted at any
    point.

    Args:
        run: The run.
        state: The state before the step.
        finish: The function that `Step.finish` calls with the result.
    """

    def __init__(self, run: Run, state: RunState, finish: Finish) -> None:
        self.run, self.state, self._finish = run, state, finish
        self.index, self.layout = state.step, run.layout(state.step)
        self.timestep = run.solver.timesteps[self.index]
        self._estimate = run.estimate(state)
        self._padded: Tensor | None = None
        self._windows: list[Tensor] | None = None
        self._predictions: dict[int, Prediction] = {}
        self._noise: Tensor | None = None
        self._finished = self._replaced = False
        self._started = time.perf_counter()

    def _text_(self) -> str:
        predicted = f"{len(self._predictions)} of {len(self.layout.tiles)} tiles predicted"
        return f"{self.index}, t={self.timestep}, shift={self.layout.shift}, {predicted}, next: {self.next_phase}"

    def _card_(self) -> Card:
        seen = {"predicted": f"{len(self._predictions)} of {len(self.layout.tiles)} tiles", "next": self.next_phase}
        return Card(repr(self), {name.capitalize(): fact for name, fact in seen.items()}, None, {"layout": self.layout})

    @property
    def clock(self) -> Clock:
        """The rates of the model."""
        return self.run.clock

    @property
    def next_phase(self) -> str:
        """The method to call next: "predict", "finish", or for a finished step "begin" of the sampler."""
        if self._finished:
            return "begin"
        return "finish" if len(self._predictions) == len(self.layout.tiles) else "predict"

    @property
    def padded(self) -> Tensor:
        """The noisy latent with padding past its ends, at the network's scale. The windows are cut from it.

        The shape is `[B, C, left + T + right, F]`. `layout.pad` holds the sizes, and `padding` the mirrored frames. The
        edge policy `reflect` mirrors the clean estimate of the previous step and adds new noise at this step's level,
        because mirrored noise would be correlated with the real noise, and the network would read it as signal. Before
        there is an estimate, it is made like the initial latent. `reflect_noisy` mirrors the noisy latent itself.
        """
        if self._padded is None:
            self._padded = self.run.padded(self.state, self.layout)
        return self._padded

    @property
    def padding(self) -> Padding:
        """The frames that are mirrored into the padding, and the tensor from which they come."""
        return padding_of(self.layout, self._estimate)

    @property
    def windows(self) -> list[Tensor]:
        """The windows that the network sees, one `[B, C, w_i, F]` per tile."""
        if self._windows is None:
            self._windows = gather(self.padded, self.layout)
        return self._windows

    def predict(self, tile: int | None = None) -> Tensor | list[Tensor]:
        """Return the guided noise prediction of one tile, `[B, C, w, F]`, or a list of those of all tiles.

        A tile goes through the network with its batch (`sampler.tile_batch` windows), so that its prediction has the
        same bits in whatever order tiles are predicted. The predictions of the other tiles in the batch are kept as
        well. Replaced predictions are not overwritten.

        Args:
            tile: The index of the tile; None predicts all tiles.

        Raises:
            InputError: There is no such tile.
            SpotnbError: The step is finished, or memory runs out even with a single window.
        """
        self._require_open("predict")
        if tile is None:
            for index in range(len(self.layout.tiles)):
                self._predict(index)
            return list(self.guided)
        index = self._check_tile(tile)
        self._predict(index)
        return self._predictions[index].eps

    def prediction(self, tile: int) -> Prediction:
        """Return the guided prediction of one tile with its two halves; it is predicted first if necessary.

        Raises the same errors as `predict`.
        """
        index = self._check_tile(tile)
        if index not in self._predictions:
            self.predict(index)
        return self._predictions[index]

    def _predict(self, tile: int) -> None:
        if tile not in self._predictions:
            predictions = self.run.denoiser.predict(self.windows, self.layout, self.timestep, tile)
            self._predictions = predictions | self._predictions

    @property
    def guided(self) -> tuple[Tensor, ...]:
        """The guided prediction of each tile, `[B, C, w_i, F]`. Raises `SpotnbError` until all tiles are predicted."""
        return tuple(prediction.eps for prediction in self._predicted("guided"))

    @property
    def prompted(self) -> tuple[Tensor, ...]:
        """The prediction of each tile with the prompt alone; of a replaced tile, what replaced it.

        Raises the same errors as `guided`.
        """
        return tuple(prediction.eps_cond for prediction in self._predicted("prompted"))

    @property
    def unguided(self) -> tuple[Tensor, ...]:
        """The prediction of each tile with the negative prompt, or without a prompt if there is none.

        Raises `SpotnbError` as `guided` does, and where there is no such prediction: at a guidance scale of 1, outside
        the guidance interval, and once a tile was replaced.
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
        """Replace the prediction of a tile, for example by zeros to see the effect of a missing tile.

        This takes effect in `noise`, `x0` and `finish`.

        Args:
            tile: The index of the tile.
            prediction: The new prediction, `[B, C, w, F]`.

        Raises:
            InputError: There is no such tile, or the prediction has another shape or holds NaN or infinity.
            SpotnbError: The step is finished.
        """
        self._require_open("replace")
        index = self._check_tile(tile)
        expected = self.windows[index].shape
        if not isinstance(prediction, Tensor) or prediction.shape != expected:
            came = f"of shape {list(prediction.shape)}" if isinstance(prediction, Tensor) else f"a {type(prediction)}"
            raise InputError(f"the prediction is {came}: expected a tensor {list(expected)}, like windows[{index}]")
        if not torch.isfinite(prediction).all():
            raise InputError("the prediction holds NaN or infinity: expected finite numbers; replace them")
        prediction = prediction.to(self.padded)
        self._predictions[index] = Prediction(prediction, None, prediction)
        self._replaced = True
        self._noise = None  # to be stitched again

    @property
    def noise(self) -> Tensor:
        """The noise prediction for the full latent, `[B, C, T, F]`, stitched from all tiles.

        Missing tiles are predicted first. Raises `SpotnbError` if the network returned NaN or infinity.
        """
        if self._noise is None:
            self.predict()
            self._noise = self.run.checked(scatter(self.guided, self.layout), self.state, self.layout)
        return self._noise

    @property
    def x0(self) -> Tensor:
        """The clean latent `[B, C, T, F]` that `noise` implies, with the kept sound in the kept frames."""
        return self.run.predict_x0(self.state, self.noise)

    def finish(self) -> StepRecord:
        """Take the step, and return its record.

        Raises:
            SpotnbError: The step is already finished, the sampler has moved on in the meantime, the network returned
                NaN or infinity, or memory ran out.
        """
        self._require_open("finish")
        noise = self.noise
        seconds = time.perf_counter() - self._started
        record = self._finish(self.state, self.layout, noise, seconds, self._replaced)
        self._finished = True
        return record

    def _require_open(self, phase: str) -> None:
        if self._finished:
            raise SpotnbError(
                f"step {self.index} is finished, so {phase} comes too late; call the sampler's begin() next"
            )

    def _check_tile(self, tile: int) -> int:
        count = len(self.layout.tiles)
        return check_int("tile", tile, 0, count - 1, hint=f"this step has {count} tiles, counted from 0")
