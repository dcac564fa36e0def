"""How objects show themselves: one line of text in a terminal, and a small card that unfolds in a notebook.

As in treescope, the head of a card is the one line of text, facts unfold below it, and the parts of an object are cards
themselves. A card is plain HTML with inline SVG: it has no script and needs no network, so it also works in a saved
notebook and in a static page. Neither form reads an array or runs a model, and neither ever raises an error.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spotnb.support.checks import show
from spotnb.support.pictures import Picture, printable

LONGEST_LINE = 200
"""The most characters of a text representation."""
LONGEST_FACT = 300
MOST_FACTS = 40

STYLE = """
.spotnb-card{--spotnb-soft:color-mix(in srgb,currentColor 76%,transparent);
--spotnb-rule:color-mix(in srgb,currentColor 26%,transparent);box-sizing:border-box;width:100%;margin:2px 0;
color:var(--jp-content-font-color1,inherit);
font:13px/1.5 var(--jp-ui-font-family,system-ui,-apple-system,"Segoe UI",Arial,sans-serif)}
.spotnb-card details{margin:4px 0 0;border:1px solid var(--spotnb-rule);border-radius:6px}
.spotnb-card>details{margin:0}
.spotnb-card summary{padding:4px 10px;border-radius:6px;cursor:pointer;overflow-wrap:anywhere}
.spotnb-card summary:focus-visible{outline:2px solid var(--jp-brand-color1,currentColor);outline-offset:-2px}
.spotnb-card summary b,.spotnb-card .spotnb-plain b{font-weight:600}
.spotnb-card summary i,.spotnb-card .spotnb-plain i{color:var(--spotnb-soft);font-style:normal}
.spotnb-card .spotnb-plain{padding:4px 10px;overflow-wrap:anywhere}
.spotnb-card .spotnb-body{padding:2px 10px 8px}
.spotnb-card .spotnb-facts{width:auto;max-width:100%;margin:0;border:0;border-collapse:collapse;font-size:inherit}
.spotnb-card .spotnb-facts tbody tr{border:0;background:none}
.spotnb-card .spotnb-facts tbody tr>*{max-width:none;padding:1px 16px 1px 0;border:0;background:none;color:inherit;
font-weight:400;text-align:left;vertical-align:top;white-space:normal;overflow-wrap:anywhere;
font-variant-numeric:tabular-nums}
.spotnb-card .spotnb-facts tbody tr>th{color:var(--spotnb-soft);white-space:nowrap}
.spotnb-card small{display:block;color:var(--spotnb-soft);font-size:12px}
.spotnb-card figure{margin:4px 0 8px}
.spotnb-card figure>svg{display:block;width:100%;overflow:visible}
.spotnb-card .spotnb-scale{display:flex;justify-content:space-between;color:var(--spotnb-soft);font-size:12px}
.spotnb-card .spotnb-legend{display:flex;flex-wrap:wrap;gap:0 16px;font-size:12px}
.spotnb-card .spotnb-legend svg{width:14px;height:10px;margin-right:5px}
""".replace("\n", "")


@dataclass(frozen=True)
class Card:
    """What a notebook shows of an object.

    Attributes:
        head: The text representation of the object, always visible.
        facts: Short texts by their name. None is left out; a pair is a value with a note below it.
        picture: A picture that says more than the facts, or None.
        parts: Further objects by their name, each folded: either cards or objects that show themselves.
    """

    head: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    picture: Picture | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)

    def html(self) -> str:
        """Return the card as HTML that stands alone."""
        return f'<div class="spotnb-card"><style>{STYLE}</style>{self._details(unfolded=True)}</div>'

    def _details(self, label: str = "", *, unfolded: bool = False) -> str:
        parts = {name: card_of(part) for name, part in self.parts.items() if part is not None}
        body = "" if self.picture is None else self.picture.html()
        body += _table(self.facts)
        body += "".join(part._details(name) for name, part in parts.items())  # noqa: SLF001  of the same class
        name, bracket, rest = self.head.partition("(")
        head = f"{_escaped(label)}: " if label else ""
        head += f"<b>{_escaped(name)}</b><i>{_escaped(bracket + rest, LONGEST_LINE)}</i>"
        if not body:
            return f'<div class="spotnb-plain">{head}</div>'
        opened = " open" if unfolded else ""
        return f'<details{opened}><summary>{head}</summary><div class="spotnb-body">{body}</div></details>'


class Shown:
    """A base class of objects that show themselves. A subclass says how, in `_text_` and `_card_`.

    A dataclass needs `repr=False`. A `NamedTuple`, which has no other base class, calls `text_of` and `html_of` itself.
    """

    __slots__ = ()

    def _text_(self) -> str:
        """Return what a reader wants to know first, without line breaks. It appears in parentheses after the class."""
        return ""

    def _card_(self) -> Card:
        """Return the card of the object."""
        return Card(repr(self))

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)


def text_of(shown: Any) -> str:
    """Return the text representation of an object that has `_text_`: its class, and that text in parentheses."""
    try:
        text = printable(" ".join(shown._text_().split()))
    except Exception:  # an object that is not complete; a representation must not fail
        text = "..."
    return in_line(type(shown).__name__, text)


def in_line(name: str, text: str) -> str:
    """Return `name(text)`, shortened to a line."""
    room = LONGEST_LINE - len(name) - 2
    return f"{name}({text if len(text) <= room else text[: room - 3] + '...'})"


def html_of(shown: Any) -> str:
    """Return the card of an object that has `_card_`, as HTML."""
    return card_of(shown).html()


def card_of(shown: Any) -> Card:
    """Return the card of an object, or one with only its text if it is not complete. A card is returned itself."""
    if isinstance(shown, Card):
        return shown
    try:
        card: Card = shown._card_()
    except Exception:
        return Card(show(shown))
    return card


def quoted(text: Any) -> str:
    """Return a text in double quotes, shortened to 60 characters, with control characters escaped."""
    shown = show(text)
    return f'"{shown[1:-1]}"' if shown[:1] == shown[-1:] == "'" and '"' not in shown else shown


def joined(*words: str | None) -> str:
    """Return the words with commas between them. None and empty words are left out."""
    return ", ".join(word for word in words if word)


def seconds(value: Any) -> str:
    """Return a time such as `30 s`, in at most six digits."""
    return f"{float(value):.6g} s"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun, such as `1 step` or `25 steps`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def megabytes(size: float) -> str:
    """Return a size in bytes as kB, MB or GB, in three digits."""
    power = 3 if size >= 1e9 else 2 if size >= 1e6 else 1
    return f"{size / 1000**power:.3g} {'kMG'[power - 1]}B"


def _table(facts: Mapping[str, Any]) -> str:
    known = {name: value for name, value in facts.items() if value is not None}
    rows = "".join(
        f'<tr><th scope="row">{_escaped(name)}</th><td>{_cell(value)}</td></tr>'
        for name, value in list(known.items())[:MOST_FACTS]
    )
    return f'<table class="spotnb-facts"><tbody>{rows}</tbody></table>' if rows else ""


def _cell(value: Any) -> str:
    value, note = value if isinstance(value, tuple) else (value, "")
    cell = f"<bdi>{_escaped(value if isinstance(value, str) else show(value))}</bdi>"
    return f"{cell}<small>{_escaped(note)}</small>" if note else cell


def _escaped(text: Any, longest: int = LONGEST_FACT) -> str:
    plain = printable(str(text)[: longest + 1])
    return html.escape(plain if len(plain) <= longest else plain[: longest - 3] + "...")
