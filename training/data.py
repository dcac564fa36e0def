"""Rendered clips as arrays: waveforms, log-mels and attributes, memory-mapped so that they fit any machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spotnb.models.mel import torch_log_mel
from spotnb.sound.mel import HOP
from training.compose import CLASSES

SAMPLES = 245_760  # 15.36 s at 16 kHz: 1536 mel frames, 384 latent frames


class MissingClips(SystemExit):
    """There are no rendered clips in the data folder."""


def shards(data: Path, split: str) -> list[Path]:
    """The waveform shards of a split, each int16 `[n, SAMPLES]`, with a JSON list of attributes beside it."""
    found = sorted(data.glob(f"{split}-[0-9]*.npy"))
    if not found:
        raise MissingClips(f"no {split} clips in {data}: run `python -m training.render` first")
    return found


def load_attributes(data: Path, split: str) -> list[dict]:
    """What is known of every clip of a split, in the order of the shards."""
    return [row for shard in shards(data, split) for row in json.loads(shard.with_suffix(".json").read_text())]


def class_targets(rows: list[dict]) -> Tensor:
    """Which classes sound in each clip, `[N, 14]` of 0 and 1."""
    target = torch.zeros(len(rows), len(CLASSES))
    for i, row in enumerate(rows):
        for part in (row, row.get("with", row)):
            target[i, CLASSES.index(part["class"])] = 1
    return target


class Waveforms:
    """Random access to the clips of a split: `waveforms[i]` is float32 `[SAMPLES]` in [-1, 1]."""

    def __init__(self, data: Path, split: str) -> None:
        self.parts = [np.load(path, mmap_mode="r", allow_pickle=False) for path in shards(data, split)]
        self.starts = np.cumsum([0] + [len(part) for part in self.parts])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __getitem__(self, index: int) -> np.ndarray:
        part = int(np.searchsorted(self.starts, index, side="right")) - 1
        return self.parts[part][index - self.starts[part]].astype(np.float32) / 32768


MARGIN = 4  # mel frames that the mirrored ends of an excerpt reach


def mel_excerpts_of(waves: Waveforms, clips: Iterable[int], rng: np.random.Generator, frames: int) -> Tensor:
    """Log-mel excerpts `[n, 1, frames, 64]` from random places of given clips, as they lie in the clips' log-mels."""
    return mels_of(np.stack([excerpt(waves[int(clip)], rng, frames) for clip in clips]))


def excerpt(clip: np.ndarray, rng: np.random.Generator, frames: int) -> np.ndarray:
    """A stretch of a clip, at a random place of whole frames, with a margin on both sides for `mels_of` to take off."""
    total = frames + 2 * MARGIN
    start = int(rng.integers(len(clip) // HOP - total + 1)) * HOP
    return clip[start : start + total * HOP]


def mels_of(excerpts: np.ndarray) -> Tensor:
    """Log-mels `[n, 1, frames, 64]` of stretches `[n, samples]` that `excerpt` gave."""
    return torch_log_mel(torch.from_numpy(excerpts))[:, :, MARGIN:-MARGIN]


def mel_excerpts(waves: Waveforms, rng: np.random.Generator, batch: int, frames: int) -> Tensor:
    """Random log-mel excerpts `[batch, 1, frames, 64]`."""
    return mel_excerpts_of(waves, rng.integers(len(waves), size=batch), rng, frames)


def clip_mels(waves: Waveforms, indices: Sequence[int]) -> Tensor:
    """Log-mels of whole clips, `[n, 1, 1536, 64]`."""
    return torch_log_mel(torch.from_numpy(np.stack([waves[i] for i in indices])))
