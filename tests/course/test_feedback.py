"""The card that a notebook shows, and the text that a terminal shows."""

from __future__ import annotations

import re

import pytest

from spotnb.course.answers import brief
from spotnb.course.feedback import _BADGES, _BARS, WORDS, Feedback, State

DARK, LIGHT = "#212121", "#ffffff"  # JupyterLab's --jp-layout-color1


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors, as WCAG 2.1 defines it."""

    def luminance(color: str) -> float:
        parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def words(feedback: Feedback) -> str:
    return " ".join(re.sub("<[^>]*>", " ", feedback._repr_html_()).split())


@pytest.mark.parametrize("state", WORDS)
def test_a_card_has_a_sign_a_color_and_words(state: State) -> None:
    card = Feedback(state, "So.", "Think.")._repr_html_()
    assert WORDS[state] in card
    assert _BADGES[state] in card
    assert re.search(r'aria-hidden="true">[✓✗…]<', card)
    assert contrast(_BADGES[state], "#ffffff") >= 4.5
    assert min(contrast(_BARS[state], DARK), contrast(_BARS[state], LIGHT)) >= 3


def test_the_signs_and_colors_differ() -> None:
    signs = {re.search("[✓✗…]", Feedback(state)._repr_html_())[0] for state in WORDS}  # type: ignore[index]
    assert len(signs) == len(set(_BADGES.values())) == len(WORDS)


def test_a_card_uses_the_colors_of_the_front_end_and_has_fallbacks() -> None:
    card = Feedback("wrong", "So.")._repr_html_()
    assert card.count("var(--jp-") == len(re.findall(r"var\(--jp-[\w-]+, [^)]", card)) >= 4
    assert "color: var(--jp-content-font-color1, inherit)" in card
    assert "word-break: normal" in card
    assert "<style" not in card


def test_text_of_a_student_is_escaped() -> None:
    card = Feedback("wrong", "<script>alert('x')</script> & `<b>` is not right.")._repr_html_()
    assert "<script" not in card
    assert "<b>" not in card
    assert "&lt;script&gt;" in card
    assert "&lt;b&gt;</code>" in card


def test_code_and_emphasis() -> None:
    card = Feedback("wrong", "The last `shift` frames, *at least* 2 * x or 2**3.", "So.")._repr_html_()
    assert ">shift</code>" in card
    assert "<em>at least</em> 2 * x or 2**3." in card


def test_the_same_words_everywhere() -> None:
    feedback = Feedback("wrong", "Too large.", "Think.")
    assert repr(feedback) == feedback.text == "Not yet. Too large.\nHint: Think."
    assert words(feedback) == "✗ Not yet Too large. Hint: Think."
    assert Feedback("unanswered").text == "Not answered yet."
    assert words(Feedback("unanswered")) == "… Not answered yet"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (2 / 3, "0.6667"),
        (12345.678, "12345.7"),
        (36864000.0, "36864000"),
        (1e300, "1e+300"),
        ([1 / 3, (2 / 3, 1.0)], "[0.3333, (0.6667, 1)]"),
        (list(range(20)), "[0, 1, 2, 3, 4, 5, ...]"),
        (True, "True"),
        (float("nan"), "nan"),
    ],
)
def test_numbers_are_short(value: object, text: str) -> None:
    assert brief(value) == text


def test_a_long_text_is_cut_between_words() -> None:
    text = brief([[1 / 3] * 6] * 6)
    assert text.startswith("[[0.3333, 0.3333, ")
    assert text.endswith(" 0.3333, ...")
    assert len(text) <= 104
