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
from spotnb.models.identity import KEY
from spotnb.models.protocol import AudioModel, described
from spotnb.support.files import atomic_write


def finished(cache: Path | None, name: str, make: Callable[[], SpotSampler]) -> tuple[SpotSampler, Tensor]:
    """Return a sampler and its finished latent, from the cache or from a new run.

    Args:
        cache: Folder for finished latents; None to keep none.
        name: What the run is called, with everything that tells it from other runs of the same model.
        make: Makes the sampler.
    """
    sampler = make()
    kept = None if cache is None else kept_file(cache, name, sampler.model)
    if kept is not None and kept.exists():
        return sampler, torch.from_numpy(np.load(kept, allow_pickle=False))
    sampler.run(progress=False)
    if kept is not None:
        with atomic_write(kept) as temporary:
            np.save(temporary, sampler.latent.numpy())
    return sampler, sampler.latent


def kept_file(cache: Path, name: str, model: AudioModel) -> Path:
    """Return the file of a run's finished latent. Other weights, or another precision, have other files."""
    facts = described(model)
    return cache / f"{facts[KEY][:16]}-{facts['dtype']}" / f"{name}.npy"


def sound_of(sampler: SpotSampler, latent: Tensor) -> Any:
    """Decode the finished latent of a sampler."""
    state = replace(sampler.state, step=len(sampler.solver), x=latent)
    sampler = SpotSampler.of(sampler.definition, state)
    return sampler.sound()


def parallel(work: Callable[[Any], Any], jobs: list[Any], workers: int, label: str) -> list[Any]:
    """Apply a function to every job in `workers` single-threaded processes."""
    with multiprocessing.get_context("spawn").Pool(workers, torch.set_num_threads, (1,)) as pool:
        return list(tqdm(pool.imap(work, jobs), total=len(jobs), desc=label))
