"""What each method costs beside one full pass: interleaved in one process, medians of ratios, threads stated.

One contender's round is one denoising step of 30 s of sound on the embedded model, with guidance.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from tqdm.auto import tqdm

from spotnb import SpotDiffusionConfig, SpotSampler, load_model
from spotnb.config import METHODS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = load_model("tiny", device="cpu")
    samplers = {
        method: SpotSampler(
            model,
            "jazz piano solo",
            30.0,
            steps=args.rounds + 1,
            config=SpotDiffusionConfig(tile_size_time=128),
            method=method,
            record="last",
        )
        for method in METHODS
    }
    seconds: dict[str, list[float]] = {method: [] for method in METHODS}
    for sampler in samplers.values():
        sampler.step()  # warm-up
    for _ in tqdm(range(args.rounds), desc="rounds"):
        for method, sampler in samplers.items():
            started = time.perf_counter()
            sampler.step()
            seconds[method].append(time.perf_counter() - started)
    print(f"{args.rounds} rounds, {args.threads} threads, {model.dtype}; ratio to `full`, median (least to greatest)")
    for method, times in seconds.items():
        ratios = [ours / theirs for ours, theirs in zip(times, seconds["full"], strict=True)]
        frames = samplers[method].cost().network_frames / (args.rounds + 1)
        print(
            f"{method:16} {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})  {frames:.0f} frames"
        )


if __name__ == "__main__":
    main()
