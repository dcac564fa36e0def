"""Edge policies, which decide what windows show at the ends of the latent, and thereby the positions of the tiles.

Each policy is one object, which everything else uses, including widgets and the command line. To add a policy to
spotnb, write a subclass of `EdgePolicy` here and add an instance to `_policies`. `spotnb.register_edge` adds one of
your own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from spotnb.errors import InputError
from spotnb.support.cards import Card, Shown
from spotnb.support.checks import show
from spotnb.tiling.picture import tiles_picture
from spotnb.tiling.tile import Tile

Padding = Literal["none", "clean estimate", "noisy latent"]


class EdgePolicy(Shown):
    """Windows lie on the grid and are W frames wide. Past the ends they show the mirrored, re-noised clean estimate.

    This is the default policy, `reflect`, and the base class of the others.

    Attributes:
        name: The name of the policy in `SpotDiffusionConfig.edge`.
        ring: Whether the end of the latent is joined to its start, so that there are no ends.
        padding: The tensor that is mirrored past the ends.
    """

    name: ClassVar[str] = "reflect"
    ring: ClassVar[bool] = False
    padding: ClassVar[Padding] = "clean estimate"

    def grain(self, time_multiple: int) -> int:
        """Return the number of frames of which every shift is a multiple."""
        return 1

    def grid(self, frames: int, width: int, shift: int, time_multiple: int) -> list[Tile]:
        """Return the tiles of a grid of cells at `shift + k * width`, for a latent longer than one tile."""
        return [
            Tile((start, start + width), (max(start, 0), min(start + width, frames)))
            for start in _cells(frames, width, shift)
        ]

    def overlapping(self, frames: int, width: int, stride: int) -> list[Tile]:
        """Return windows that start every `stride` frames. The last one ends at T. Each segment equals its window."""
        starts = [*range(0, frames - width, stride), frames - width]
        return [Tile((start, start + width), (start, start + width)) for start in starts]

    def one_window(self, frames: int, shift: int) -> Tile:
        """Return the single window over a latent that needs no tiles."""
        return Tile((0, frames), (0, frames))

    def frame_at(self, index: NDArray[np.int64], frames: int) -> NDArray[np.int64]:
        """Map positions in windows to frames of the latent, mirrored at the ends without repeating the border frame."""
        last = frames - 1
        return np.asarray(last - np.abs(last - np.abs(index)), np.int64)

    def _text_(self) -> str:
        ends = "a ring" if self.ring else "no padding" if self.padding == "none" else f"mirrors the {self.padding}"
        return f'"{self.name}", {ends}'

    def _card_(self) -> Card:
        facts = {
            "Name": self.name,
            "Meaning": " ".join((type(self).__doc__ or "").partition("\n")[0].split()),
            "Past the ends": "the other end" if self.ring else "nothing" if self.padding == "none" else self.padding,
            "Example": "768 frames in tiles of 256, shifted by 72",
        }
        return Card(repr(self), facts, tiles_picture(self.grid(768, 256, 72, 8), 768, ring=self.ring))


class NoisyReflect(EdgePolicy):
    """The same windows show the mirrored noisy latent past the ends, as in the original notebook.

    Mirrored noise is correlated with the real noise, and the network reads it as signal. This policy is kept for
    teaching.
    """

    name = "reflect_noisy"
    padding = "noisy latent"


class Anchor(EdgePolicy):
    """Windows are pushed back inside the latent, so that a short segment at an end borrows real neighbors."""

    name = "anchor"
    padding = "none"

    def grid(self, frames: int, width: int, shift: int, time_multiple: int) -> list[Tile]:
        """Return the same segments as `reflect`, each seen through a window that lies inside the latent."""
        tiles = []
        for cell in _cells(frames, width, shift):
            start = min(max(cell, 0), frames - width)
            tiles.append(Tile((start, start + width), (max(cell, 0), min(cell + width, frames))))
        return tiles


class Merge(EdgePolicy):
    """A cell with less than half of its frames inside the latent is merged with its neighbor.

    No frame is seen twice and none is padded, so a step costs exactly T frames.
    """

    name = "merge"
    padding = "none"

    def grain(self, time_multiple: int) -> int:
        """Return `time_multiple`: windows are cut at the shifts, and the network takes only its multiples."""
        return time_multiple

    def grid(self, frames: int, width: int, shift: int, time_multiple: int) -> list[Tile]:
        """Return windows that are W/2 to 3W/2 long, to within `time_multiple`. All cuts and `shift` are its multiples.

        A latent that is hardly longer than W may stay in one piece, if the only cut would be rounded down to 0.
        """
        first = shift if 2 * shift >= width else shift + width
        last = (2 * frames - width) // 2  # floor(T - W/2): a cut beyond it leaves less than half a tile
        cuts = list(range(first, last + 1, width))
        if not cuts and (only := last // time_multiple * time_multiple):
            cuts = [only]
        return [Tile(part, part) for part in zip([0, *cuts], [*cuts, frames], strict=True)]


class Circular(EdgePolicy):
    """The ring of the paper: the end of the latent is joined to its start, for sounds that loop."""

    name = "circular"
    ring = True
    padding = "none"

    def grid(self, frames: int, width: int, shift: int, time_multiple: int) -> list[Tile]:
        """Return `ceil(T / W)` segments of nearly equal length, turned by `shift`, each centered in its window."""
        count = -(-frames // width)
        tiles = []
        for k in range(count):
            begin, end = k * frames // count, (k + 1) * frames // count
            start, length = (begin + shift) % frames, end - begin
            seen = start - (width - length) // 2
            tiles.append(Tile((seen, seen + width), (start, start + length)))
        return sorted(tiles, key=lambda tile: tile.segment)

    def overlapping(self, frames: int, width: int, stride: int) -> list[Tile]:
        """Return windows spread evenly around the ring, at most `stride` frames apart."""
        count = -(-frames // stride)
        starts = [k * frames // count for k in range(count)]
        return [Tile((start, start + width), (start, start + width)) for start in starts]

    def one_window(self, frames: int, shift: int) -> Tile:
        """Return a window over the complete ring, turned by `shift`, so that it does not always meet itself at 0."""
        start = shift % frames
        return Tile((start, start + frames), (start, start + frames))

    def frame_at(self, index: NDArray[np.int64], frames: int) -> NDArray[np.int64]:
        """Map positions in windows to frames of the latent, around the ring."""
        return np.asarray(index % frames, np.int64)


def _cells(frames: int, width: int, shift: int) -> range:
    """Return the starts of the grid's cells that reach into the latent."""
    return range(-(-shift % width), frames, width)


_policies = {policy.name: policy for policy in (EdgePolicy(), Anchor(), Merge(), Circular(), NoisyReflect())}

EDGES = tuple(_policies)
"""The names of spotnb's own edge policies. The first is the default."""

POLICIES: Mapping[str, EdgePolicy] = MappingProxyType(_policies)
"""Every edge policy by its name, including those that `spotnb.register_edge` has added to this process."""


def check_edge(edge: object) -> str:
    """Return `edge` if it names an edge policy. Raises `InputError` otherwise."""
    if isinstance(edge, str) and edge in POLICIES:
        return str(edge)
    raise InputError(
        f"edge is {show(edge)}: expected one of {', '.join(POLICIES)}; "
        "choose one of these, or one of your own (see register_edge)"
    )


def put(name: str, policy: EdgePolicy | None) -> EdgePolicy | None:
    """Let a name stand for a policy, or for none, and return the policy that it stood for."""
    before = _policies.pop(name, None)
    if policy is not None:
        _policies[name] = policy
    return before
