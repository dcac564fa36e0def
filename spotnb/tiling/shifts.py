"""How far the grid of tiles is moved at each step: the shift schedules.

SpotDiffusion (Frolov et al. 2024, arXiv:2407.15507) moves the grid by a fresh random amount at every denoising step.
The draws have a stream of their own, keyed by (shift_seed, step), so that step 7 gets the same shift whether or not
the steps before it were run, and no other draw of a run ever moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from spotnb.errors import InputError
from spotnb.support.checks import check_int, show
from spotnb.tiling.config import SpotDiffusionConfig, should_use_spotdiffusion

DEFAULT_TIME_MULTIPLE = 8
"""AudioLDM's UNet halves time three times."""

_STREAM = int.from_bytes(b"shift", "big")  # sets these draws apart from any other use of the same seed
_GOLDEN = 618_034  # millionths, 1 / golden ratio: the multiples of it fill 0..1 as evenly as any sequence can


def draw_shift(
    config: SpotDiffusionConfig,
    step: int,
    steps: int | None = None,
    time_multiple: int = DEFAULT_TIME_MULTIPLE,
    frames: int | None = None,
) -> int:
    """The shift of one step in latent frames, `0 <= shift <= config.max_shift`.

    Schedules: `random` draws uniformly, as the paper does; `alternate` takes 0, max, 0, max; `fibonacci` the
    golden-ratio sequence, `floor(frac(step * 0.618034) * (max + 1))`; `sorted` the random shifts of all `steps`,
    ascending.

    Args:
        config: gives the largest shift, the schedule, the seed and the edge policy.
        step: counted from 0, in the order the steps are run.
        steps: how many steps the run has. Only `sorted` needs it.
        time_multiple: with the edge `merge` the shift is rounded down to a multiple of it, because there a shift
            decides how long a window is. 8 is AudioLDM's.
        frames: length of the latent. Where one tile holds it all nothing moves and the shift is 0, unless the edge
            is `circular`. None takes the latent to be longer than a tile.

    Raises:
        InputError: a number is of the wrong kind or outside its limits, or `sorted` is asked for without `steps`.

    >>> [draw_shift(SpotDiffusionConfig(shift_schedule="fibonacci"), step) for step in range(5)]
    [0, 79, 30, 110, 60]
    """
    step, steps = check_step(step, steps)
    time_multiple = check_int("time_multiple", time_multiple, 1, hint="8 is AudioLDM's")
    if config.shift_schedule == "sorted" and steps is None:
        raise InputError(
            'shift_schedule "sorted" orders the shifts of a whole run, but steps is None: '
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
    """The shift in frames that `plan` uses at `step` for the method `spot` and a latent of this shape.

    The original notebook's name; the shift follows `config.shift_schedule` all the same.

    Args:
        shape: `[B, C, T, F]` of the latent.
        config: the tiling.
        step: counted from 0.
        steps: how many steps the run has; only the schedule `sorted` needs it.

    Raises:
        InputError: as `draw_shift`, and for a shape that is not four whole numbers above 0.
    """
    return draw_shift(config, step, steps=steps, frames=check_shape(shape)[2])


def check_step(step: int, steps: int | None) -> tuple[int, int | None]:
    """`step` and `steps` as plain integers, with `step` inside the run where its length is known."""
    if steps is not None:
        steps = check_int("steps", steps, 1, hint="give how many denoising steps the run has")
    high = None if steps is None else steps - 1
    return check_int("step", step, 0, high, hint="steps count from 0"), steps


def check_shape(shape: Sequence[int]) -> tuple[int, int, int, int]:
    """`shape` as four plain integers `(B, C, T, F)`."""
    hint = "latents are [batch, channels, time frames, frequency bins], such as [1, 8, 768, 16]"
    try:
        batch, channels, frames, bins = (check_int("shape", size, 1, hint=hint) for size in shape)
    except (TypeError, ValueError):  # no sequence, not four, or a wrong size (InputError): the whole shape is shown
        raise InputError(f"shape is {show(shape)}: expected four whole numbers of at least 1; {hint}") from None
    return batch, channels, frames, bins


def _scheduled(config: SpotDiffusionConfig, step: int, steps: int | None) -> int:
    """The shift of `step` by the schedule, before any rounding."""
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
    """Uniform in 0..top.

    Numpy promises that the words of a SeedSequence never change between its versions, and not so for a Generator's
    draws; so the shifts are scaled from a word, and a run repeats anywhere.
    """
    word = np.random.SeedSequence(seed, spawn_key=(_STREAM, step)).generate_state(1, np.uint64)[0]
    return int(word) * (top + 1) >> 64


@lru_cache(maxsize=8)
def _sorted(seed: int, top: int, steps: int) -> tuple[int, ...]:
    """The random shifts of all steps, ascending; kept, since every step of a run asks for them."""
    return tuple(sorted(_random(seed, top, step) for step in range(steps)))
