"""How a long latent is cut into tiles: the numbers a person may turn, and the checks on them.

Only the standard library is imported here, so that a configuration costs nothing to make.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from spotnb.support.checks import check_int, check_name, check_real
from spotnb.support.options import check_options, documented, option
from spotnb.tiling.edges import EDGES, POLICIES, EdgePolicy

METHODS = ("spot", "tiles", "multidiffusion", "full")
SHARE = "it is a share of a tile: 0.5 moves the grid by up to half of one"
SHIFT_SCHEDULES = ("random", "alternate", "fibonacci", "sorted")


@dataclass(frozen=True)
class SpotDiffusionConfig:
    tile_size_time: int = option(
        256,
        check=lambda size: check_int("tile_size_time", size, 1, hint="256 frames suit AudioLDM"),
        kind="whole",
        help="W, the number of latent frames the network sees in one forward pass. 256 is the length AudioLDM was "
        "trained on. It must be a multiple of the model's `time_multiple`, which `plan` checks.",
    )
    min_overlap: int | None = option(
        None,
        check=lambda overlap: overlap,  # checked against the tile size below
        kind="whole",
        help="Smallest overlap of neighboring windows, in latent frames; only the method multidiffusion has any. None "
        "is half a tile, the choice of MultiDiffusion (Bar-Tal et al. 2023, arXiv:2302.08113).",
    )
    max_shift_ratio: float = option(
        0.5,
        check=lambda ratio: check_real("max_shift_ratio", ratio, 0, 1, hint=SHARE),
        kind="number",
        help="Largest shift as a share of a tile, 0 to 1. At 0.5 a seam already wanders over half of every tile, and "
        "at 1.0 over all of it.",
    )
    edge: str = option(
        EDGES[0],
        check=lambda edge: check_name("edge", edge, EDGES),
        kind="choice",
        choices=EDGES,
        help="What windows show where they reach past the ends. See `spotnb.tiling.edges`; `reflect` keeps every "
        "window on the grid and W wide.",
    )
    shift_seed: int = option(
        0,
        check=lambda seed: check_int("shift_seed", seed, 0, hint="any such number gives its own shifts"),
        kind="whole",
        help="Seed of the shifts. Their random stream is their own: changing it changes no other draw of a run.",
    )
    shift_schedule: str = option(
        "random",
        check=lambda schedule: check_name("shift_schedule", schedule, SHIFT_SCHEDULES),
        kind="choice",
        choices=SHIFT_SCHEDULES,
        help="Order of the shifts. `random` is that of the paper.",
    )

    def __post_init__(self) -> None:
        check_options(self)
        if self.min_overlap is not None:
            hint = "it must be smaller than tile_size_time; None takes half a tile"
            overlap = check_int("min_overlap", self.min_overlap, 0, self.tile_size_time - 1, hint=hint)
            object.__setattr__(self, "min_overlap", overlap)

    @property
    def policy(self) -> EdgePolicy:
        """The edge policy named by `edge`."""
        return POLICIES[self.edge]

    @property
    def max_shift(self) -> int:
        """The largest shift in frames, `floor(tile_size_time * max_shift_ratio)`."""
        return math.floor(self.tile_size_time * self.max_shift_ratio)

    @property
    def overlap(self) -> int:
        """`min_overlap` in frames, with None resolved to half a tile, rounded down."""
        return self.tile_size_time // 2 if self.min_overlap is None else self.min_overlap


SpotDiffusionConfig.__doc__ = documented(
    SpotDiffusionConfig,
    """How SpotDiffusion (Frolov et al. 2024, arXiv:2407.15507) tiles a latent in time.

    Sizes are latent frames, 40 ms each. Numpy integers are accepted and kept as plain `int`.

    {Args}

    Raises:
        InputError: A value is of the wrong kind or outside its limits.

    >>> SpotDiffusionConfig(tile_size_time=128).max_shift
    64
    """,
)


def should_use_spotdiffusion(latent_size: int, config: SpotDiffusionConfig) -> bool:
    """Whether a latent of `latent_size` frames is longer than one tile; if not, plain DDIM does it in one window.

    Raises:
        InputError: `latent_size` is no whole number, or negative.

    >>> should_use_spotdiffusion(768, SpotDiffusionConfig()), should_use_spotdiffusion(256, SpotDiffusionConfig())
    (True, False)
    """
    size = check_int("latent_size", latent_size, 0, hint="duration_to_latent_t_size(seconds) gives it")
    return size > config.tile_size_time
