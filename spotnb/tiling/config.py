"""The settings that control how a long latent is cut into tiles, and their checks.

This module imports only the standard library, so creating a configuration is fast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from spotnb.support.cards import Card, Shown
from spotnb.support.checks import check_instance, check_int, check_name, check_real
from spotnb.support.option_cards import changed, option_card
from spotnb.support.options import check_options, documented, option
from spotnb.tiling.edges import EDGES, POLICIES, EdgePolicy, check_edge
from spotnb.tiling.limits import check_size

METHODS = ("spot", "tiles", "multidiffusion", "full")
SHARE = "it is a fraction of a tile: 0.5 moves the grid by up to half a tile"
SHIFT_SCHEDULES = ("random", "alternate", "fibonacci", "sorted")


@dataclass(frozen=True, repr=False)
class SpotDiffusionConfig(Shown):  # noqa: D101  `documented` writes its docstring below, from the fields
    tile_size_time: int = option(
        256,
        check=lambda size: check_size("tile_size_time", size, hint="256 frames suit AudioLDM"),
        kind="whole",
        help="Tile size W, the number of latent frames the network sees in one pass. 256 is the length AudioLDM was "
        "trained on. It must be a multiple of the model's `time_multiple`, which `plan` checks.",
    )
    min_overlap: int | None = option(
        None,
        check=lambda overlap: overlap,  # checked against the tile size below
        kind="whole",
        help="Smallest overlap of neighboring windows, in latent frames, for the method multidiffusion only. None "
        "is half a tile, as in MultiDiffusion (Bar-Tal et al. 2023, arXiv:2302.08113).",
    )
    max_shift_ratio: float = option(
        0.5,
        check=lambda ratio: check_real("max_shift_ratio", ratio, 0, 1, hint=SHARE),
        kind="number",
        help="Largest shift as a fraction of a tile, 0 to 1. At 0.5, seams cover half of every tile over a run; "
        "at 1.0, they cover all of it.",
    )
    edge: str = option(
        EDGES[0],
        check=check_edge,
        kind="choice",
        choices=EDGES,
        help="Edge policy: what windows see beyond the ends. See `spotnb.tiling.edges`; `reflect` keeps every "
        "window on the grid and W frames wide. `register_edge` adds a policy of your own.",
    )
    shift_seed: int = option(
        0,
        check=lambda seed: check_int("shift_seed", seed, 0, hint="each number gives different shifts"),
        kind="whole",
        help="Seed of the shifts. They have a separate random stream, so changing it affects no other draw of a run.",
    )
    shift_schedule: str = option(
        "random",
        check=lambda schedule: check_name("shift_schedule", schedule, SHIFT_SCHEDULES),
        kind="choice",
        choices=SHIFT_SCHEDULES,
        help="Order of the shifts. `random` is the schedule of the paper.",
    )

    def __post_init__(self) -> None:
        check_options(self)
        if self.min_overlap is not None:
            hint = "it must be smaller than tile_size_time; None means half a tile"
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
        """The overlap in frames: `min_overlap`, or half a tile rounded down if that is None."""
        return self.tile_size_time // 2 if self.min_overlap is None else self.min_overlap

    def _text_(self) -> str:
        return changed(self)

    def _card_(self) -> Card:
        return option_card(self, parts={"edge policy": self.policy})


SpotDiffusionConfig.__doc__ = documented(
    SpotDiffusionConfig,
    """How SpotDiffusion (Frolov et al. 2024, arXiv:2407.15507) tiles a latent in time.

    Sizes are in latent frames, which last 40 ms for AudioLDM. Numpy integers are accepted and stored as plain `int`.

    {Args}

    Raises:
        InputError: A value has the wrong type or is out of range.

    >>> SpotDiffusionConfig(tile_size_time=128).max_shift
    64
    """,
)


def check_config(config: object) -> SpotDiffusionConfig:
    """Return `config` if it is a `SpotDiffusionConfig`. Raises `InputError` otherwise."""
    return check_instance("config", config, SpotDiffusionConfig, hint="SpotDiffusionConfig() has the defaults")


def should_use_spotdiffusion(latent_size: int, config: SpotDiffusionConfig) -> bool:
    """Return whether a latent of `latent_size` frames is longer than one tile.

    If it is not, a single window covers it.

    Raises:
        InputError: `latent_size` is not a whole number from 0 to 10 million.

    >>> should_use_spotdiffusion(768, SpotDiffusionConfig()), should_use_spotdiffusion(256, SpotDiffusionConfig())
    (True, False)
    """
    size = check_size("latent_size", latent_size, 0, hint="duration_to_latent_t_size(seconds) computes it")
    return size > check_config(config).tile_size_time
