"""The runs among the fixtures: their settings, and what Python makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from spotnb.live.description import edges
from spotnb.sampling.fixed_grid import fixed_grid
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.widgets.scenes import method_policies
from tests.live.fixture_model import FixtureModel
from tests.networks import ALPHAS

STRIDE = 5  # of stored results: no multiple of the number of bins, channels or frames
RUNS: tuple[dict[str, Any], ...] = (
    {},
    {"method": "tiles"},
    {"method": "full"},
    {"method": "multidiffusion"},
    {"method": "multidiffusion", "min_overlap": 5, "edge": "circular"},
    {"edge": "anchor"},
    {"edge": "merge"},
    {"edge": "circular", "duration": 2.0},
    {"edge": "reflect_noisy"},
    {"solver": "dpm++", "steps": 6, "guidance_interval": [200, 800]},
    {"solver": "dpm++", "steps": 16, "edge": "anchor"},
    {"eta": 0.7, "shift_schedule": "sorted"},
    {"guidance_scale": 1.0, "max_shift_ratio": 1.0, "shift_seed": 5},
    {"guidance_scale": 0.3, "shift_schedule": "fibonacci", "tile_batch": 3},
    {"duration": 0.5, "seed": 2**40},
    {"duration": 0.48, "edge": "circular", "shift_schedule": "alternate"},
    {"finish_steps": 2},
    {"finish_steps": 4, "finish_overlap": 11, "edge": "anchor", "tile_batch": 3},
    {"finish_steps": 1, "finish_overlap": 8, "edge": "merge"},
    {"finish_steps": 2, "edge": "circular", "duration": 2.0},
    {"finish_steps": 2, "finish_overlap": 13, "edge": "circular", "solver": "dpm++"},
    {"finish_steps": 9, "edge": "reflect_noisy", "steps": 3},
    {"finish_steps": 2, "finish_overlap": 0, "duration": 2.5, "eta": 0.5},
    {"finish_steps": 2, "method": "tiles"},
    {"finish_steps": 2, "method": "multidiffusion"},
    {"finish_steps": 2, "duration": 0.5},
    {"finish_steps": 2, "duration": 0.48, "edge": "circular"},
    {"duration": 1.92},  # the last border of a fixed grid lies past the end of the sound
    {"duration": 1.3, "edge": "merge"},
)
BASE: dict[str, Any] = {
    "prompt": "one two three four",
    "negative_prompt": "one two",
    "duration": 2.1,
    "steps": 4,
    "guidance_scale": 2.5,
    "guidance_interval": None,
    "tile_size_time": 16,
    "solver": "ddim",
    "eta": 0.0,
    "seed": 3,
    "tile_batch": 2,
}
OF_THIS_MACHINE = ("versions", "threads")
"""Entries of manifests."""
TILING = ("tile_size_time", "min_overlap", "max_shift_ratio", "edge", "shift_seed", "shift_schedule")


def thin(values: ArrayLike | Tensor, stride: int = STRIDE) -> list[float]:
    """Every few of some numbers, to the precision of float32."""
    return [float(f"{value:.8g}") for value in np.asarray(values, np.float64).ravel()[::stride]]


def runs() -> list[dict[str, Any]]:
    """The model that JavaScript needs, and of runs their manifests, cuts, fixed grid and the latent after each step."""
    model = FixtureModel()
    description = {
        "manifest": model.describe(),
        "alphas_cumprod": [float(f"{alpha:.9g}") for alpha in ALPHAS.tolist()],
        "edges": edges(model.time_multiple),
        "methods": method_policies(),
    }
    cases = []
    for changes in RUNS:
        settings = BASE | changes
        options = {name: value for name, value in settings.items() if name not in TILING}
        config = SpotDiffusionConfig(**{name: settings[name] for name in TILING if name in settings})
        sampler = SpotSampler(model, config=config, **options)
        records: list[Any] = [sampler.step() for _ in range(settings["steps"])]
        steps, last = [thin(record.x) for record in records], records[-1]
        cuts = [list(record.layout.cuts) for record in records]
        manifest = {name: value for name, value in sampler.manifest().items() if name not in OF_THIS_MACHINE}
        whole = {"manifest": manifest, "cuts": cuts, "grid": list(fixed_grid(sampler.definition))}
        cases.append({"settings": settings, **whole, "steps": steps, "x0": thin(last.x0)})
    return [description, *cases]
