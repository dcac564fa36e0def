"""What the sampler itself costs: a whole run, without decoding, over the bare network calls of the same shapes.

`overhead_large`: a network of audioldm-s-full's size. `overhead_tiny`: the embedded model, nothing recorded but the
last step. `overhead_recorded`: the same, every step with all arrays.
"""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.networks import large_model, large_unet
from benchmarks.pairs import Row, interleave, row
from spotnb import SpotDiffusionConfig, SpotSampler, load_model
from spotnb.sampling.windows import batches

SECONDS = 30.0


def measure(name: str, rounds: int) -> Row:
    large = name == "overhead_large"
    model = large_model(large_unet()) if large else load_model("tiny", device="cpu")
    config = SpotDiffusionConfig(tile_size_time=256 if large else 128)
    record = "all" if name == "overhead_recorded" else "last"
    settings: dict[str, Any] = {"guidance_scale": 2.5, "config": config, "record": record}
    sampler = SpotSampler(model, "jazz piano solo", SECONDS, 2 if large else 10, **settings)
    calls = bare_calls(sampler)

    def bare() -> None:
        for call in calls:
            model.predict_noise(*call)

    seconds = interleave({"ours": lambda: sampler.reset().run(progress=False), "bare": bare}, rounds, name)
    goal = {"overhead_large": 1.02, "overhead_tiny": 1.10, "overhead_recorded": 1.15}[name]
    return row(name, seconds["ours"], seconds["bare"], at_most=goal, dtype=model.dtype)


def bare_calls(sampler: SpotSampler) -> list[tuple[Any, Any, Any]]:
    """What a run gives to its network, with other numbers."""
    model, calls = sampler.model, []
    cond, empty = model.embed(["jazz piano solo"]), model.embed([""])
    for step, timestep in enumerate(sampler.solver.timesteps):
        layout = sampler.layout(step)
        for batch in batches(layout, sampler.tile_batch):
            width = layout.widths[batch[0]]
            x = torch.randn(2 * len(batch), model.channels, width, model.latent_bins)
            told = torch.cat([empty] * len(batch) + [cond] * len(batch))
            calls.append((x, torch.full((len(x),), timestep), told))
    return calls
