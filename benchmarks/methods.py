"""What each method costs beside one full pass: one denoising step of 30 s on the embedded model, with guidance."""

from __future__ import annotations

import argparse

import torch

from benchmarks.pairs import interleave, row
from benchmarks.results import table
from spotnb import SpotDiffusionConfig, SpotSampler, load_model
from spotnb.tiling.config import METHODS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = load_model("tiny", device="cpu")
    config = SpotDiffusionConfig(tile_size_time=128)
    samplers = {
        method: SpotSampler(
            model, "jazz piano solo", 30.0, args.rounds + 1, config=config, method=method, record="last"
        )
        for method in METHODS
    }
    seconds = interleave({method: sampler.step for method, sampler in samplers.items()}, args.rounds, "rounds")
    print("seconds of a step (`ours`) over one of `full` (`theirs`)")
    print(table([row(method, spent, seconds["full"], dtype=model.dtype) for method, spent in seconds.items()]))


if __name__ == "__main__":
    main()
