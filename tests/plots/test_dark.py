"""Figures in the dark theme: readable, the same otherwise, and light again afterwards."""

from __future__ import annotations

import base64
import io
import re

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text

from spotnb.plots.dark import dark_color, darkened, themed_html
from spotnb.plots.layouts import plot_layout, plot_seams
from spotnb.plots.sound import plot_latent, plot_run
from spotnb.plots.style import DARK, LIGHT
from spotnb.tiling.config import SpotDiffusionConfig
from spotnb.tiling.layout import plan

LAYOUTS = [plan(256, SpotDiffusionConfig(64), step) for step in range(3)]
WAVE = 0.5 * np.sin(np.arange(16000) / 20)
FIGURES = {
    "run": lambda: plot_run(WAVE, seams=[10], title="rain & wind"),
    "layout": lambda: plot_layout(LAYOUTS[0])[0],
    "seams": lambda: plot_seams(LAYOUTS)[0],
    "latent": lambda: plot_latent(np.random.default_rng(0).normal(size=(2, 30, 16)), seams=[7])[0],
}


def pixels(figure: plt.Figure) -> np.ndarray:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="raw", dpi=40)
    return np.frombuffer(buffer.getvalue(), np.uint8)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_dark_for_the_time_being(name: str) -> None:
    figure = FIGURES[name]()
    pixels(figure)  # the layout has settled after the first picture
    before = pixels(figure)
    with darkened(figure):
        dark = pixels(figure)
        assert to_hex(figure.get_facecolor()) == DARK["surface"]
        plain = [text for text in figure.findobj(Text) if text.get_text() and text.get_color() != "white"]
        assert {to_hex(text.get_color()) for text in plain} & {DARK["ink"]}
    assert not np.array_equal(dark, before)
    assert np.array_equal(pixels(figure), before)


@pytest.mark.parametrize("name", LIGHT)
def test_the_colors_of_the_widgets_become_those_of_their_dark_theme(name: str) -> None:
    dark = to_hex(dark_color(LIGHT[name]))
    assert dark == (DARK["surface"] if LIGHT[name] == "#ffffff" else DARK[name]) or LIGHT[name] == LIGHT["ink"]


def test_grays_are_mirrored_and_colors_stay() -> None:
    assert to_hex(dark_color("black")) == DARK["ink"]
    assert to_hex(dark_color("white")) == DARK["surface"]
    assert dark_color("white", text=True) == (1, 1, 1, 1)
    assert dark_color("#ff0000") == (1, 0, 0, 1)
    assert dark_color((0, 0, 0, 0.25))[3] == 0.25
    lightness = [sum(to_rgb(dark_color(str(gray)))) for gray in (0.0, 0.3, 0.6, 1.0)]
    assert lightness == sorted(lightness, reverse=True)


def test_a_notebook_gets_both_pictures_and_a_text() -> None:
    page = themed_html(FIGURES["run"]())
    assert page is not None
    light, dark = (base64.b64decode(data) for data in re.findall(r'base64,([^"]+)"', page))
    assert light.startswith(b"\x89PNG")
    assert dark.startswith(b"\x89PNG")
    assert light != dark
    assert page.count('alt="rain &amp; wind"') == 2
    assert 'width="0" height="0"' in page
    assert themed_html(plt.figure()) is None
    plt.close("all")
