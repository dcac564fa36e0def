"""The building blocks of cards: text that stays on one line, HTML that is escaped, and nothing that raises an error."""

from __future__ import annotations

from typing import NoReturn

import pytest

from spotnb.support.cards import LONGEST_LINE, Card, Shown, count, joined, megabytes, quoted, seconds
from spotnb.support.pictures import Picture


class Named(Shown):
    def __init__(self, text: str) -> None:
        self.text = text

    def _text_(self) -> str:
        return self.text

    def _card_(self) -> Card:
        return Card(repr(self), {"Text": self.text}, None, {"part": Nested()})


class Nested(Shown):
    def _text_(self) -> str:
        return "inside"

    def _card_(self) -> Card:
        return Card(repr(self), {"Depth": "2"})


class Broken(Shown):
    def _text_(self) -> str:
        raise RuntimeError("half of it is missing")

    def _card_(self) -> NoReturn:
        raise RuntimeError("half of it is missing")


def test_text_is_the_class_and_what_matters() -> None:
    assert repr(Named("rain, 30 s")) == "Named(rain, 30 s)"
    assert repr(Nested()) == "Nested(inside)"
    assert repr(Shown()) == "Shown()"


def test_text_stays_on_one_short_line() -> None:
    assert repr(Named("a\nb\t c")) == "Named(a b c)"
    long = repr(Named("word " * 1000))
    assert len(long) == LONGEST_LINE
    assert long.endswith("...)")


def test_text_cannot_turn_or_hide_other_text() -> None:
    assert repr(Named("a\u202eb\x00\ud800")) == "Named(a\ufffdb\ufffd\ufffd)"


def test_a_broken_object_still_shows_itself() -> None:
    assert repr(Broken()) == "Broken(...)"
    assert "<b>Broken</b><i>(...)</i>" in Broken()._repr_html_()
    whole = Card("Whole()", {"Fact": "1"}, None, {"broken": Broken(), "intact": Nested(), "absent": None}).html()
    assert "<b>Broken</b>" in whole
    assert "<b>Nested</b>" in whole
    assert "absent" not in whole


def test_a_card_unfolds() -> None:
    shown = Named("rain")._repr_html_()
    assert shown.count("<details open>") == 1
    assert shown.count("<details>") == 1
    assert "<summary>part: <b>Nested</b><i>(inside)</i></summary>" in shown
    assert '<th scope="row">Text</th><td><bdi>rain</bdi></td>' in shown


def test_a_card_without_facts_does_not_unfold() -> None:
    assert "<details" not in Card("Plain(1)").html()


def test_everything_in_a_card_is_escaped() -> None:
    hostile = "<script>alert('&')</script>\u202e"
    picture = Picture("", 10, hostile, (hostile, hostile), [("red", hostile)])
    card = Card(
        f"Hostile({hostile})", {hostile: hostile, "note": ("1", hostile)}, picture, {hostile: Card("Other()", {"a": 1})}
    )
    shown = card.html()
    assert "<script" not in shown
    assert "\u202e" not in shown
    assert shown.count("&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;\ufffd") == 9


def test_facts_that_are_missing_or_long() -> None:
    shown = Card("Some()", {"gone": None, "long": "x" * 10**6, "number": 5, "many": list(range(1000))}).html()
    assert "gone" not in shown
    assert "xxx..." in shown
    assert len(shown) < 4000
    assert "<bdi>5</bdi>" in shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rain", '"rain"'),
        ("it's", '"it\'s"'),
        ('a "b"', "'a \"b\"'"),
        ("a\nb", '"a\\nb"'),
        ("", '""'),
        (5, "5"),
    ],
)
def test_quotes(text: object, expected: str) -> None:
    assert quoted(text) == expected


def test_a_long_text_in_quotes_is_shortened() -> None:
    assert quoted("rain " * 100).startswith('"rain rain')
    assert len(quoted("rain " * 100)) == 60


def test_words() -> None:
    assert joined("a", None, "", "b") == "a, b"
    assert seconds(30.0) == "30 s"
    assert seconds(10.24) == "10.24 s"
    assert (count(1, "step"), count(2, "step"), count(2, "entry", "entries")) == ("1 step", "2 steps", "2 entries")
    assert [megabytes(size) for size in (0, 4096, 26.9e6, 1.5e9)] == ["0 kB", "4.1 kB", "26.9 MB", "1.5 GB"]
