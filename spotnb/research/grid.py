"""Grids of settings: their cells, in values that can be sent, stored and compared."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from spotnb.errors import InputError
from spotnb.models.defaults import TINY
from spotnb.sampling.settings import NAMES, SOUNDS
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.checks import as_plain, check_text, exact, show
from spotnb.support.options import options
from spotnb.tiling.config import SpotDiffusionConfig

CONFIG = tuple(each.name for each in options(SpotDiffusionConfig))
NOT_SWEPT = frozenset({"config", "strength", "keep", *SOUNDS})
"""Settings that are not columns of a table. The fields of the config are columns instead, and sounds cannot be one."""
RUN = tuple(name for name in NAMES if name not in NOT_SWEPT)
MOST_CELLS = 10**5


def cells(grid: Mapping[str, Any], usual: Mapping[str, Any] = TINY) -> Iterator[dict[str, Any]]:
    """Return the settings of each cell. The last setting in `grid` changes fastest.

    Args:
        grid: For each setting one value, or several in a list, a tuple, a range, an array or a series. Numbers of all
            kinds become plain ones.
        usual: The settings that suit the model, for those that are not in the grid (default: the embedded model's).

    Raises:
        InputError: A setting is unknown, a list is empty, the prompt is missing, a value cannot be stored in a table,
            or there are more than 100,000 cells.
    """
    if not isinstance(grid, Mapping):
        raise InputError(f"grid is {show(grid)}: expected a dict of settings and their values; it needs a prompt")
    if unknown := [name for name in grid if name not in (*RUN, *CONFIG)]:
        remedy = f"give its fields instead, such as {CONFIG[0]}" if unknown[0] == "config" else "leave it out"
        raise InputError(
            f"the grid has {show(unknown[0])}: expected settings of SpotSampler, except sounds and config, and of "
            f"SpotDiffusionConfig; {remedy}"
        )
    if "prompt" not in grid:
        raise InputError("the grid has no prompt: expected a prompt or a list of prompts")
    full = {"seed": 0, **usual, **grid}
    full = {name: full[name] for name in (*grid, *(name for name in full if name not in grid))}
    values = {name: _values(name, each) for name, each in full.items()}
    if math.prod(map(len, values.values())) > MOST_CELLS:
        raise InputError(f"the grid has more than {MOST_CELLS} cells: expected fewer; divide it")
    return (dict(zip(values, combination, strict=True)) for combination in itertools.product(*values.values()))


def _values(name: str, given: Any) -> list[Any]:
    """Return the values of one setting, checked, as plain values, timelines and schedulers."""
    several = as_plain(given)
    if isinstance(several, str | bytes) or not isinstance(several, Sequence | range) or _is_interval(name, several):
        several = [several]
    if not 0 < len(several) <= MOST_CELLS:
        raise InputError(
            f"{name} has {'no' if not several else 'too many'} values in the grid: expected 1 to {MOST_CELLS}; "
            "leave it out for its default"
        )
    return [_value(name, each) for each in several]


def _is_interval(name: str, value: Any) -> bool:
    """Return whether a sequence is one guidance interval, not a list of them."""
    return name == "guidance_interval" and len(value) == 2 and all(isinstance(each, Real) for each in value)


def _value(name: str, given: Any) -> Any:
    value = as_plain(given)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return check_text(f"{name} in the grid", value, hint="type it again")
    if isinstance(value, Integral) and int(value).bit_length() < 64:
        return int(value)
    if isinstance(value, Real) and not isinstance(value, Integral):
        return float(value)
    if isinstance(value, list | tuple) and name == "guidance_interval":
        return [_value(name, each) for each in value[:3]]
    if (name == "prompt" and isinstance(value, PromptTimeline)) or (name == "solver" and _is_scheduler(value)):
        return value
    if name == "solver" and _is_solver(value):
        raise InputError(
            f"solver has a {type(value).__name__[:40]} in the grid, an object that a table cannot hold: expected names "
            "of solvers or diffusers schedulers; run it with generate_audio"
        )
    raise InputError(
        f"{name} has the value {show(value)} in the grid: expected numbers, texts, timelines as prompts, or "
        "schedulers as solvers; pass values that a table can hold"
    )


def _is_solver(value: Any) -> bool:
    from spotnb.solvers.own import resembles_solver

    return not isinstance(value, type) and resembles_solver(value)


def _is_scheduler(value: Any) -> bool:
    import spotnb.support.whole_diffusers

    from diffusers import SchedulerMixin

    return isinstance(value, SchedulerMixin)


def described(value: Any) -> Any:
    """Return a value of a cell as JSON, the same in every process."""
    if isinstance(value, PromptTimeline):
        return value.to_dict()
    if hasattr(value, "config"):
        config = {name: each for name, each in value.config.items() if not name.startswith("_")}
        return {"class": type(value).__name__, "config": json.loads(json.dumps(config, default=str))}
    return value


def shown(value: Any) -> Any:
    """Return a value of a cell as it stands in a table: itself, or a text that says what it is."""
    if isinstance(value, PromptTimeline):
        parts = "; ".join(f"{exact(start)}-{exact(stop)} s: {prompt}" for start, stop, prompt in value.entries)
        return f"{parts} (crossfade {exact(value.crossfade)} s)" if len(value.entries) > 1 else parts
    if hasattr(value, "config"):
        usual = value.config.get("_use_default_values", ())
        changed = [f"{k}={v}" for k, v in value.config.items() if not k.startswith("_") and k not in usual]
        return f"{type(value).__name__}({', '.join(changed)})"
    return value
