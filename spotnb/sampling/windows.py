"""The noise prediction over a layout: gather windows, run the network on each, scatter segments.

Nothing is rolled, so nothing has to be rolled back: a window is read where it lies, with padding or around the ring,
and what it owns is written where that lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from spotnb.models.protocol import AudioModel
from spotnb.sampling.guidance import Guide
from spotnb.tiling.layout import Layout


def pad_latent(x: Tensor, layout: Layout, left: Tensor | None = None, right: Tensor | None = None) -> Tensor:
    """`x` `[B, C, T, F]` with `layout.pad` frames of `left` and `right` put at its ends."""
    parts = [part for part in (left, x, right) if part is not None and part.shape[2]]
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)


def mirror(x: Tensor, left: int, right: int) -> tuple[Tensor, Tensor]:
    """What lies past the ends of `x` `[B, C, T, F]`, mirrored as torch's `reflect`: the border frame not repeated."""
    frames = x.shape[2]
    return x[:, :, 1 : left + 1].flip(2), x[:, :, frames - 1 - right : frames - 1].flip(2)


def mirrored_frames(layout: Layout) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which frames `mirror` puts before the first and after the last one, in the order they stand there."""
    (left, right), last = layout.pad, layout.frames - 1
    return tuple(range(left, 0, -1)), tuple(range(last - 1, last - 1 - right, -1))


def gather(padded: Tensor, layout: Layout) -> list[Tensor]:
    """The windows `[B, C, w_i, F]` of a padded latent, each a view where it lies in one piece."""
    left, length = layout.pad[0], padded.shape[2]
    windows = []
    for tile in layout.tiles:
        start, stop = tile.window[0] + left, tile.window[1] + left
        if start >= 0 and stop <= length:
            windows.append(padded[:, :, start:stop])
        else:  # around the ring
            windows.append(padded[:, :, torch.arange(start, stop, device=padded.device) % layout.frames])
    return windows


def batches(layout: Layout, size: int) -> list[tuple[int, ...]]:
    """Tiles that go through the network together: up to `size` at a time, all of one width, in order."""
    groups: dict[int, list[int]] = {}
    for index, width in enumerate(layout.widths):
        groups.setdefault(width, []).append(index)
    return [tuple(same[i : i + size]) for same in groups.values() for i in range(0, len(same), size)]


class Prediction(NamedTuple):
    """The noise predicted in one window, each `[B, C, w, F]`.

    Without guidance (a scale of 1) there is no unguided half, and `guided` is `prompted`.
    """

    guided: Tensor
    unguided: Tensor | None
    prompted: Tensor


def guided_noise(
    model: AudioModel,
    windows: Sequence[Tensor],
    timestep: int,
    guides: Sequence[Guide],
    starts: Sequence[int],
    cond: Tensor,
    uncond: Tensor,
    scale: float,
) -> list[Prediction]:
    """The guided noise of windows of one width, each `[B, C, w, F]`, in one forward pass of the network.

    Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598): `u + scale * (c - u)`, with `uncond` `[1, D]` and
    `cond` `[P, D]`, of which `guides` tells the rows for each window. Where several prompts guide a window, c is their
    mean by the frame's weights. At a scale of 1 the result is c, and the unguided half is not computed. `starts` tells
    the frame that each window begins at, for models that ask (`AudioModel`).
    """
    size, paired = windows[0].shape[0], scale != 1
    inputs = list(windows) if paired else []
    rows, places = [uncond] * len(inputs), list(starts) if paired else []
    for window, guide, start in zip(windows, guides, starts, strict=True):
        inputs += [window] * len(guide)
        rows += [cond[row : row + 1] for row, _ in guide]
        places += [start] * len(guide)
    x = torch.cat(inputs) if len(inputs) > 1 else inputs[0]
    told = torch.cat([row.expand(size, -1) for row in rows])
    if (place := getattr(model, "place", None)) is not None:
        told = place(told, torch.tensor(places).repeat_interleave(size))
    t = torch.full((len(x),), timestep, dtype=torch.long, device=x.device)
    outputs = list(torch.split(model.predict_noise(x, t, told), size))
    unguided = outputs[: len(windows)] if paired else [None] * len(windows)
    outputs = outputs[len(windows) :] if paired else outputs
    predictions = []
    for away, guide in zip(unguided, guides, strict=True):
        own, outputs = outputs[: len(guide)], outputs[len(guide) :]
        prompted = own[0]
        if len(guide) > 1:
            prompted = sum_weighted(own, [weight for _, weight in guide])
        guided = prompted if away is None else torch.lerp(away, prompted, scale)
        predictions.append(Prediction(guided, away, prompted))
    return predictions


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
