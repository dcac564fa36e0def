"""The settings that control how a long latent is cut into tiles, and their checks.

This module imports only the standard library, so creating a configuration is fast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from spotnb.support.checks import check_int, check_name, check_real

METHODS = ("spot", "tiles", "multidiffusion", "full")
EDGES = ("reflect", "anchor", "merge", "circular", "reflect_noisy")
SHIFT_SCHEDULES = ("random", "alternate", "fibonacci", "sorted")


@dataclass(frozen=True)
class SpotDiffusionConfig:
    """How SpotDiffusion (Frolov et al. 2024, arXiv:2407.15507) tiles a latent in time.

    Sizes are in latent frames of 40 ms. Numpy integers are accepted and stored as plain `int`.

    Args:
        tile_size_time: Tile size W, the number of frames that the network sees in one forward pass. The default of 256
            is the length AudioLDM was trained on. It must be a multiple of the model's `time_multiple`, which `plan`
            checks.
        min_overlap: Minimum overlap of neighboring windows, used only by the `multidiffusion` method. None means half
            a tile, as in MultiDiffusion (Bar-Tal et al. 2023, arXiv:2302.08113).
        max_shift_ratio: Largest shift of the grid as a fraction of W. At 0.5, seams cover half of every tile over a
            run; at 1.0, they cover all of it.
        edge: Edge policy, one of `EDGES`: what a window sees beyond the ends of the audio. With the default
            `reflect`, every window lies on the grid and is W frames wide.
        shift_seed: Seed of the random shifts. It has its own random stream, so changing it affects no other draw.
        shift_schedule: Order of the shifts, one of `SHIFT_SCHEDULES`; `random` is the schedule of the paper.

    Raises:
        InputError: A value has the wrong type or is out of range.

    >>> SpotDiffusionConfig(tile_size_time=128).max_shift
    64
    """

    tile_size_time: int = 256
    min_overlap: int | None = None
    max_shift_ratio: float = 0.5
    edge: str = "reflect"
    shift_seed: int = 0
    shift_schedule: str = "random"

    def __post_init__(self) -> None:
        tile = check_int("tile_size_time", self.tile_size_time, 1, hint="256 frames suit AudioLDM")
        overlap = self.min_overlap
        if overlap is not None:
            hint = "it must be smaller than tile_size_time; None means half a tile"
            overlap = check_int("min_overlap", overlap, 0, tile - 1, hint=hint)
        hint = "it is a fraction of a tile: 0.5 moves the grid by up to half a tile"
        checked = {
            "tile_size_time": tile,
            "min_overlap": overlap,
            "max_shift_ratio": check_real("max_shift_ratio", self.max_shift_ratio, 0, 1, hint=hint),
            "edge": check_name("edge", self.edge, EDGES),
            "shift_seed": check_int("shift_seed", self.shift_seed, 0, hint="each number gives different shifts"),
            "shift_schedule": check_name("shift_schedule", self.shift_schedule, SHIFT_SCHEDULES),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)  # the dataclass is frozen

    @property
    def max_shift(self) -> int:
        """The largest shift in frames, `floor(tile_size_time * max_shift_ratio)`."""
        return math.floor(self.tile_size_time * self.max_shift_ratio)

    @property
    def overlap(self) -> int:
        """The overlap in frames: `min_overlap`, or half a tile rounded down if that is None."""
        return self.tile_size_time // 2 if self.min_overlap is None else self.min_overlap


def should_use_spotdiffusion(latent_size: int, config: SpotDiffusionConfig) -> bool:
    """Return whether a latent of `latent_size` frames is longer than one tile.

    If it is not, plain DDIM covers it with a single window.

    Raises:
        InputError: `latent_size` is negative or not a whole number.

    >>> should_use_spotdiffusion(768, SpotDiffusionConfig()), should_use_spotdiffusion(256, SpotDiffusionConfig())
    (True, False)
    """
    size = check_int("latent_size", latent_size, 0, hint="duration_to_latent_t_size(seconds) computes it")
    return size > config.tile_size_time
