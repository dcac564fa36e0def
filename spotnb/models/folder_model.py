"""What all models from a folder have in common: how they describe themselves, and what they read of a text."""

from __future__ import annotations

from typing import Any

import torch

from spotnb.models.card import ShownModel
from spotnb.models.identity import KEY, Identity
from spotnb.models.words import WORDS, Reading, read_tokens
from spotnb.support.checks import check_text


class FolderModel(ShownModel):
    """The base class of models from a folder. A subclass sets these attributes."""

    name: str
    device: torch.device
    dtype: torch.dtype
    prediction_type: str
    tokenizer: Any
    notes: dict[str, Any]
    _identity: Identity

    def describe(self) -> dict[str, Any]:
        """Return what the manifest records about the model, with a digest of its weights."""
        return {
            "name": self.name,
            KEY: str(self._identity),
            "dtype": str(self.dtype).removeprefix("torch."),
            "device": self.device.type,
            "prediction_type": self.prediction_type,
            **self.notes,
        }

    def read_text(self, text: str) -> Reading:
        """Return what the tokenizer reads of a text, see `spotnb.models.words`."""
        return read_tokens(self.tokenizer, check_text("text", text, hint=WORDS))

    def unknown_words(self, text: str) -> list[str]:
        """Return the words, signs and emoji of a text that the tokenizer does not know or drops, in order.

        A byte-level tokenizer, as in most published checkpoints, knows every word.
        """
        return list(self.read_text(text).unknown)
