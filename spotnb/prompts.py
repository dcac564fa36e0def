"""Prompts: the words that guide a run, checked and turned into conditioning."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from spotnb.config import show
from spotnb.errors import InputError
from spotnb.models.protocol import AudioModel

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Conditioning:
    """What the network is told: `cond` and `uncond` `[B, D]`, and the words of the prompt that it does not know."""

    cond: Tensor
    uncond: Tensor
    unknown: tuple[str, ...] = ()


def check_prompt(prompt: Any) -> str:
    """`prompt`, if it is a text that says something. Raises `InputError`."""
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError(f"prompt is {show(prompt)}: expected words; describe the sound, such as 'acoustic guitar'")
    return prompt


def embed_prompt(model: AudioModel, prompt: str, negative: str = "") -> Conditioning:
    """Conditioning of one prompt, guided away from `negative` (empty: from no prompt at all).

    Words that the model's tokenizer does not know are logged and returned, not swallowed. Raises `InputError` for an
    empty prompt or a negative one that is no text.
    """
    check_prompt(prompt)
    if not isinstance(negative, str):
        raise InputError(f"negative_prompt is {show(negative)}: expected a text; leave it empty for none")
    find_unknown = getattr(model, "unknown_words", None)
    unknown = tuple(find_unknown(f"{prompt} {negative}")) if find_unknown else ()
    if unknown:
        log.warning("the model %s does not know: %s", model.name, ", ".join(unknown))
    embeds = model.embed([prompt, negative])
    return Conditioning(embeds[:1], embeds[1:], unknown)
