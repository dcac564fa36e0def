"""The noise prediction over a layout: gather windows, run the network on each, scatter segments.

Nothing is rolled, so nothing has to be rolled back: a window is read where it lies, with padding or around the ring,
and what it owns is written where that lies.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spotnb.layout import Layout
from spotnb.models.protocol import AudioModel


def pad_latent(x: Tensor, layout: Layout, left: Tensor | None = None, right: Tensor | None = None) -> Tensor:
    """`x` `[B, C, T, F]` with `layout.pad` frames of `left` and `right` put at its ends."""
    parts = [part for part in (left, x, right) if part is not None and part.shape[2]]
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)


def mirror(x: Tensor, left: int, right: int) -> tuple[Tensor, Tensor]:
    """What lies past the ends of `x` `[B, C, T, F]`, mirrored as torch's `reflect`: the border frame not repeated."""
    frames = x.shape[2]
    return x[:, :, 1 : left + 1].flip(2), x[:, :, frames - 1 - right : frames - 1].flip(2)


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


def guided_noise(
    model: AudioModel, windows: Sequence[Tensor], timestep: int, cond: Tensor, uncond: Tensor, scale: float
) -> list[Tensor]:
    """The guided noise of windows of one width, each `[B, C, w, F]`, in one forward pass of the network.

    Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598): `u + scale * (c - u)`, with `cond` and `uncond`
    `[B, D]`. At a scale of 1 that is c, and the unconditional half is not computed.
    """
    count, size = len(windows), windows[0].shape[0]
    x = torch.cat(list(windows)) if count > 1 else windows[0]
    halves = [cond.repeat(count, 1)] if scale == 1 else [uncond.repeat(count, 1), cond.repeat(count, 1)]
    t = torch.full((len(x) * len(halves),), timestep, dtype=torch.long, device=x.device)
    out = model.predict_noise(torch.cat([x] * len(halves)) if len(halves) > 1 else x, t, torch.cat(halves))
    if len(halves) > 1:
        unguided, prompted = out.chunk(2)
        out = torch.lerp(unguided, prompted, scale)
    return list(torch.split(out, size))


def scatter(predictions: Sequence[Tensor], layout: Layout) -> Tensor:
    """One prediction `[B, C, T, F]` from those of all windows: each frame from the segments that own it, averaged."""
    first = predictions[0]
    out = first.new_zeros(*first.shape[:2], layout.frames, first.shape[3])
    averaged = layout.method == "multidiffusion" and len(layout.tiles) > 1
    add = Tensor.add_ if averaged else Tensor.copy_
    for tile, prediction in zip(layout.tiles, predictions, strict=True):
        (start, stop), offset = tile.segment, tile.segment[0] - tile.window[0]
        owned = prediction[:, :, offset : offset + stop - start]
        inside = min(stop, layout.frames)
        add(out[:, :, start:inside], owned[:, :, : inside - start])
        if stop > inside:  # around the ring
            add(out[:, :, : stop - inside], owned[:, :, inside - start :])
    if averaged:
        out /= torch.from_numpy(layout.coverage).to(out)[None, None, :, None]
    return out
