"""Feedback on an answer: plain text in a terminal, a small card in a notebook."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

State = Literal["right", "wrong", "unanswered"]

WORDS: dict[State, str] = {"right": "Right", "wrong": "Not yet", "unanswered": "Not answered yet"}

_SIGNS: dict[State, str] = {"right": "✓", "wrong": "✗", "unanswered": "…"}
_BADGES: dict[State, str] = {"right": "#1b6e3c", "wrong": "#a33a1f", "unanswered": "#4f5b67"}
"""Backgrounds of white text, with a contrast of at least 6 in light and dark themes alike."""
_BARS: dict[State, str] = {"right": "#2f9159", "wrong": "#d0573a", "unanswered": "#7a8794"}
"""Colors of the line at the left, with a contrast of at least 3 to white and to JupyterLab's dark background."""

_CARD = (
    "box-sizing: border-box; max-width: 46em; margin: 4px 0; padding: 8px 12px; border-radius: 6px; "
    "border: 1px solid var(--jp-border-color2, rgba(127, 127, 127, 0.4)); border-left: 4px solid {bar}; "
    "background: var(--jp-layout-color1, transparent); color: var(--jp-content-font-color1, inherit); "
    "font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 14px; line-height: 1.5; "
    "white-space: normal; word-break: normal; overflow-wrap: break-word; hyphens: none"
)
_BADGE = (
    "display: inline-block; margin-right: 8px; padding: 0 8px; border-radius: 4px; background: {badge}; "
    "color: #ffffff; font-weight: 600"
)
_CODE = "font-family: var(--jp-code-font-family, monospace); font-size: 0.93em; color: inherit; background: none"


@dataclass(frozen=True)
class Feedback:
    """Feedback on an answer. It is true if the answer is right.

    Attributes:
        state: "right", "wrong" or "unanswered".
        said: What is wrong with the answer, or why it is right.
        hint: Help, or "" if it is not its time yet.
    """

    state: State
    said: str = ""
    hint: str = ""

    @property
    def right(self) -> bool:
        """Whether the answer is right."""
        return self.state == "right"

    @property
    def text(self) -> str:
        """The feedback as plain text, with the hint on a line of its own."""
        lines = [f"{WORDS[self.state]}. {self.said}".rstrip()]
        return "\n".join([*lines, f"Hint: {self.hint}"] if self.hint else lines)

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return self.text

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002  IPython passes it
        printer.text(self.text)

    def _repr_html_(self) -> str:
        """Return the card. Its styles are inline, because front ends remove style sheets from untrusted outputs."""
        badge = (
            f'<strong style="{_BADGE.format(badge=_BADGES[self.state])}">'
            f'<span aria-hidden="true">{_SIGNS[self.state]}</span> {WORDS[self.state]}</strong>'
        )
        hint = f'<div style="margin-top: 6px"><strong>Hint:</strong> {_marked(self.hint)}</div>' if self.hint else ""
        return (
            f'<div class="spotnb-feedback" role="note" style="{_CARD.format(bar=_BARS[self.state])}">'
            f"{badge}{_marked(self.said)}{hint}</div>"
        )


def _marked(text: str) -> str:
    """Escape a text, and show `code` and *emphasis* as such."""
    text = re.sub(r"`([^`]+)`", rf'<code style="{_CODE}">\1</code>', escape(text))
    return re.sub(r"(?<![\w*])\*(\w[\w ]*)\*(?![\w*])", r"<em>\1</em>", text)
