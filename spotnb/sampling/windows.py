"""From a padded latent to windows, and from the windows' predictions back to one for the full length.

Nothing is rolled, so nothing has to be rolled back. A window is read where it lies, in the padding or around the ring
too, and what its tile owns is written where that lies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spotnb.tiling.layout import Layout


def gather(padded: Tensor, layout: Layout) -> list[Tensor]:
    """The windows `[B, C, w_i, F]` of a padded latent, each a view where it lies in one piece."""
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
    """Tiles that go through the network together: up to `size` at a time, all of one width, in order."""
    groups: dict[int, list[int]] = {}
    for index, width in enumerate(layout.widths):
        groups.setdefault(width, []).append(index)
    return [tuple(same[i : i + size]) for same in groups.values() for i in range(0, len(same), size)]


def sum_weighted(parts: Sequence[Tensor], weights: Sequence[Tensor | None]) -> Tensor:
    """The sum of `[B, C, w, F]` parts, each times its weight at every frame `[w]`; None is 1."""
    total = torch.zeros_like(parts[0])
    for part, weight in zip(parts, weights, strict=True):
        total += part if weight is None else part * weight.to(part)[None, None, :, None]
    return total


class Stitch:
    """One prediction `[B, C, T, F]` for the whole latent, put together window by window.

    Each frame is that of the segment that owns it, or the average of those that do, added up in the order they come.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.averaged = layout.method == "multidiffusion" and len(layout.tiles) > 1
        self._whole: Tensor | None = None

    def add(self, tile: int, prediction: Tensor) -> None:
        """What is predicted in a tile's window, `[B, C, w, F]`."""
        frames, (start, stop) = self.layout.frames, self.layout.tiles[tile].segment
        if self._whole is None:
            self._whole = prediction.new_zeros(*prediction.shape[:2], frames, prediction.shape[3])
        put = Tensor.add_ if self.averaged else Tensor.copy_
        offset, inside = start - self.layout.tiles[tile].window[0], min(stop, frames)
        owned = prediction[:, :, offset : offset + stop - start]
        put(self._whole[:, :, start:inside], owned[:, :, : inside - start])
        if stop > inside:  # around the ring
            put(self._whole[:, :, : stop - inside], owned[:, :, inside - start :])

    def whole(self) -> Tensor:
        """The result, once all tiles are there."""
        assert self._whole is not None
        if self.averaged:
            self._whole /= torch.from_numpy(self.layout.coverage).to(self._whole)[None, None, :, None]
        return self._whole


def scatter(predictions: Sequence[Tensor], layout: Layout) -> Tensor:
    """One prediction `[B, C, T, F]` from those of all windows: each frame from the segments that own it, averaged."""
    stitch = Stitch(layout)
    for tile, prediction in enumerate(predictions):
        stitch.add(tile, prediction)
    return stitch.whole()
