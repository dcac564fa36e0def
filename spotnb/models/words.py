"""How much of a text a tokenizer reads: the words that it does not know, and those past the end of what it takes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from spotnb.models.results import check_words, wrong_result
from spotnb.models.tokens import tokenize
from spotnb.support.checks import show

Span = tuple[int, int]
WORDS = "pass words that describe a sound"
"""The advice in errors about texts."""


class Reading(NamedTuple):
    """What a model reads of a text.

    Attributes:
        unknown: The words, signs and emoji that the model does not know, in order.
        cut: The words past the longest text that the model takes, in order.
        empty: Whether nothing is left, so that the text would act as an empty one.
    """

    unknown: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    empty: bool = False


def read_text(model: Any, text: str) -> Reading:
    """Return what a model reads of a text: its own answer, or the little that `unknown_words` tells, if it has that.

    Raises:
        SpotnbError: The model returned something else than a `Reading`, or than a list of texts.
    """
    if (read := getattr(model, "read_text", None)) is not None:
        return _checked(model, read(text))
    unknown = getattr(model, "unknown_words", None)
    return Reading() if unknown is None else Reading(check_words(model, "unknown_words", unknown(text)))


def _checked(model: Any, answer: Any) -> Reading:
    if not isinstance(answer, tuple) or len(answer) != 3 or not isinstance(answer[2], bool):
        raise wrong_result(model, "read_text", show(answer), "a spotnb.models.words.Reading (unknown, cut, empty)")
    unknown, cut = (check_words(model, "read_text", words) for words in answer[:2])
    return Reading(unknown, cut, answer[2])


def read_tokens(tokenizer: Any, text: str, limit: int | None = None) -> Reading:
    """Return what a tokenizer of transformers reads of a text.

    Word-level tokenizers know the words of a list, and drop characters of other scripts, signs and emoji without a
    token. Byte-level tokenizers, as in the published checkpoints, know every character.

    Args:
        tokenizer: The tokenizer.
        text: The text, without lone surrogates.
        limit: The most tokens of a text with its special tokens (default: the tokenizer's own limit).
    """
    room = (limit or tokenizer.model_max_length) - tokenizer.num_special_tokens_to_add()
    if not tokenizer.is_fast:
        return _read_word_by_word(tokenizer, text, room)
    found = tokenize(tokenizer, text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    tokens = list(zip(found.input_ids, found.offset_mapping, strict=True))
    known = {place for token, span in tokens if token != tokenizer.unk_token_id for place in range(*span)}
    end = tokens[room][1][0] if len(tokens) > room else len(text)
    return Reading(
        tuple(
            text[a:b] for a, b in _spans(text, signs=not tokens) if any(_is_lost(text, k, known) for k in range(a, b))
        ),
        tuple(text[a:b] for a, b in _spans(text) if b > end),
        bool(text.strip()) and not tokens,
    )


def _read_word_by_word(tokenizer: Any, text: str, room: int) -> Reading:
    """Read a text with a tokenizer that does not tell where its tokens stand."""
    words = [text[a:b] for a, b in _spans(text)]
    tokens = [tokenize(tokenizer, word, add_special_tokens=False).input_ids for word in words]
    unknown = [word for word, ids in zip(words, tokens, strict=True) if not ids or tokenizer.unk_token_id in ids]
    everything = tokenize(tokenizer, text, add_special_tokens=False, verbose=False).input_ids
    cut = tokenizer.decode(everything[room:]).split()
    return Reading(tuple(unknown), tuple(cut), bool(text.strip()) and not everything)


def _is_lost(text: str, place: int, known: set[int]) -> bool:
    return place not in known and not unicodedata.category(text[place]).startswith(("M", "Cf"))


def _spans(text: str, signs: bool = False) -> Iterator[Span]:
    """Yield the places of words and of signs other than those of ASCII.

    Signs of ASCII count if nothing but signs stands between two spaces, as in `???`. A single one does not, because it
    is mostly a dash or an ampersand, unless `signs` is set.
    """
    start = 0
    for chunk in text.split():
        start = text.index(chunk, start)
        groups = list(_groups(chunk))
        if not groups and (signs or len(chunk) > 1):
            groups = [(0, len(chunk))]
        yield from ((start + a, start + b) for a, b in groups)
        start += len(chunk)


def _groups(chunk: str) -> Iterator[Span]:
    """Yield the places of letters and digits in a row, and of other signs in a row."""
    begin, kind = 0, ""
    for place, character in enumerate(chunk):
        here = _kind(character) or kind
        if here != kind:
            if kind in ("word", "sign"):
                yield begin, place
            begin, kind = place, here
    if kind in ("word", "sign"):
        yield begin, len(chunk)


def _kind(character: str) -> str:
    """Return "word", "sign", "mark" for what only separates words, or "" for what extends the character before it."""
    category = unicodedata.category(character)
    if character.isalnum():
        return "word"
    if category.startswith("M") or category == "Cf":  # accents, vowel signs, joiners of emoji
        return ""
    return "mark" if character.isascii() or category.startswith("P") else "sign"
