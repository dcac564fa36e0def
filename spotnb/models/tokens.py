"""Tokens of texts: one thread at a time, because a tokenizer keeps padding and truncation in its own state.

transformers sets that state at the start of each call. A run that embeds its prompt, while another thread looks up
which words the model knows, would find its own tokens without padding, or the other thread its words cut.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, Final

TURN: Final = Lock()
"""Held while a tokenizer, or a text encoder that contains one, is in use. Tokens of a prompt take a millisecond."""


def tokenize(tokenizer: Any, texts: str | list[str], **options: Any) -> Any:
    """Return what a tokenizer of transformers returns, when no other thread uses one."""
    with TURN:
        return tokenizer(texts, **options)
