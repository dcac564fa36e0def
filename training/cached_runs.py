"""Runs of the sampler in several processes, whose finished latents are kept so that a measurement can be resumed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from spotnb import SpotSampler
from spotnb.support.files import atomic_write


def finished(cache: Path, name: str, make: Callable[[], SpotSampler]) -> tuple[SpotSampler, Tensor]:
    """Return a sampler and its finished latent, from the cache or from a new run."""
    sampler, kept = make(), cache / f"{name}.npy"
    if kept.exists():
        return sampler, torch.from_numpy(np.load(kept, allow_pickle=False))
    sampler.run(progress=False)
    with atomic_write(kept) as temporary:
        np.save(temporary, sampler.latent.numpy())
    return sampler, sampler.latent


def sound_of(sampler: SpotSampler, latent: Tensor) -> Any:
    """Decode the finished latent of a sampler."""
    state = replace(sampler.state, step=len(sampler.solver), x=latent)
    sampler = SpotSampler.of(sampler.definition, state)
    return sampler.sound()


def parallel(work: Callable[[Any], Any], jobs: list[Any], workers: int, label: str) -> list[Any]:
    """Apply a function to every job in `workers` single-threaded processes."""
    with multiprocessing.get_context("spawn").Pool(workers, torch.set_num_threads, (1,)) as pool:
        return list(tqdm(pool.imap(work, jobs), total=len(jobs), desc=label))
