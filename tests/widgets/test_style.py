"""The pictures of the widgets and the figures of matplotlib have the same colors, scales and marks."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from spotnb.plots import style

STATIC = Path(style.__file__).parents[1] / "widgets" / "static"


def source(name: str) -> str:
    return (STATIC / "shared" / name).read_text("utf-8")


def tokens(selector: str) -> dict[str, str]:
    """Return the custom properties that the shared style sheet sets for a selector."""
    block = source("spotnb.css").split(f"{selector} {{", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--spotnb-([\w-]+): (#[0-9a-f]{6});", block))


def anchors(name: str) -> list[str]:
    found = re.search(rf'const {name} =\s+"([^"]+)"', source("colors.js"))
    assert found
    return [f"#{each}" for each in found[1].split(",")]


def luminance(color: str) -> float:
    channels = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return float(np.dot(channels, (0.2126, 0.7152, 0.0722)))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("selector", "colors"), [(".spotnb-page", style.LIGHT), ('.spotnb[data-theme="dark"]', style.DARK)]
)
def test_the_colors_of_both_themes_are_those_of_the_widgets(selector: str, colors: dict[str, str]) -> None:
    assert tokens(selector) == colors


@pytest.mark.parametrize(("name", "map_name"), [("MAGMA", style.SPECTROGRAM), ("DIVERGING", style.SIGNED)])
def test_the_color_maps_are_those_of_the_widgets(name: str, map_name: str) -> None:
    found = anchors(name)
    assert [to_hex(color) for color in mpl.colormaps[map_name](np.linspace(0, 1, len(found)))] == found


def test_the_scales_are_those_of_the_widgets() -> None:
    assert f"HZ = [{', '.join(map(str, style.HZ))}]" in source("spectrogram.js")
    assert f"PALE = {style.PALE};" in source("bands.js")


@pytest.mark.parametrize("colors", [style.LIGHT, style.DARK])
def test_text_and_marks_can_be_read(colors: dict[str, str]) -> None:
    for ground in ("surface", "panel", "control"):
        assert contrast(colors["ink"], colors[ground]) >= 7
        assert contrast(colors["muted"], colors[ground]) >= 4.5
        assert contrast(colors["seam"], colors[ground]) >= 3
    assert contrast(colors["on-dark"], colors["tile-dark"]) >= 4.5
    assert contrast(colors["on-light"], colors["tile-light"]) >= 4.5
    assert contrast(colors["seam"], colors["halo"]) >= 4.5


def test_only_the_keyboard_shows_where_the_focus_is() -> None:
    rules = dict(re.findall(r"^(.*:focus\S*) \{ (outline: [^;]+);", source("spotnb.css"), re.MULTILINE))
    assert rules == {
        ".spotnb :focus": "outline: none",
        ".spotnb:not([data-pointer]) :focus-visible": "outline: 2px solid var(--spotnb-focus)",
    }


def test_playing_sound_and_playing_steps_have_different_signs() -> None:
    signs = dict(re.findall(r'^  (\w+): "(M[^"]+)",$', source("dom.js"), re.MULTILINE))
    assert len(set(signs.values())) == len(signs)
    assert '"steps"' in source("steps.js")
    assert '"play"' not in source("steps.js")
