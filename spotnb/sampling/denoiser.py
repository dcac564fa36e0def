"""The network with guidance around it: windows in, predicted noise out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from spotnb.errors import SpotnbError
from spotnb.models.protocol import AudioModel, takes_starts
from spotnb.sampling.guidance import Guidance, Guide, Prediction, Prompts, classifier_free
from spotnb.sampling.reconstruction import KnownFrames, known_frames, reconstructed
from spotnb.sampling.source import Source
from spotnb.sampling.windows import batches, sum_weighted
from spotnb.tiling.layout import Layout

log = logging.getLogger(__name__)

DEFAULT_TILE_BATCH = 2
"""Windows per forward pass of a model that has no `tile_batch` of its own."""


@dataclass
class Denoiser:
    """Predicts the guided noise in windows.

    Attributes:
        model: Predicts the noise.
        prompts: What it is conditioned on.
        guidance: When guidance is active, and how strong.
        tile_batch: Windows per forward pass. It is halved for good when a device runs out of memory.
        source: Known sound that new frames are drawn toward, if any.
        reconstruction_scale: How strongly; 0 is not at all.
    """

    model: AudioModel
    prompts: Prompts
    guidance: Guidance
    tile_batch: int
    source: Source | None = None
    reconstruction_scale: float = 0.0
    takes_starts: bool = field(init=False)

    def __post_init__(self) -> None:
        self.takes_starts = takes_starts(self.model)

    def predict(self, windows: Sequence[Tensor], layout: Layout, timestep: int, tile: int) -> dict[int, Prediction]:
        """Predict the noise in a tile's window, together with those of its batch.

        A tile always goes through the network with the same others, so that it gets the same bits however it is asked
        for.

        Args:
            windows: All windows of the step, each `[B, C, w_i, F]`.
            layout: The tiles of the step.
            timestep: The timestep.
            tile: The number of the tile.

        Returns:
            The predictions of the batch, by tile.

        Raises:
            SpotnbError: Memory runs out with a single window.
        """
        while True:
            batch = next(batch for batch in batches(layout, self.tile_batch) if tile in batch)
            try:
                return self.predict_batch(windows, layout, timestep, batch)
            except torch.OutOfMemoryError as error:
                self._halve(error, windows[tile].shape[2])

    def predict_batch(
        self, windows: Sequence[Tensor], layout: Layout, timestep: int, batch: Sequence[int]
    ) -> dict[int, Prediction]:
        """Predict the noise in windows of one width; those that cross a border of kept sound go alone."""
        crossing = {tile: known for tile in batch if (known := self.known_frames(layout, tile))}
        plain = [tile for tile in batch if tile not in crossing]
        predictions: dict[int, Prediction] = {}
        if plain:
            guides = [self.prompts.guides(layout, tile) for tile in plain]
            starts = [layout.tiles[tile].window[0] for tile in plain]
            outputs = self.guided([windows[tile] for tile in plain], timestep, guides, starts)
            predictions = dict(zip(plain, outputs, strict=True))
        for tile, known in crossing.items():
            predictions[tile] = self._reconstructed(windows[tile], layout, timestep, tile, known)
        return predictions

    def guided(
        self, windows: Sequence[Tensor], timestep: int, guides: Sequence[Sequence[Guide]], starts: Sequence[int]
    ) -> list[Prediction]:
        """Predict the noise in windows of one width, each `[B, C, w, F]`, in one forward pass of the network.

        Args:
            windows: The windows.
            timestep: The timestep.
            guides: The prompts that guide each window. Where there are several, `eps_cond` is their mean, weighted
                frame by frame.
            starts: The frame at which each window begins, for models whose `predict_noise` takes `starts`.
        """
        size, paired = windows[0].shape[0], self.guidance.active(timestep)
        # First the windows without the prompt, then each window once for every prompt that guides it.
        inputs, rows, places = [], [], []
        for window, start in zip(windows if paired else (), starts, strict=False):
            inputs.append(window)
            rows += _for_candidates(self.prompts.negative, size)
            places += [start] * size
        for window, guide, start in zip(windows, guides, starts, strict=True):
            for prompt in guide:
                inputs.append(window)
                rows += _for_candidates(prompt.rows, size)
                places += [start] * size
        outputs = iter(torch.split(self._network(inputs, timestep, rows, places), size))
        eps_uncond = [next(outputs) if paired else None for _ in windows]
        return [
            classifier_free(without, self._mean(guide, [next(outputs) for _ in guide]), self.guidance.scale)
            for without, guide in zip(eps_uncond, guides, strict=True)
        ]

    def _network(self, inputs: Sequence[Tensor], timestep: int, rows: list[int], starts: list[int]) -> Tensor:
        x = torch.cat(list(inputs)) if len(inputs) > 1 else inputs[0]
        t = torch.full((len(x),), timestep, dtype=torch.long, device=x.device)
        options: dict[str, Any] = {"starts": torch.tensor(starts)} if self.takes_starts else {}
        return self.model.predict_noise(x, t, self.prompts.conditioning[rows], **options)

    @staticmethod
    def _mean(guide: Sequence[Guide], outputs: list[Tensor]) -> Tensor:
        return outputs[0] if len(outputs) == 1 else sum_weighted(outputs, [prompt.weights for prompt in guide])

    def known_frames(self, layout: Layout, tile: int) -> KnownFrames | None:
        """Return what a tile's window knows, where that takes part in its prediction."""
        if self.source is None or not self.reconstruction_scale:
            return None
        return known_frames(self.source, layout, tile)

    def _reconstructed(
        self, window: Tensor, layout: Layout, timestep: int, tile: int, known: KnownFrames
    ) -> Prediction:
        guides, start = self.prompts.guides(layout, tile), layout.tiles[tile].window[0]
        return reconstructed(
            lambda x: self.guided([x], timestep, [guides], [start])[0],
            window,
            known,
            alpha_bar=float(self.model.alphas_cumprod[timestep]),
            scale=self.reconstruction_scale,
        )

    def _halve(self, error: BaseException, width: int) -> None:
        if self.tile_batch == 1:
            raise SpotnbError(
                f"out of memory on {self.model.device} with one window of {width} frames at a time; use a smaller "
                "tile_size_time, dtype bf16 or another device"
            ) from error
        self.tile_batch //= 2
        if self.model.device.type == "cuda":
            torch.cuda.empty_cache()
        log.warning("out of memory on %s: going on with tile_batch=%d", self.model.device, self.tile_batch)


def _for_candidates(rows: tuple[int, ...], size: int) -> list[int]:
    return list(rows) if len(rows) == size else [*rows] * size
