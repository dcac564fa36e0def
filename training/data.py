"""Rendered clips as arrays: waveforms, log-mels, and attributes. They are memory-mapped to fit into little memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spotnb.models.mel import torch_log_mel
from spotnb.sound.mel import HOP
from training.compose import CLASSES

SAMPLES = 245_760  # 15.36 s at 16 kHz: 1536 mel frames, 384 latent frames


class MissingClips(SystemExit):
    """The data folder contains no rendered clips."""


def shards(data: Path, split: str) -> list[Path]:
    """Return the waveform shards of a split.

    Each is an int16 array `[n, SAMPLES]`, next to a JSON file with the list of the clips' attributes.

    Raises:
        MissingClips: There are none.
    """
    paths = sorted(data.glob(f"{split}-[0-9]*.npy"))
    if not paths:
        raise MissingClips(f"no {split} clips in {data}: run `python -m training.render` first")
    return paths


def load_attributes(data: Path, split: str) -> list[dict]:
    """Return the attributes of every clip of a split, in the order of the shards."""
    return [row for shard in shards(data, split) for row in json.loads(shard.with_suffix(".json").read_text())]


def class_targets(rows: list[dict]) -> Tensor:
    """Return 1 for each class that sounds in a clip, else 0, `[N, 14]`."""
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


MARGIN = 4  # mel frames at each end of an excerpt that the STFT's mirrored padding affects


def mel_excerpts_of(waves: Waveforms, clips: Sequence[int], rng: np.random.Generator, frames: int) -> Tensor:
    """Return log-mel excerpts `[n, 1, frames, 64]` from random positions in the given clips.

    They equal the same frames of the complete clips' log-mels.
    """
    return mels_of(np.stack([excerpt(waves[int(clip)], rng, frames) for clip in clips]))


def excerpt(clip: np.ndarray, rng: np.random.Generator, frames: int) -> np.ndarray:
    """Return a random frame-aligned stretch of a clip, with margins on both sides that `mels_of` removes."""
    total = frames + 2 * MARGIN
    start = int(rng.integers(len(clip) // HOP - total + 1)) * HOP
    return clip[start : start + total * HOP]


def mels_of(excerpts: np.ndarray) -> Tensor:
    """Return log-mels `[n, 1, frames, 64]` of stretches `[n, samples]` from `excerpt`."""
    return torch_log_mel(torch.from_numpy(excerpts))[:, :, MARGIN:-MARGIN]


def mel_excerpts(waves: Waveforms, rng: np.random.Generator, batch: int, frames: int) -> Tensor:
    """Return log-mel excerpts `[batch, 1, frames, 64]` of random clips."""
    return mel_excerpts_of(waves, rng.integers(len(waves), size=batch), rng, frames)


def clip_mels(waves: Waveforms, indices: Sequence[int]) -> Tensor:
    """Return the log-mels of complete clips, `[n, 1, 1536, 64]`."""
    return torch_log_mel(torch.from_numpy(np.stack([waves[i] for i in indices])))
