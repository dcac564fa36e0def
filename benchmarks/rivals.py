"""One guided step of 30 s of sound compared with the alternatives, with a network of audioldm-s-full's size.

`ours` uses the edge policy `merge`, which sees each frame once.

- `original_large`, `multidiffusion75_large`, `full_large`: over the loops of `benchmarks.contenders`, both in fp32; the
  last one runs on one thread.
- `bf16_large`: ours in bf16, over the original's loop in fp32.
- `audioldm_original`: ours in fp32, over the original's loop on the genuine network with the same weights.
- `pipeline_10s`: 10 s with decoding, over diffusers' own pipeline with the same components.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from diffusers import AudioLDMPipeline
from tqdm.auto import tqdm

from benchmarks.contenders import Setting, full_step, multidiffusion_step, original_step
from benchmarks.networks import genuine_network, large_components, large_model, large_unet
from benchmarks.pairs import Row, interleave, row
from spotnb import SpotDiffusionConfig, SpotSampler
from spotnb.models.audioldm import DiffusersAudioLDM

PROMPT, SCALE, TILE = "rock song", 3.0, 256
GOALS = {
    "original_large": ("merge", "original", 0.88),
    "multidiffusion75_large": ("merge", "multidiffusion", 0.40),
    "full_large": ("merge", "full", 0.80),
    "bf16_large": ("merge bf16", "original", 0.35),
    "audioldm_original": ("merge", "genuine", 0.60),
}
ON_ONE_THREAD = ("full_large",)  # a second thread helps short windows less than long ones: 0.81 on two threads


def measure_steps(names: Sequence[str], rounds: int) -> list[Row]:
    """Measure rows of `GOALS`; all contenders that they need take turns in one loop."""
    unet = large_unet()
    model = large_model(copy.deepcopy(unet))
    wanted = {contender for name in names for contender in GOALS[name][:2]}
    sampler = _sampler(model)
    shape, steps = sampler.shape, sampler.solver
    setting = Setting(
        network=model,
        cond=model.embed([PROMPT]),
        uncond=model.embed([""]),
        scale=SCALE,
        timestep=steps.timesteps[1],
        alpha=float(model.alphas_cumprod[steps.timesteps[1]]),
        alpha_after=float(model.alphas_cumprod[steps.timesteps[2]]),
        tile=TILE,
    )
    x, shifts = torch.randn(shape), _endless(range(16, 128, 16))
    with genuine_network(unet) as genuine:
        contenders: dict[str, Callable[[], object]] = {
            "merge": _stepping(sampler),
            "original": lambda: original_step(setting, x, next(shifts)),
            "multidiffusion": lambda: multidiffusion_step(setting, x, 0.75),
            "full": lambda: full_step(setting, x),
        }
        if "merge bf16" in wanted:
            contenders["merge bf16"] = _stepping(_sampler(large_model(unet, torch.bfloat16)))
        if genuine is not None:
            contenders["genuine"] = lambda: original_step(setting._replace(network=genuine), x, next(shifts))
        elif "genuine" in wanted:
            tqdm.write("audioldm_original is not measured: .ci/fetch-audioldm fetches the package")
        seconds = interleave({k: v for k, v in contenders.items() if k in wanted}, rounds, "30 s, one step")
    rows = []
    for name in names:
        ours, theirs, goal = GOALS[name]
        if theirs in seconds:
            dtype = "bfloat16 / float32" if name == "bf16_large" else "float32"
            rows.append(row(name, seconds[ours], seconds[theirs], at_most=goal, dtype=dtype))
    return rows


def _sampler(model: DiffusersAudioLDM) -> SpotSampler:
    config = SpotDiffusionConfig(tile_size_time=TILE, edge="merge")
    return SpotSampler(model, PROMPT, 30.0, 50, SCALE, config, record="last")


def _stepping(sampler: SpotSampler) -> Callable[[], object]:
    def step() -> object:
        return (sampler.reset() if sampler.done else sampler).step()

    return step


def _endless(values: Sequence[int]) -> Iterator[int]:
    while True:
        yield from values


def measure_pipeline(rounds: int) -> Row:
    """Measure a short run with decoding against the pipeline of diffusers."""
    pieces = large_components()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # diffusers warns that it is deprecated
        pipeline: Any = AudioLDMPipeline(**copy.deepcopy(pieces))
    pipeline.set_progress_bar_config(disable=True)
    sampler = SpotSampler(DiffusersAudioLDM("large", **pieces), PROMPT, 10.0, 5, SCALE, record="last")
    start = sampler.latent
    settings: dict[str, Any] = {"num_inference_steps": 5, "guidance_scale": SCALE, "latents": start}
    seconds = interleave(
        {
            "ours": lambda: sampler.reset().run(progress=False).decode(),
            "pipeline": lambda: pipeline(PROMPT, audio_length_in_s=start.shape[2] / 25, **settings),
        },
        rounds,
        "pipeline_10s",
    )
    return row("pipeline_10s", seconds["ours"], seconds["pipeline"], at_most=1.02, dtype="float32")
