"""Figures in dark colors, for the dark theme of a notebook.

A figure cannot know the theme that it is shown in, so a notebook gets it in light and in dark colors, and a style sheet
that shows one of them. Images keep their color maps. Grays are mirrored in lightness, and the colors of
`spotnb.plots.style` become those that the widgets have in the dark theme.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from spotnb.plots.style import DARK, LIGHT

GRAY: Final = 0.02  # the largest difference between the channels of a gray
PAPER: Final = 0.9  # lightness of a text that stands on a dark ground

_THEMES: Final = (
    'body[data-jp-theme-light="false"]',
    'body[data-vscode-theme-kind="vscode-dark"]',
    'body[data-vscode-theme-kind="vscode-high-contrast"]',
    'body[data-theme="dark"]',
    ':root[data-theme="dark"]',
)
"""Dark themes of JupyterLab and Notebook, VS Code, marimo, and spotnb's own site. Elsewhere the browser decides."""
_DARK: Final = "{display:inline;width:auto;height:auto}"
_STYLE: Final = (
    ".spotnb-figure img{max-width:100%}.spotnb-figure .spotnb-dark{display:none}"
    + "".join(
        f"{theme} .spotnb-figure .spotnb-light{{display:none}}{theme} .spotnb-figure .spotnb-dark{_DARK}"
        for theme in _THEMES
    )
    + "@media(prefers-color-scheme:dark){"
    + "".join(
        ":root:not([data-theme]) body:not([data-jp-theme-light]):not([data-vscode-theme-kind]):not([data-theme]) "
        f".spotnb-figure .spotnb-{theme}{shown}"
        for theme, shown in (("light", "{display:none}"), ("dark", _DARK))
    )
    + "}"
)
_TOKENS: Final = {color: DARK[name] for name, color in LIGHT.items() if color != "#ffffff"}
_COLORS: Final[dict[type, tuple[str, ...]]] = {
    Text: ("color",),
    Line2D: ("color", "markerfacecolor", "markeredgecolor"),
    Patch: ("facecolor", "edgecolor"),
    Collection: ("facecolor", "edgecolor"),
}


def dark_color(color: Any, *, text: bool = False) -> tuple[float, float, float, float]:
    """Return the color of the dark theme that stands for a color of a figure. White text stays: its ground is dark."""
    red, green, blue, alpha = to_rgba(color)
    known = _TOKENS.get(to_hex((red, green, blue)))
    if known is not None:
        return (*to_rgb(known), alpha)
    light = (red + green + blue) / 3
    if max(red, green, blue) - min(red, green, blue) > GRAY or (text and light > PAPER):
        return red, green, blue, alpha
    mirrored = (1 - light) * np.array(to_rgb(DARK["ink"])) + light * np.array(to_rgb(DARK["surface"]))
    return (*map(float, mirrored), alpha)  # type: ignore[return-value]


@contextmanager
def darkened(figure: Figure) -> Iterator[None]:
    """Give a figure dark colors for the time being."""
    found = [
        (getattr(artist, f"set_{name}"), getattr(artist, f"get_{name}")(), isinstance(artist, Text))
        for artist in figure.findobj(_is_colored)
        for name in next(names for kind, names in _COLORS.items() if isinstance(artist, kind))
    ]  # all of them first, because some colors follow others
    try:
        for put, colors, text in found:
            put(_dark_colors(colors, text))
        yield
    finally:
        for put, colors, _ in found:
            put(colors)


def _is_colored(artist: Artist) -> bool:
    """Whether an artist has colors of its own, and not those of a color map."""
    return isinstance(artist, tuple(_COLORS)) and not (
        isinstance(artist, Collection) and artist.get_array() is not None
    )


def _dark_colors(colors: Any, text: bool) -> Any:
    if isinstance(colors, str) and colors in ("none", "auto"):
        return colors
    several = isinstance(colors, np.ndarray) and colors.ndim == 2
    return [dark_color(color) for color in colors] if several else dark_color(colors, text=text)


def themed_html(figure: Figure) -> str | None:
    """Return a figure as HTML that follows the theme of a notebook, or None if there is nothing to draw."""
    from IPython.core.pylabtools import print_figure

    light = print_figure(figure, "png", base64=True)  # type: ignore[no-untyped-call]
    if light is None:
        return None
    with darkened(figure):
        dark = print_figure(figure, "png", base64=True)  # type: ignore[no-untyped-call]
    alt = html.escape(_title(figure), quote=True)
    # Where a style sheet is not trusted, the sizes hide the dark picture.
    return (
        f'<div class="spotnb-figure"><style>{_STYLE}</style>'
        f'<img class="spotnb-light" alt="{alt}" src="data:image/png;base64,{light}">'
        f'<img class="spotnb-dark" alt="{alt}" width="0" height="0" src="data:image/png;base64,{dark}"></div>'
    )


def _title(figure: Figure) -> str:
    titles = [figure.get_suptitle(), *(axes.get_title(loc="left") or axes.get_title() for axes in figure.axes)]
    return "; ".join(title for title in titles if title) or "figure"
