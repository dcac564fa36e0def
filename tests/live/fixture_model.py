"""A model whose networks JavaScript has too, see tests/js/live_fixtures.js: arithmetic that rounds alike everywhere.

Every network depends on what a mistake would change: the noise prediction on neighboring frames, on the place of the
window and on its prompt, the typical latent on prompt, channel and bin, and the log-mel on the place in the window.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tests.networks import FunctionModel


class FixtureModel(FunctionModel):
    """An `AudioModel` with `place` and `typical_latent`, whose embeddings count the words of a text."""

    name, channels, latent_bins, native_frames = "fixture", 2, 4, 16

    def __init__(self) -> None:
        super().__init__(_predict, time_multiple=4)

    def embed(self, texts: list[str]) -> Tensor:
        counts = torch.tensor([len(text.split()) for text in texts])
        return torch.stack([counts / 10, counts % 3 / 5], dim=1)

    def place(self, cond: Tensor, starts: Tensor, frames: int) -> Tensor:
        return torch.cat([cond, starts.to(cond)[:, None]], dim=1)

    def typical_latent(self, cond: Tensor) -> Tensor:
        channels, bins = torch.arange(2)[:, None] + 1, torch.arange(4) / 4
        first, second = cond[:, :, None, None].unbind(1)
        return first * channels - second * bins

    def decode_mel(self, latent: Tensor) -> Tensor:
        mel = latent.mean(1, keepdim=True).repeat_interleave(4, dim=2).repeat_interleave(16, dim=3)
        place = torch.arange(mel.shape[2]) / mel.shape[2]
        return mel + place[:, None] - 5

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}


def _predict(x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
    first, second, start = cond[:, :, None, None, None].unbind(1)
    before = torch.nn.functional.pad(x, (0, 0, 1, 0))[:, :, :-1]
    after = torch.nn.functional.pad(x, (0, 0, 0, 1))[:, :, 1:]
    mixed = x + 0.3 * before + 0.2 * after
    level = (t.float() / 1000 + 0.5)[:, None, None, None]
    return mixed / (1 + mixed.abs()) * level + first * x / (1 + x * x) + second * (start % 7) / 7
