"""Guidance: which prompts guide which windows, at which steps, and how strongly."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spotnb.errors import InputError
from spotnb.models.border import embed
from spotnb.models.conditioning import Conditioning
from spotnb.models.protocol import AudioModel
from spotnb.models.shelter import shelter
from spotnb.models.words import Reading, read_text
from spotnb.sampling.settings import check_prompt
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.cards import Shown, count, joined, text_of
from spotnb.support.checks import SHOWN, show
from spotnb.tiling.clock import Clock
from spotnb.tiling.layout import Layout

log = logging.getLogger(__name__)

MOST_LISTED = 20
"""Words that a note lists."""


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

    def __repr__(self) -> str:
        return text_of(self)

    def _text_(self) -> str:
        return joined("not guided" if self.eps_uncond is None else "guided", f"window {list(self.eps.shape)}")


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


@dataclass(frozen=True, repr=False)
class Prompts(Shown):
    """The prompts of a run as conditioning for the network.

    Attributes:
        conditioning: One row for each text.
        prompts: The rows of each prompt of the timeline: one row for all candidates, or one for each.
        negative: The rows of the negative prompt: one row for all candidates, or one for each.
        weights: The share of each prompt in each frame, `[P, T]`; None if there is only one prompt.
        unknown: Words that the model does not know.
        cut: Words past the longest text that the model takes.
    """

    conditioning: Conditioning
    prompts: tuple[tuple[int, ...], ...]
    negative: tuple[int, ...]
    weights: NDArray[np.float32] | None = None
    unknown: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()

    def _text_(self) -> str:
        return joined(count(len(self.prompts), "prompt"), count(len(self.conditioning), "row"), *self.notes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the model does not read of the texts, in sentences."""
        unknown = f"the model does not know: {_listed(self.unknown)}"
        cut = f"the text is too long for the model, which ignores its end: {_listed(self.cut)}"
        return (unknown,) * bool(self.unknown) + (cut,) * bool(self.cut)

    def guides(self, layout: Layout, tile: int) -> tuple[Guide, ...]:
        """Return the prompts that guide a tile's window. Padding is guided like the frames that it mirrors."""
        if self.weights is None:
            return (Guide(self.prompts[0]),)
        shares = self.weights[:, layout.frame_at(np.arange(*layout.tiles[tile].window))]
        present = [prompt for prompt, share in enumerate(shares) if share.max() > 0]
        if len(present) == 1:
            return (Guide(self.prompts[present[0]]),)
        return tuple(Guide(self.prompts[prompt], torch.from_numpy(shares[prompt])) for prompt in present)

    def over_time(self, values: Tensor) -> Tensor:
        """Return what each candidate's prompts make of values `[N, ...]` of the rows, in each frame of the latent.

        Prompts that share a frame are mixed as `weights` says.

        Returns:
            A tensor `[B, T, ...]`. B or T is 1 if all candidates or all frames are alike.
        """
        each = [values[list(rows)][:, None] for rows in self.prompts]
        if self.weights is None:
            return each[0]
        shares = torch.from_numpy(self.weights).to(values).reshape(*self.weights.shape, *[1] * (values.ndim - 1))
        return sum((value * share for value, share in zip(each, shares, strict=True)), torch.zeros_like(each[0]))


def _listed(words: tuple[str, ...]) -> str:
    more = len(words) - MOST_LISTED
    shown = (word if word.isprintable() and len(word) <= SHOWN else show(word) for word in words[:MOST_LISTED])
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def one_prompt(conditioning: Conditioning) -> Prompts:
    """Return the `Prompts` of a run with one prompt, from two rows: the prompt and the negative prompt."""
    return Prompts(conditioning, ((0,),), (1,))


@shelter
def embed_prompt(
    model: AudioModel, prompt: str | PromptTimeline, negative: str = "", *, frames: int = 1, ring: bool = False
) -> Prompts:
    """Embed a prompt or a timeline, and a negative prompt.

    Words that the model's tokenizer does not know, and words past its limit, are logged and returned.

    Args:
        model: The model that embeds the texts.
        prompt: A text, or a timeline over `frames` latent frames.
        negative: The negative prompt; an empty text stands for no prompt.
        frames: The length of the latent.
        ring: Whether the end of the sound meets its start.

    Raises:
        InputError: The prompt is empty, or the model reads nothing of a text.
    """
    texts = list(prompt.prompts) if isinstance(prompt, PromptTimeline) else [str(check_prompt(prompt))]
    readings = [_read(model, "the prompt", text) for text in texts] + [_read(model, "negative_prompt", negative)]
    unknown = tuple(word for reading in readings for word in reading.unknown)
    cut = tuple(word for reading in readings for word in reading.cut)
    conditioning = embed(model, [*texts, negative])
    if len(texts) == 1:
        prompts = one_prompt(conditioning)
    else:
        assert isinstance(prompt, PromptTimeline)
        rows = tuple((row,) for row in range(len(texts)))
        prompts = Prompts(conditioning, rows, (len(texts),), prompt.weights(frames, ring, Clock.of(model)))
    prompts = replace(prompts, unknown=unknown, cut=cut)
    for note in prompts.notes:
        log.warning("%s: %s", model.name, note)
    return prompts


def _read(model: AudioModel, name: str, text: str) -> Reading:
    reading = read_text(model, text)
    if reading.empty:
        raise InputError(
            f"{name} is {show(text)}, of which {model.name} reads nothing: expected words that it knows, such as "
            "'calm piano'; describe the sound in English"
        )
    return reading
