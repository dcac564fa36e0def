"""What the sampler itself costs: a whole run, without decoding, over the bare network calls of the same shapes.

overhead_tiny: nothing recorded but the last step. overhead_recorded: every step, all arrays.
"""

from __future__ import annotations

import argparse
from typing import Any

import torch

from benchmarks.pairs import Row, compare, publish
from spotnb import SpotDiffusionConfig, SpotSampler, load_model
from spotnb.denoise import batches

GOALS = {"overhead_tiny": ("last", 1.10), "overhead_recorded": ("all", 1.15)}
STEPS, SECONDS = 10, 30.0


def measure(name: str, rounds: int) -> Row:
    record, goal = GOALS[name]
    model = load_model("tiny", device="cpu")
    config = SpotDiffusionConfig(tile_size_time=128)
    settings: dict[str, Any] = {"guidance_scale": 2.5, "config": config, "record": record}
    sampler = SpotSampler(model, "jazz piano solo", SECONDS, STEPS, **settings)
    cond, empty = model.embed(["jazz piano solo"]), model.embed([""])
    calls = []
    for step in range(STEPS):
        layout = sampler._layout(step)
        for batch in batches(layout, sampler.tile_batch):
            width = layout.widths[batch[0]]
            x = torch.randn(2 * len(batch), model.channels, width, model.latent_bins)
            t = torch.full((len(x),), sampler.solver.timesteps[step])
            calls.append((x, t, torch.cat([empty] * len(batch) + [cond] * len(batch))))

    def bare() -> None:
        for x, t, told in calls:
            model.predict_noise(x, t, told)

    return compare(name, lambda: sampler.reset().run(progress=False), bare, rounds, goal, str(model.dtype))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    publish([measure(name, args.rounds) for name in GOALS])


if __name__ == "__main__":
    main()
