"""The type of a phrase: its text, and the kinds of its class that it is limited to; none means every kind."""

from __future__ import annotations

Phrase = tuple[str, ...]
