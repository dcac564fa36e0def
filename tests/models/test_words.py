"""What a tokenizer drops is named, for word-level and byte-level tokenizers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from spotnb.errors import InputError
from spotnb.models.load import load_model
from spotnb.models.words import Reading, read_text, read_tokens
from tests.models.components import make_tokenizer
from tests.networks import FunctionModel, pointwise


@pytest.fixture(scope="module")
def tiny() -> Any:
    return load_model("tiny")


@pytest.fixture(scope="module")
def bytes_known() -> Any:
    """Return a byte-level tokenizer without merges, as that of the published checkpoints is."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>", model_max_length=40
    )


@pytest.mark.parametrize(
    ("text", "unknown", "empty"),
    [
        ("钢琴", ["钢琴"], True),
        ("пианино", ["пианино"], True),
        ("🎸", ["🎸"], True),
        ("???", ["???"], True),
        ("?", ["?"], True),
        ("... !!", ["...", "!!"], True),
        ("👩‍🎤️ 🏳️‍🌈", ["👩‍🎤️", "🏳️‍🌈"], True),
        ("हिन्दी", ["हिन्दी"], True),
        ("\u200b", [], True),
        ("piano 钢琴", ["钢琴"], False),
        ("piano🎸", ["🎸"], False),
        ("piano钢琴", ["piano钢琴"], False),
        ("piano ???", ["???"], False),
        ("piano ♫ drums", ["♫"], False),
        ("pianó", ["pianó"], False),
        ("piano, drums & bass - rock!", [], False),
        ("heavy zither, rock & didgeridoo-song", ["zither", "didgeridoo"], False),
        ("zither", ["zither"], False),
        ("", [], False),
        (" \n", [], False),
    ],
)
def test_what_the_embedded_model_does_not_read(tiny: Any, text: str, unknown: list[str], empty: bool) -> None:
    reading = tiny.read_text(text)
    assert tiny.unknown_words(text) == list(reading.unknown) == unknown
    assert reading.empty is empty
    assert not reading.cut


@pytest.mark.parametrize(("words", "cut"), [(37, 0), (38, 0), (39, 1), (60, 22)])
def test_words_past_the_limit(tiny: Any, words: int, cut: int) -> None:
    text = " ".join(f"{['piano', 'drums'][k % 2]}" for k in range(words))
    assert tiny.read_text(text).cut == tuple(text.split()[words - cut :])


@given(st.text(min_size=1, max_size=12).filter(lambda text: text.isprintable() and text.strip()))
def test_a_byte_level_tokenizer_knows_everything(bytes_known: Any, text: str) -> None:
    reading = read_tokens(bytes_known, text, limit=10_000)
    assert reading == Reading()


def test_a_byte_level_tokenizer_cuts_too(bytes_known: Any) -> None:
    assert read_tokens(bytes_known, "a" * 30 + " 钢琴 drums").cut == ("drums",)
    assert read_tokens(bytes_known, "a" * 30 + " 钢琴 drums", 38).cut == ("钢琴", "drums")[1:]
    assert read_tokens(bytes_known, "a" * 30 + " 钢琴 drums", 35).cut == ("钢琴", "drums")


class Slow:
    """A tokenizer that does not tell where its tokens stand."""

    is_fast = False

    def __init__(self) -> None:
        self._fast = make_tokenizer()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fast, name)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._fast(*args, **options)


def test_a_tokenizer_without_offsets_is_read_word_by_word() -> None:
    reading = read_tokens(Slow(), "rock zither 钢琴 drums piano", 6)
    assert "zither" in reading.unknown
    assert "钢琴" in reading.unknown
    assert reading.cut[-1] == "piano"
    assert read_tokens(Slow(), "rock drums") == Reading()


def test_a_model_that_says_nothing_reads_everything() -> None:
    assert read_text(FunctionModel(pointwise), "钢琴") == Reading()


def test_half_a_character_is_refused(tiny: Any) -> None:
    for use in (tiny.read_text, tiny.unknown_words, lambda text: tiny.embed(["rain", text])):
        with pytest.raises(InputError, match="character 7 is only half of one") as caught:
            use("piano \udcff")
        assert "\n" not in str(caught.value)
