"""Clips of the embedded model for evaluation: one window per text, batched over texts, which a sampler does not do.

Guidance is limited to the interval of timesteps that `spotnb generate` uses, unless another one is given.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch import Tensor
from tqdm.auto import tqdm

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.sampling.settings import DEFAULT_GUIDANCE, DEFAULT_GUIDANCE_INTERVAL, DEFAULT_STEPS
from spotnb.solvers.make import make_solver
from spotnb.solvers.multistep import Memory, recalled
from spotnb.solvers.noise import Draws
from training.compose import CLASSES
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
    steps: int = DEFAULT_STEPS,
    frames: int = FRAMES,
    seed: int = 0,
    interval: tuple[int, int] = DEFAULT_GUIDANCE_INTERVAL,
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

    Returns:
        The clean latents, `[N, 8, frames, 16]`.
    """
    update, out = make_solver(solver, model.alphas_cumprod, steps, 0.0), []
    for start in tqdm(range(0, len(texts), batch), desc="clips"):
        part = list(texts[start : start + batch])
        draws, memory = Draws(start + seed, len(part)), Memory(None, update.begin(0))
        cond, uncond = model.embed(part), model.embed([""]).expand(len(part), -1)
        x = update.start(draws.normal((model.channels, frames, 16), 0, "start"))
        for k, t in enumerate(update.timesteps):
            seen = update.network_input(x, k)
            noise = model.predict_noise(seen, torch.full((len(x),), t), cond)
            guided = interval[0] <= t <= interval[1]
            if guided:
                away = model.predict_noise(seen, torch.full((len(x),), t), uncond)
                noise = torch.lerp(away, noise, DEFAULT_GUIDANCE)
            x, _, state = update.step(k, x, noise, draws, recalled(update, k, guided, memory))
            memory = Memory(guided, state)
        out.append(x)
    return torch.cat(out)


def decoded(model: DiffusersAudioLDM, latents: Tensor) -> Tensor:
    """Decode latents `[N, 8, frames, 16]` to log-mels `[N, 1, 4 * frames, 64]`."""
    return torch.cat([model.decode_mel(part) for part in latents.split(8)])


def vocoded(model: DiffusersAudioLDM, mels: Tensor) -> Tensor:
    """Convert log-mels to sounds `[N, samples]` at 16 kHz with the model's vocoder."""
    return torch.cat([model.vocode(part) for part in mels.split(8)])
