"""Small inline SVG pictures for cards: bars, ticks, bands, dots and profiles.

Every picture is as wide as its card and stretches with it, so it has no text inside: the ends of its axis and its
legend are HTML below it. The colors have a contrast of at least 3 on white and on JupyterLab's dark background.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH = 1000
"""Units of a picture from left to right."""
TILE, PALE, SEAM = "#4a80ab", "#7f93a6", "#cc5a38"
BANDS = (TILE, "#b96a1c", "#3c8a5a", "#8a6cc0", "#a8598f", "#2a8790")
MOST_SHAPES = 500
"""The most shapes of one kind in a picture."""

Bar = tuple[float, float]
"""`(start, stop)` on the axis of a picture."""


@dataclass(frozen=True)
class Picture:
    """An SVG picture with the ends of its axis and its legend.

    Attributes:
        content: The shapes, as SVG.
        height: The height in pixels.
        label: What the picture shows, for readers who cannot see it.
        ends: What the left and the right end of the axis are.
        legend: The colors and what they mean.
    """

    content: str
    height: int
    label: str
    ends: tuple[str, str] = ("", "")
    legend: Sequence[tuple[str, str]] = ()

    def html(self) -> str:
        """Return the picture as HTML."""
        drawing = (
            f'<svg role="img" aria-label="{_escaped(self.label)}" viewBox="0 0 {WIDTH} {self.height}" '
            f'height="{self.height}" preserveAspectRatio="none">{self.content}</svg>'
        )
        left, right = (f"<span>{_escaped(end)}</span>" for end in self.ends)
        scale = f'<div class="spotnb-scale">{left}{right}</div>' if any(self.ends) else ""
        meanings = "".join(f"<span>{_swatch(color)}{_escaped(word)}</span>" for color, word in self.legend)
        legend = f'<div class="spotnb-legend">{meanings}</div>' if meanings else ""
        return f"<figure>{drawing}{scale}{legend}</figure>"


@dataclass(frozen=True)
class Axis:
    """The horizontal axis of a picture, from `low` at its left end to `high` at its right end."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Return the place of a value, in units of the picture."""
        return round((value - self.low) / ((self.high - self.low) or 1) * WIDTH, 1)


def bars(axis: Axis, spans: Iterable[Bar], y: float, height: float, color: str, opacity: float = 1.0) -> str:
    """Draw bars next to each other, all in one color."""
    path = "".join(
        f"M{_short(axis.at(start))} {_short(y)}H{_short(axis.at(stop))}v{_short(height)}H{_short(axis.at(start))}z"
        for start, stop in spans
    )
    return f'<path d="{path}" fill="{color}" fill-opacity="{opacity:g}"/>' if path else ""


def lines(axis: Axis, places: Iterable[float], y: float, height: float, color: str, *, dashed: bool = False) -> str:
    """Draw upright lines, two pixels wide at any width of the picture."""
    path = "".join(f"M{_short(axis.at(place))} {_short(y)}v{_short(height)}" for place in places)
    dash = ' stroke-dasharray="3 3"' if dashed else ""
    stroke = f'fill="none" stroke="{color}" stroke-width="2" vector-effect="non-scaling-stroke"{dash}'
    return f'<path d="{path}" {stroke}/>' if path else ""


def level(y: float, color: str, *, dashed: bool = False) -> str:
    """Draw a horizontal line over the full width, one pixel high."""
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<path d="M0 {_short(y)}H{WIDTH}" stroke="{color}" vector-effect="non-scaling-stroke"{dash}/>'


def ticks(axis: Axis, rows: Sequence[float], height: float, color: str) -> str:
    """Draw one upright tick per row, from the top down, each at its value. Of many rows, some are left out."""
    chosen = thinned(rows)
    each = height / max(1, len(chosen))
    path = "".join(
        f"M{_short(axis.at(value))} {_short(row * each)}v{_short(max(each * 0.8, 0.5))}"
        for row, value in enumerate(chosen)
    )
    stroke = f'fill="none" stroke="{color}" stroke-width="3" vector-effect="non-scaling-stroke"'
    return f'<path d="{path}" {stroke}/>' if path else ""


def dots(values: Sequence[float], low: float, high: float, height: float, color: str) -> str:
    """Draw one dot per value, from left to right, `low` at the bottom and `high` at the top."""
    chosen, inner = thinned(values), height - 8
    span = (high - low) or 1
    heights = [4 + inner * (1 - (min(max(value, low), high) - low) / span) for value in chosen]
    places = [(k + 0.5) / len(chosen) * WIDTH for k in range(len(chosen))]
    # A line of no length with round ends is a dot, which stays round when the picture is stretched.
    path = "".join(f"M{_short(x)} {_short(y)}v0" for x, y in zip(places, heights, strict=True))
    stroke = f'stroke="{color}" stroke-width="7" stroke-linecap="round" vector-effect="non-scaling-stroke"'
    return f'<path d="{path}" {stroke}/>' if path else ""


def band(axis: Axis, fades: tuple[Bar, Bar], height: float, color: str) -> str:
    """Draw a band that grows from nothing over its first interval, and shrinks to nothing over its last."""
    (a, b), (c, d) = ((_short(axis.at(x)), _short(axis.at(y))) for x, y in fades)
    return f'<path d="M{b} 0L{d} 0L{c} {height:g}L{a} {height:g}z" fill="{color}"/>'


def profile(lows: Sequence[float], highs: Sequence[float], low: float, high: float, height: float, color: str) -> str:
    """Fill the area between two curves of equally spaced values, `low` at the bottom and `high` at the top."""
    if not len(highs):
        return ""
    span, each = (high - low) or 1, WIDTH / len(highs)

    def steps(values: Sequence[float]) -> list[tuple[str, str, str]]:
        """Return `(left, right, y)` of every run of equal values."""
        heights = [_short(height * (1 - (min(max(float(v), low), high) - low) / span)) for v in values]
        starts = [k for k, y in enumerate(heights) if not k or y != heights[k - 1]]
        ends = [*starts[1:], len(heights)]
        return [(_short(a * each), _short(b * each), heights[a]) for a, b in zip(starts, ends, strict=True)]

    upper = "".join(f"L{left} {y}H{right}" for left, right, y in steps(highs))
    lower = "".join(f"L{right} {y}H{left}" for left, right, y in steps(lows)[::-1])
    return f'<path d="M{upper[1:]}{lower}z" fill="{color}"/>'


def thinned(values: Sequence[float], most: int = MOST_SHAPES) -> list[float]:
    """Return the finite values, or evenly spaced ones of them if there are too many to draw."""
    known = [float(value) for value in values if math.isfinite(value)]
    return known if len(known) <= most else [known[k * len(known) // most] for k in range(most)]


def bins(length: int, most: int) -> list[tuple[int, int]]:
    """Divide `length` values into at most `most` intervals `(start, stop)` of nearly equal length."""
    number = max(1, min(length, most))
    return list(pairwise(k * length // number for k in range(number + 1)))


def printable(text: str) -> str:
    """Return a text with a replacement for every character that cannot be shown, or would turn other text around."""
    return "".join(each if each.isprintable() else " " if each.isspace() else "\ufffd" for each in text)


def _swatch(color: str) -> str:
    return f'<svg aria-hidden="true" viewBox="0 0 14 10"><rect width="14" height="10" rx="2" fill="{color}"/></svg>'


def _short(value: float) -> str:
    return f"{round(value, 1):g}"


def _escaped(text: str) -> str:
    return html.escape(printable(text[:200]))
