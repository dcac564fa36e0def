"""Prompts: the words that guide a run, checked and turned into conditioning."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spotnb.errors import InputError
from spotnb.models.protocol import AudioModel
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.checks import show
from spotnb.tiling.layout import Layout

log = logging.getLogger(__name__)

Guide = tuple[tuple[int, Tensor | None], ...]
"""Which prompts guide a window, by their rows, with the weight of each at every frame `[w]`; None is 1 everywhere."""


@dataclass(frozen=True)
class Conditioning:
    """What the network is told.

    Attributes:
        cond: `[P, D]`, a row for each prompt.
        uncond: `[1, D]`: what to be guided away from.
        weights: `[P, T]`, the share of each prompt in each frame; None where there is but one.
        unknown: words that the model does not know.
    """

    cond: Tensor
    uncond: Tensor
    weights: Tensor | None = None
    unknown: tuple[str, ...] = ()

    def guide(self, layout: Layout, tile: int) -> Guide:
        """The prompts that guide a tile's window. What is padded is guided as what it mirrors."""
        if self.weights is None:
            return ((0, None),)
        frames = np.arange(*layout.tiles[tile].window)
        if layout.edge == "circular":
            frames %= layout.frames
        else:
            frames = layout.frames - 1 - np.abs(layout.frames - 1 - np.abs(frames))
        shares = self.weights[:, torch.from_numpy(frames)]
        present = [int(row) for row in torch.nonzero(shares.amax(dim=1) > 0)]
        return ((present[0], None),) if len(present) == 1 else tuple((row, shares[row]) for row in present)


def check_prompt(prompt: Any) -> str:
    """`prompt`, if it is a text that says something. Raises `InputError`."""
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError(f"prompt is {show(prompt)}: expected words; describe the sound, such as 'acoustic guitar'")
    return prompt


def embed_prompt(
    model: AudioModel, prompt: str | PromptTimeline, negative: str = "", *, frames: int = 1, circular: bool = False
) -> Conditioning:
    """Conditioning of a prompt or a timeline over `frames`, guided away from `negative` (empty: from no prompt at all).

    Words that the model's tokenizer does not know are logged and returned, not swallowed. Raises `InputError` for an
    empty prompt or a negative one that is no text.
    """
    if not isinstance(negative, str):
        raise InputError(f"negative_prompt is {show(negative)}: expected a text; leave it empty for none")
    texts = list(prompt.prompts) if isinstance(prompt, PromptTimeline) else [check_prompt(prompt)]
    find_unknown = getattr(model, "unknown_words", None)
    unknown = tuple(find_unknown(" ".join([*texts, negative]))) if find_unknown else ()
    if unknown:
        log.warning("the model %s does not know: %s", model.name, ", ".join(unknown))
    embeds = model.embed([*texts, negative])
    weights = None
    if isinstance(prompt, PromptTimeline) and len(texts) > 1:
        weights = torch.from_numpy(prompt.weights(frames, circular)).to(embeds.device)
    return Conditioning(embeds[:-1], embeds[-1:], weights, unknown)
