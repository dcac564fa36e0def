"""Rendered clips as arrays: waveforms, log-mels and attributes, memory-mapped so that they fit any machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spotnb.mel import HOP
from spotnb.models.mel import torch_log_mel

SAMPLES = 163_840  # 10.24 s at 16 kHz: 1024 mel frames, 256 latent frames


def shards(data: Path, split: str) -> list[Path]:
    """The waveform shards of a split, each int16 `[n, SAMPLES]`, with a JSON list of attributes beside it."""
    found = sorted(data.glob(f"{split}-[0-9]*.npy"))
    if not found:
        raise SystemExit(f"no {split} clips in {data}: run `python -m training.render` first")
    return found


def load_attributes(data: Path, split: str) -> list[dict]:
    """What is known of every clip of a split, in the order of the shards."""
    return [row for shard in shards(data, split) for row in json.loads(shard.with_suffix(".json").read_text())]


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


def mel_excerpts_of(waves: Waveforms, clips: Sequence[int], rng: np.random.Generator, frames: int) -> Tensor:
    """Log-mel excerpts `[n, 1, frames, 64]` from random places of given clips, as they lie in the clips' log-mels."""
    margin = 4  # mel frames that the mirrored ends of an excerpt reach
    total = frames + 2 * margin
    pieces = []
    for clip in clips:
        start = int(rng.integers(SAMPLES // HOP - total + 1)) * HOP
        pieces.append(waves[int(clip)][start : start + total * HOP])
    return torch_log_mel(torch.from_numpy(np.stack(pieces)))[:, :, margin:-margin]


def mel_excerpts(waves: Waveforms, rng: np.random.Generator, batch: int, frames: int) -> Tensor:
    """Random log-mel excerpts `[batch, 1, frames, 64]`."""
    return mel_excerpts_of(waves, rng.integers(len(waves), size=batch), rng, frames)


def clip_mels(waves: Waveforms, indices: Sequence[int]) -> Tensor:
    """Log-mels of whole clips, `[n, 1, 1024, 64]`."""
    return torch_log_mel(torch.from_numpy(np.stack([waves[i] for i in indices])))
