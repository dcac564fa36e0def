"""Cutting of a padded latent into windows, and stitching of their predictions into one for the full length.

Nothing is rolled, so nothing has to be rolled back. A window is read at its own position, which may be in the padding
or around the ring, and the segment of its tile is written at its own position.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spotnb.models.shelter import shelter
from spotnb.tiling.layout import Layout


@shelter
def gather(padded: Tensor, layout: Layout) -> list[Tensor]:
    """Return the windows `[B, C, w_i, F]` of a padded latent. A window is a view unless it wraps around a ring."""
    left, length = layout.pad[0], padded.shape[2]
    windows = []
    for tile in layout.tiles:
        start, stop = tile.window[0] + left, tile.window[1] + left
        if start >= 0 and stop <= length:
            windows.append(padded[:, :, start:stop])
        else:  # around the ring
            around = torch.from_numpy(layout.frame_at(np.arange(*tile.window)))
            windows.append(padded[:, :, around.to(padded.device)])
    return windows


def batches(layout: Layout, size: int) -> list[tuple[int, ...]]:
    """Return the tiles that go through the network together: up to `size` of equal width, in order."""
    groups: dict[int, list[int]] = {}
    for index, width in enumerate(layout.widths):
        groups.setdefault(width, []).append(index)
    return [tuple(same[i : i + size]) for same in groups.values() for i in range(0, len(same), size)]


def sum_weighted(parts: Sequence[Tensor], weights: Sequence[Tensor | None]) -> Tensor:
    """Return the weighted sum of tensors `[B, C, w, F]`, with one weight per frame `[w]`; None means 1."""
    total = torch.zeros_like(parts[0])
    for part, weight in zip(parts, weights, strict=True):
        total += part if weight is None else part * weight.to(part)[None, None, :, None]
    return total


class Stitch:
    """Stitches the predictions of windows into one prediction `[B, C, T, F]` for the full latent.

    Each frame comes from the segment that owns it. If several segments own it, their predictions are averaged, or
    cross-faded if the layout is blended, and they are summed in the order in which they are added.

    Args:
        layout: The tiles of the step.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.averaged = layout.method == "multidiffusion" and len(layout.tiles) > 1
        self._shares = layout.shares if layout.blended else None
        self._whole: Tensor | None = None

    def add(self, tile: int, prediction: Tensor) -> None:
        """Add the prediction for a tile's window, `[B, C, w, F]`."""
        frames, (start, stop) = self.layout.frames, self.layout.tiles[tile].segment
        if self._whole is None:
            self._whole = prediction.new_zeros(*prediction.shape[:2], frames, prediction.shape[3])
        put = Tensor.copy_ if self._shares is None and not self.averaged else Tensor.add_
        offset, inside = start - self.layout.tiles[tile].window[0], min(stop, frames)
        owned = prediction[:, :, offset : offset + stop - start]
        if self._shares is not None:
            owned = owned * torch.from_numpy(self._shares[tile]).to(owned)[None, None, :, None]
        put(self._whole[:, :, start:inside], owned[:, :, : inside - start])
        if stop > inside:  # around the ring
            put(self._whole[:, :, : stop - inside], owned[:, :, inside - start :])

    def whole(self) -> Tensor:
        """Return the result. Call this once, after all tiles have been added."""
        assert self._whole is not None
        if self.averaged:
            self._whole /= torch.from_numpy(self.layout.coverage).to(self._whole)[None, None, :, None]
        return self._whole


@shelter
def scatter(predictions: Sequence[Tensor], layout: Layout) -> Tensor:
    """Return the prediction for the full latent, `[B, C, T, F]`, from the predictions of all windows."""
    stitch = Stitch(layout)
    for tile, prediction in enumerate(predictions):
        stitch.add(tile, prediction)
    return stitch.whole()
