"""Tokens of texts: one thread at a time, because a tokenizer keeps padding and truncation in its own state.

transformers sets that state at the start of each call. A run that embeds its prompt, while another thread looks up
which words the model knows, would find its own tokens without padding, or the other thread would find its words cut.
"""

from __future__ import annotations

from threading import RLock
from typing import Any, Final

TURN: Final = RLock()
"""Held while a tokenizer works, which takes a millisecond, or the text encoder of `audioldm`, which takes longer."""


def tokenize(tokenizer: Any, texts: str | list[str], **options: Any) -> Any:
    """Return what a tokenizer of transformers returns, when no other thread uses one."""
    with TURN:
        return tokenizer(texts, **options)
