"""Shift schedules: how far the grid of tiles is shifted at each step.

SpotDiffusion (Frolov et al. 2024, arXiv:2407.15507) shifts the grid by a new random amount at every denoising step.
Each shift is drawn from a separate stream seeded by (shift_seed, step). Step 7 therefore gets the same shift whether or
not the earlier steps were run, and the shifts affect no other random draw of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from spotnb.errors import InputError
from spotnb.support.checks import LARGEST, check_int, check_items, show
from spotnb.tiling.config import SpotDiffusionConfig, check_config, should_use_spotdiffusion
from spotnb.tiling.limits import MOST_STEPS, check_size

DEFAULT_TIME_MULTIPLE = 8
"""AudioLDM's UNet halves the time axis three times."""

_STREAM = int.from_bytes(b"shift", "big")  # separates these draws from any other use of the same seed
_GOLDEN = 618_034  # 1 / golden ratio, in millionths: its multiples fill 0..1 as evenly as any sequence can


def draw_shift(
    config: SpotDiffusionConfig,
    step: int,
    steps: int | None = None,
    time_multiple: int = DEFAULT_TIME_MULTIPLE,
    frames: int | None = None,
) -> int:
    """Return the shift of one step in latent frames, `0 <= shift <= config.max_shift`.

    The schedules are: `random`, uniform draws as in the paper; `alternate`, 0 and the largest shift in turn;
    `fibonacci`, the golden-ratio sequence `floor(frac(step * 0.618034) * (max + 1))`; and `sorted`, the random shifts
    of all `steps` in ascending order.

    Args:
        config: Supplies the largest shift, the schedule, the seed and the edge policy.
        step: Index of the step, counted from 0 in the order in which the steps are run.
        steps: Number of steps of the run. Only `sorted` needs it.
        time_multiple: With the edge policy `merge`, the shift is rounded down to a multiple of this number, because
            there the shift determines window lengths. The default of 8 is AudioLDM's.
        frames: Length of the latent. If it fits into one tile, the shift is 0 unless the edge policy is `circular`.
            None means that the latent is longer than one tile.

    Raises:
        InputError: A number has the wrong type or is out of range, or the schedule is `sorted` and `steps` is None.

    >>> [draw_shift(SpotDiffusionConfig(shift_schedule="fibonacci"), step) for step in range(5)]
    [0, 79, 30, 110, 60]
    """
    step, steps = check_step(step, steps)
    time_multiple = check_size("time_multiple", time_multiple, hint="8 is AudioLDM's")
    config = check_config(config)
    if config.shift_schedule == "sorted" and steps is None:
        raise InputError(
            'shift_schedule "sorted" sorts the shifts of the entire run, but steps is None: '
            "expected the number of steps; pass steps=..."
        )
    if frames is not None and not should_use_spotdiffusion(frames, config) and not config.policy.ring:
        return 0
    shift = _scheduled(config, step, steps)
    grain = config.policy.grain(time_multiple)
    return shift // grain * grain


def generate_random_shift(
    shape: Sequence[int], config: SpotDiffusionConfig, step: int, *, steps: int | None = None
) -> int:
    """Return the shift in latent frames that `plan` uses at `step` for the method `spot` and a latent of this shape.

    The name comes from the original notebook. The shift is random only if `config.shift_schedule` is.

    Args:
        shape: Shape `[B, C, T, F]` of the latent.
        config: The tiling.
        step: Index of the step, counted from 0.
        steps: Number of steps of the run. Only the schedule `sorted` needs it.

    Raises:
        InputError: As for `draw_shift`, or `shape` is not four positive whole numbers.
    """
    return draw_shift(config, step, steps=steps, frames=check_shape(shape)[2])


def check_step(step: int, steps: int | None) -> tuple[int, int | None]:
    """Return `step` and `steps` as plain integers. If `steps` is not None, `step` must be less than it."""
    if steps is not None:
        steps = check_size("steps", steps, 1, MOST_STEPS, hint="pass the number of denoising steps of the run")
    high = LARGEST if steps is None else steps - 1
    return check_int("step", step, 0, high, hint="steps count from 0"), steps


def check_shape(shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Return `shape` as four plain integers `(B, C, T, F)`."""
    hint = "a latent is [batch, channels, time frames, frequency bins], such as [1, 8, 768, 16]"
    try:
        sizes = check_items("shape", shape, hint=hint)
        batch, channels, frames, bins = (check_int("shape", size, 1, hint=hint) for size in sizes)
    except (TypeError, ValueError):  # not a sequence, not four numbers, or (InputError) a size out of range
        raise InputError(f"shape is {show(shape)}: expected four whole numbers of at least 1; {hint}") from None
    return batch, channels, check_size("shape", frames, hint=hint), bins


def _scheduled(config: SpotDiffusionConfig, step: int, steps: int | None) -> int:
    """Return the shift that the schedule gives `step`, before any rounding."""
    top, seed = config.max_shift, config.shift_seed
    match config.shift_schedule:
        case "alternate":
            return top if step % 2 else 0
        case "fibonacci":
            return step * _GOLDEN % 1_000_000 * (top + 1) // 1_000_000  # in integers: exact at any step
        case "sorted":
            assert steps is not None
            return _sorted(seed, top, steps)[step]
    return _random(seed, top, step)


def _random(seed: int, top: int, step: int) -> int:
    """Return a uniform draw from 0 to `top`.

    Numpy guarantees that the words of a SeedSequence stay the same across its versions, but not the draws of a
    Generator. The shift is therefore scaled from a word, so that a run can be repeated anywhere.
    """
    word = np.random.SeedSequence(seed, spawn_key=(_STREAM, step)).generate_state(1, np.uint64)[0]
    return int(word) * (top + 1) >> 64


@lru_cache(maxsize=8)
def _sorted(seed: int, top: int, steps: int) -> tuple[int, ...]:
    """Return the random shifts of all steps in ascending order, cached because every step needs them."""
    return tuple(sorted(_random(seed, top, step) for step in range(steps)))
