"""How a long latent is cut into tiles: the numbers a person may turn, and the checks on them.

Only the standard library is imported here, so that a configuration costs nothing to make.
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

    Sizes are latent frames, 40 ms each. Numpy integers are accepted and kept as plain `int`.

    Args:
        tile_size_time: W, what the network sees in one forward pass. 256 is the length AudioLDM was trained on;
            it must be a multiple of the model's `time_multiple`, which `plan` checks.
        min_overlap: least overlap of neighbouring windows; only the `multidiffusion` method overlaps any.
            None is half a tile, the choice of MultiDiffusion (Bar-Tal et al. 2023, arXiv:2302.08113).
        max_shift_ratio: the grid moves by 0 to W times this each step. At 0.5 a seam already wanders over half of
            every tile; at 1.0 over all of it.
        edge: what a window shows where it reaches past the ends of the audio, one of `EDGES`. `reflect` keeps every
            window on the grid and W wide.
        shift_seed: key of the shifts' own random stream; changing it moves no other draw of a run.
        shift_schedule: the order of the shifts, one of `SHIFT_SCHEDULES`; `random` is the paper's.

    Raises:
        InputError: a value is of the wrong kind or outside its limits.

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
            hint = "it must be smaller than tile_size_time; None takes half a tile"
            overlap = check_int("min_overlap", overlap, 0, tile - 1, hint=hint)
        hint = "it is a share of a tile: 0.5 moves the grid by up to half of one"
        checked = {
            "tile_size_time": tile,
            "min_overlap": overlap,
            "max_shift_ratio": check_real("max_shift_ratio", self.max_shift_ratio, 0, 1, hint=hint),
            "edge": check_name("edge", self.edge, EDGES),
            "shift_seed": check_int("shift_seed", self.shift_seed, 0, hint="any such number gives its own shifts"),
            "shift_schedule": check_name("shift_schedule", self.shift_schedule, SHIFT_SCHEDULES),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)  # the dataclass is frozen for everybody else

    @property
    def max_shift(self) -> int:
        """The largest shift in frames, `floor(tile_size_time * max_shift_ratio)`."""
        return math.floor(self.tile_size_time * self.max_shift_ratio)

    @property
    def overlap(self) -> int:
        """`min_overlap` in frames, with None resolved to half a tile, rounded down."""
        return self.tile_size_time // 2 if self.min_overlap is None else self.min_overlap


def should_use_spotdiffusion(latent_size: int, config: SpotDiffusionConfig) -> bool:
    """Whether a latent of `latent_size` frames is longer than one tile; if not, plain DDIM does it in one window.

    Raises:
        InputError: `latent_size` is no whole number, or negative.

    >>> should_use_spotdiffusion(768, SpotDiffusionConfig()), should_use_spotdiffusion(256, SpotDiffusionConfig())
    (True, False)
    """
    size = check_int("latent_size", latent_size, 0, hint="duration_to_latent_t_size(seconds) gives it")
    return size > config.tile_size_time
