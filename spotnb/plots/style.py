"""The colors and scales that all pictures share: figures of matplotlib, and the widgets.

The widgets have the same colors as custom properties in `widgets/static/shared/spotnb.css`, the same color maps in
`shared/colors.js`, and the same scales in `shared/spectrogram.js` and `shared/bands.js`. `tests/widgets/test_style.py`
holds them equal.

The two blues of tiles differ in lightness, and the rust red of a seam differs from both in hue and lightness, so that
pictures are readable for color-blind readers and in black and white.
"""

from __future__ import annotations

import math
from typing import Final

from spotnb.sound.mel import FLOOR

LIGHT: Final = {
    "ink": "#1c2733",
    "muted": "#586573",
    "line": "#cfd6dd",
    "surface": "#ffffff",
    "panel": "#f4f6f8",
    "tile-dark": "#33658a",
    "tile-light": "#86bbd8",
    "on-dark": "#ffffff",
    "on-light": "#12202d",
    "seam": "#b4442c",
    "ghost": "#6a7683",
    "mark": "#1c2733",
    "halo": "#ffffff",
    "focus": "#1a66a8",
    "control": "#ffffff",
}
DARK: Final = {
    "ink": "#e4eaf0",
    "muted": "#a4b0bc",
    "line": "#3b4651",
    "surface": "#151a20",
    "panel": "#1e252c",
    "tile-dark": "#336b94",
    "tile-light": "#8fc1dc",
    "on-dark": "#ffffff",
    "on-light": "#0d1821",
    "seam": "#ff8f6b",
    "ghost": "#93a0ad",
    "mark": "#ffffff",
    "halo": "#10151a",
    "focus": "#7cc0f5",
    "control": "#262e36",
}
BLUES: Final = (LIGHT["tile-dark"], LIGHT["tile-light"])
"""Even and odd tiles. The darker one is also the color of a waveform."""
RUST: Final = LIGHT["seam"]
"""A seam."""
PALE: Final = 0.35
"""Opacity of frames that a tile sees but does not own."""

SPECTROGRAM: Final = "magma"
SIGNED: Final = "RdBu_r"
"""The color map of latents, whose middle is zero."""
RANGE: Final = (math.log(FLOOR), 2.0)
"""The natural logarithms at the ends of the colors of a spectrogram: silence, and about full scale."""
DB: Final = 20 / math.log(10)
"""Decibels in a unit of the natural logarithm of a magnitude."""
HZ: Final = (250, 1000, 4000)
"""The frequencies that are labeled on the axis of mel bands."""
DECIBELS: Final = (-100, -75, -50, -25, 0)
"""The levels that are labeled on the color bar of a spectrogram."""
