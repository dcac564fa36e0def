"""Batches for the denoiser: windows of latents with noise, and captions as tokens. Each depends on its index alone."""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from training.captions import caption
from training.data import load_attributes
from training.tempo import FRAMES_A_MINUTE, told_tempo
from training.train_text import TEXT_DROPOUT, tempo_target, tokens

# Widths of windows: mostly full tiles of 128 and 256, sometimes the shorter and longer ones of `merge`.
WIDTHS, SHARES = (64, 96, 128, 192, 256, 384), (0.08, 0.07, 0.5, 0.1, 0.17, 0.08)
TIMESTEPS, FIXED, TOGETHER = 1000, 112, 16


class Batch(NamedTuple):
    """Windows of clean latents `[B, 8, T, 16]`, noise for them, and what the denoiser is told, one row for each."""

    clean: Tensor
    noise: Tensor
    t: Tensor
    ids: Tensor
    mask: Tensor
    tempos: Tensor
    beats: Tensor
    starts: Tensor


def beats_told(rows: list[dict], texts: list[str]) -> Tensor:
    """Return the latent frames per beat `[N]` of each clip whose caption states its tempo, and 0 for the others."""
    pairs = zip(rows, texts, strict=True)
    return torch.tensor([FRAMES_A_MINUTE / row["bpm"] if told_tempo(text) is not None else 0.0 for row, text in pairs])


class LatentClips:
    """The latents of a split with their attributes.

    Args:
        data: The data folder.
        split: "train" or "unseen".
        tokenizer: The text encoder's tokenizer.
    """

    def __init__(self, data: Path, split: str, tokenizer: PreTrainedTokenizerFast) -> None:
        self.latents = np.load(data / f"latents-{split}.npy", mmap_mode="r", allow_pickle=False)
        self.rows, self.tokenizer = load_attributes(data, split), tokenizer
        self.begins = FRAMES_A_MINUTE / 60 * np.array([row["start"] for row in self.rows])

    def batch(self, step: int, frames: int) -> Batch:
        """Return a batch of `frames` latent frames, all of its windows of one width."""
        rng, generator = np.random.default_rng((4, step)), torch.Generator().manual_seed(step)
        words = random.Random(step)
        width = int(rng.choice(WIDTHS, p=SHARES))
        count = frames // width
        clips = rng.integers(len(self.latents), size=count)
        starts = rng.integers(self.latents.shape[2] - width + 1, size=count)
        windows = np.stack([self.latents[c, :, s : s + width] for c, s in zip(clips, starts, strict=True)])
        clean = torch.from_numpy(windows.astype(np.float32))
        # One timestep from each of `count` equal strata: less noise in the gradient than independent draws.
        t = ((torch.arange(count) + torch.rand(count, generator=generator)) / count * TIMESTEPS).long()
        noise = torch.randn(clean.shape, generator=generator)
        rows = [self.rows[int(c)] for c in clips]
        texts = ["" if words.random() < TEXT_DROPOUT else caption(row, words) for row in rows]
        ids, mask = tokens(self.tokenizer, texts, words)
        begins = torch.from_numpy(self.begins[clips] + starts).float()
        return Batch(clean, noise, t, ids, mask, tempo_target(texts), beats_told(rows, texts), begins)

    def fixed(self) -> list[Batch]:
        """Return batches that are always the same, for validation, with timesteps from 10 to 990."""
        generator = torch.Generator().manual_seed(5)
        chosen = torch.randperm(len(self.latents), generator=generator)[:FIXED].tolist()
        clean = torch.from_numpy(self.latents[chosen, :, :128].astype(np.float32))
        t = torch.linspace(10, 990, len(chosen)).long()[torch.randperm(len(chosen), generator=generator)]
        noise = torch.randn(clean.shape, generator=generator)
        rows, begins = [self.rows[i] for i in chosen], torch.from_numpy(self.begins[chosen]).float()
        texts = [caption(row, random.Random(i)) for i, row in zip(chosen, rows, strict=True)]
        batches = []
        for start in range(0, len(chosen), TOGETHER):
            part = slice(start, start + TOGETHER)
            ids, mask = tokens(self.tokenizer, texts[part])
            told = tempo_target(texts[part]), beats_told(rows[part], texts[part])
            batches.append(Batch(clean[part], noise[part], t[part], ids, mask, *told, begins[part]))
        return batches
