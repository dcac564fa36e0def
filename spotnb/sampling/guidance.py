"""Guidance: which prompts guide which windows, at which steps, and how strongly."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spotnb.models.conditioning import Conditioning
from spotnb.models.protocol import AudioModel
from spotnb.models.shelter import shelter
from spotnb.sampling.settings import check_prompt
from spotnb.sampling.timeline import PromptTimeline
from spotnb.tiling.layout import Layout

log = logging.getLogger(__name__)


class Prediction(NamedTuple):
    """The noise prediction for one window; each tensor is `[B, C, w, F]`.

    Attributes:
        eps: The guided prediction; `eps_cond` if there is no guidance.
        eps_uncond: The prediction with the negative prompt, or None if there is no guidance.
        eps_cond: The prediction with the prompt.
    """

    eps: Tensor
    eps_uncond: Tensor | None
    eps_cond: Tensor


def classifier_free(eps_uncond: Tensor | None, eps_cond: Tensor, scale: float) -> Prediction:
    """Combine two predictions by classifier-free guidance: `eps_uncond + scale * (eps_cond - eps_uncond)`.

    Source: Ho and Salimans 2022, arXiv:2207.12598, equation 6, with `scale = 1 + w`.
    """
    eps = eps_cond if eps_uncond is None else torch.lerp(eps_uncond, eps_cond, scale)
    return Prediction(eps, eps_uncond, eps_cond)


@dataclass(frozen=True)
class Guidance:
    """When guidance is active, and how strong it is.

    Attributes:
        scale: The guidance scale; 1 means no guidance.
        interval: The timesteps (low, high) between which guidance is active; None means all timesteps.
    """

    scale: float
    interval: tuple[int, int] | None = None

    def active(self, timestep: int) -> bool:
        """Return whether guidance is active at a timestep."""
        low, high = self.interval or (0, timestep)
        return self.scale != 1 and low <= timestep <= high

    def passes(self, timestep: int) -> int:
        """Return how often a window goes through the network: twice with guidance, once without."""
        return 2 if self.active(timestep) else 1


class Guide(NamedTuple):
    """One prompt that guides a window.

    Attributes:
        rows: The rows of conditioning: one for all candidates, or one for each.
        weights: The share of the prompt at every frame of the window, `[w]`; None means 1 everywhere.
    """

    rows: tuple[int, ...]
    weights: Tensor | None = None


@dataclass(frozen=True)
class Prompts:
    """The prompts of a run as conditioning for the network.

    Attributes:
        conditioning: One row for each text.
        prompts: The rows of each prompt of the timeline: one row for all candidates, or one for each.
        negative: The rows of the negative prompt: one row for all candidates, or one for each.
        weights: The share of each prompt in each frame, `[P, T]`; None if there is only one prompt.
        unknown: Words that the model does not know.
    """

    conditioning: Conditioning
    prompts: tuple[tuple[int, ...], ...]
    negative: tuple[int, ...]
    weights: NDArray[np.float32] | None = None
    unknown: tuple[str, ...] = ()

    def guides(self, layout: Layout, tile: int) -> tuple[Guide, ...]:
        """Return the prompts that guide a tile's window. Padding is guided like the frames that it mirrors."""
        if self.weights is None:
            return (Guide(self.prompts[0]),)
        shares = self.weights[:, layout.frame_at(np.arange(*layout.tiles[tile].window))]
        present = [prompt for prompt, share in enumerate(shares) if share.max() > 0]
        if len(present) == 1:
            return (Guide(self.prompts[present[0]]),)
        return tuple(Guide(self.prompts[prompt], torch.from_numpy(shares[prompt])) for prompt in present)


def one_prompt(conditioning: Conditioning, unknown: Sequence[str] = ()) -> Prompts:
    """Return the `Prompts` of a run with one prompt, from two rows: the prompt and the negative prompt."""
    return Prompts(conditioning, ((0,),), (1,), unknown=tuple(unknown))


@shelter
def embed_prompt(
    model: AudioModel, prompt: str | PromptTimeline, negative: str = "", *, frames: int = 1, ring: bool = False
) -> Prompts:
    """Embed a prompt or a timeline, and a negative prompt.

    Words that the model's tokenizer does not know are logged and returned.

    Args:
        model: The model that embeds the texts.
        prompt: A text, or a timeline over `frames` latent frames.
        negative: The negative prompt; an empty text stands for no prompt.
        frames: The length of the latent.
        ring: Whether the end of the sound meets its start.

    Raises:
        InputError: The prompt is empty.
    """
    texts = list(prompt.prompts) if isinstance(prompt, PromptTimeline) else [str(check_prompt(prompt))]
    find_unknown: Any = getattr(model, "unknown_words", None)
    unknown = tuple(find_unknown(" ".join([*texts, negative]))) if find_unknown else ()
    if unknown:
        log.warning("the model %s does not know: %s", model.name, ", ".join(unknown))
    conditioning = model.embed([*texts, negative])
    if len(texts) == 1:
        return one_prompt(conditioning, unknown)
    assert isinstance(prompt, PromptTimeline)
    rows = tuple((row,) for row in range(len(texts)))
    return Prompts(conditioning, rows, (len(texts),), prompt.weights(frames, ring), unknown)
