"""The network with guidance: windows in, noise predictions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from spotnb.models.border import place, predict_noise
from spotnb.models.memory import halved, require_several
from spotnb.models.protocol import AudioModel
from spotnb.models.shelter import shelter
from spotnb.sampling.guidance import Guidance, Guide, Prediction, Prompts, classifier_free
from spotnb.sampling.reconstruction import KnownFrames, known_frames, reconstructed
from spotnb.sampling.source import Source
from spotnb.sampling.windows import batches, sum_weighted
from spotnb.support.cards import Shown, count, joined
from spotnb.tiling.layout import Layout

DEFAULT_TILE_BATCH = 2
"""Windows per forward pass if the model has no `tile_batch` attribute."""


@dataclass(repr=False)
class Denoiser(Shown):
    """Predicts the guided noise in windows.

    Attributes:
        model: The model that predicts the noise.
        prompts: The conditioning.
        guidance: When guidance is active, and how strong it is.
        tile_batch: Windows per forward pass. It is halved permanently when a device runs out of memory.
        source: Known sound that guides the new frames, if any.
        reconstruction_scale: The strength of that guidance; 0 turns it off.
    """

    model: AudioModel
    prompts: Prompts
    guidance: Guidance
    tile_batch: int
    source: Source | None = None
    reconstruction_scale: float = 0.0

    def _text_(self) -> str:
        guidance = f"guidance {self.guidance.scale:g}"
        return joined(guidance, f"{count(self.tile_batch, 'window')} per forward pass", repr(self.prompts))

    @shelter
    def predict(self, windows: Sequence[Tensor], layout: Layout, timestep: int, tile: int) -> dict[int, Prediction]:
        """Predict the noise in a tile's window and in the other windows of its batch.

        A tile always goes through the network with the same other tiles, so that its prediction has the same bits in
        whatever order tiles are predicted.

        Args:
            windows: All windows of the step, each `[B, C, w_i, F]`.
            layout: The tiles of the step.
            timestep: The timestep.
            tile: The index of the tile.

        Returns:
            The predictions of the batch, by tile.

        Raises:
            SpotnbError: Memory runs out even with a single window.
        """
        while True:
            batch = next(batch for batch in batches(layout, self.tile_batch) if tile in batch)
            try:
                return self.predict_batch(windows, layout, timestep, batch)
            except (RuntimeError, MemoryError) as error:
                what = f"window of {windows[tile].shape[2]} frames"
                require_several(error, self.tile_batch, self.model.device, what)
            self.tile_batch = halved(self.tile_batch, self.model.device)

    def predict_batch(
        self, windows: Sequence[Tensor], layout: Layout, timestep: int, batch: Sequence[int]
    ) -> dict[int, Prediction]:
        """Predict the noise in windows of equal width. Windows with both kept and new sound are predicted alone."""
        crossing = {tile: known for tile in batch if (known := self.known_frames(layout, tile))}
        plain = [tile for tile in batch if tile not in crossing]
        predictions: dict[int, Prediction] = {}
        if plain:
            guides = [self.prompts.guides(layout, tile) for tile in plain]
            starts = [layout.tiles[tile].window[0] for tile in plain]
            outputs = self.guided([windows[tile] for tile in plain], timestep, guides, starts, layout.frames)
            predictions = dict(zip(plain, outputs, strict=True))
        for tile, known in crossing.items():
            predictions[tile] = self._reconstructed(windows[tile], layout, timestep, tile, known)
        return predictions

    def guided(
        self,
        windows: Sequence[Tensor],
        timestep: int,
        guides: Sequence[Sequence[Guide]],
        starts: Sequence[int],
        frames: int,
    ) -> list[Prediction]:
        """Predict the noise in windows of equal width in one forward pass of the network.

        Args:
            windows: The windows, each `[B, C, w, F]`.
            timestep: The timestep.
            guides: The prompts that guide each window. If there are several, `eps_cond` is the mean of their
                predictions, weighted frame by frame.
            starts: The frame at which each window begins.
            frames: The length of the piece in latent frames. Both are for models that have `place`.

        Returns:
            The prediction for each window.
        """
        size, paired = windows[0].shape[0], self.guidance.active(timestep)
        # First all windows without a prompt, then each window once for every prompt that guides it.
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
        outputs = iter(torch.split(self._network(inputs, timestep, rows, places, frames), size))
        eps_uncond = [next(outputs) if paired else None for _ in windows]
        return [
            classifier_free(without, self._mean(guide, [next(outputs) for _ in guide]), self.guidance.scale)
            for without, guide in zip(eps_uncond, guides, strict=True)
        ]

    def _network(
        self, inputs: Sequence[Tensor], timestep: int, rows: list[int], starts: list[int], frames: int
    ) -> Tensor:
        x = torch.cat(list(inputs)) if len(inputs) > 1 else inputs[0]
        t = torch.full((len(x),), timestep, dtype=torch.long, device=x.device)
        return predict_noise(self.model, x, t, place(self.model, self.prompts.conditioning[rows], starts, frames))

    @staticmethod
    def _mean(guide: Sequence[Guide], outputs: list[Tensor]) -> Tensor:
        return outputs[0] if len(outputs) == 1 else sum_weighted(outputs, [prompt.weights for prompt in guide])

    def known_frames(self, layout: Layout, tile: int) -> KnownFrames | None:
        """Return the kept frames in a tile's window, or None if they do not guide its prediction."""
        if self.source is None or not self.reconstruction_scale:
            return None
        return known_frames(self.source, layout, tile)

    def _reconstructed(
        self, window: Tensor, layout: Layout, timestep: int, tile: int, known: KnownFrames
    ) -> Prediction:
        guides, start = self.prompts.guides(layout, tile), layout.tiles[tile].window[0]
        return reconstructed(
            lambda x: self.guided([x], timestep, [guides], [start], layout.frames)[0],
            window,
            known,
            alpha_bar=float(self.model.alphas_cumprod[timestep]),
            scale=self.reconstruction_scale,
        )


def _for_candidates(rows: tuple[int, ...], size: int) -> list[int]:
    return list(rows) if len(rows) == size else [*rows] * size
