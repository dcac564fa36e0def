"""Clips of the embedded model for evaluation: one window per text, batched over texts, which a sampler does not do.

Guidance is limited to the interval of timesteps that `spotnb generate` uses, unless another one is given.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from tqdm.auto import tqdm

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.defaults import TINY_GUIDANCE, TINY_INTERVAL, TINY_STEPS
from spotnb.sampling.guidance import Prompts
from spotnb.sampling.run import Run
from spotnb.sampling.settings import RunSettings
from spotnb.tiling.clock import AUDIOLDM
from spotnb.tiling.config import SpotDiffusionConfig
from training.compose import CLASSES
from training.guided import finish_rescaled
from training.phrases import TRAINING, UNSEEN

FRAMES = 128
ALWAYS = 0, 1000


def prompts_of(split: str, count: int) -> list[tuple[int, str]]:
    """Return `count` prompts per class as pairs of class index and text.

    They cycle through the phrases of a split ("seen" or "unseen") in a fixed random order.
    """
    book = UNSEEN if split == "unseen" else TRAINING
    rows = []
    for index, name in enumerate(CLASSES):
        texts = [text for text, *_ in book[name]]
        random.Random(index).shuffle(texts)
        rows += [(index, texts[i % len(texts)]) for i in range(count)]
    return rows


def sampled_latents(
    model: DiffusersAudioLDM,
    texts: Sequence[str],
    batch: int = 12,
    solver: str = "ddim",
    steps: int = TINY_STEPS,
    frames: int = FRAMES,
    seed: int = 0,
    interval: tuple[int, int] = TINY_INTERVAL,
    rescale: float = 0.0,
) -> Tensor:
    """Sample one window per text with classifier-free guidance.

    Args:
        model: The embedded model or another one like it.
        texts: The prompts, N in total.
        batch: How many texts to sample at once.
        solver: Name of a built-in solver.
        steps: Number of denoising steps.
        frames: Length of the window in latent frames.
        seed: Offset of the seeds; the i-th window depends only on this, its position, and its text.
        interval: First and last timestep at which guidance applies.
        rescale: Share of rescaled guidance (`training.guided`).

    Returns:
        The clean latents, `[N, 8, frames, 16]`.
    """
    config = SpotDiffusionConfig(frames)  # one window
    settings = RunSettings("clips", frames / AUDIOLDM.frames_per_second, steps, TINY_GUIDANCE, config, solver=solver)
    latents = []
    for start in tqdm(range(0, len(texts), batch), desc="clips"):
        part = list(texts[start : start + batch])
        rows, nothing = tuple(range(len(part))), (len(part),)
        prompts = Prompts(model.embed([*part, ""]), (rows,), nothing)
        clips = replace(settings, seed=start + seed, n_candidates=len(part), guidance_interval=interval)
        run = Run.of(model, clips, prompts=prompts, frames=frames)
        clean = finish_rescaled(run, rescale) if rescale else run.finish(run.start()).x
        latents.append(clean.cpu())
    return torch.cat(latents)


def decoded(model: DiffusersAudioLDM, latents: Tensor) -> Tensor:
    """Decode latents `[N, 8, frames, 16]` to log-mels `[N, 1, 4 * frames, 64]` on the CPU."""
    return torch.cat([model.decode_mel(part).cpu() for part in latents.split(8)])


def vocoded(model: DiffusersAudioLDM, mels: Tensor) -> Tensor:
    """Convert log-mels to sounds `[N, samples]` at 16 kHz, on the CPU, with the model's vocoder."""
    return torch.cat([model.vocode(part).cpu() for part in mels.split(8)])
