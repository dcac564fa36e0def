"""The front page: a comparison that plays, the idea in one picture, and three doors."""

from __future__ import annotations

import base64
import html
from pathlib import Path

from docs.pages import FOLDER, Chapter, filled

OVERVIEW = "One picture of a run: noise, denoising steps with moving cuts, latent, mel spectrogram, sound"
SCREENSHOT = "Three runs of one seed, one above the other, with waveforms, spectrograms and seams"
PICTURES = (("overview.svg", OVERVIEW), ("overview.png", OVERVIEW), ("screenshot.png", SCREENSHOT))
"""Pictures of the idea in this folder, and what they show. The first one that exists is on the front page."""


def front_page(chapters: list[Chapter], comparison: str, code: str) -> str:
    """Return the body of the front page.

    Args:
        chapters: The lessons.
        comparison: The HTML of the comparison.
        code: The HTML of the code that made it.
    """
    first = chapters[0].name
    return filled(
        "index.html", lessons=len(chapters), first=first, comparison=comparison, code=code, picture=picture(FOLDER)
    )


def picture(folder: Path) -> str:
    """Return the HTML of the first picture of the idea that `folder` has, as a part of the page."""
    name, shows = next((name, shows) for name, shows in PICTURES if (folder / name).is_file())
    kind = "svg+xml" if name.endswith(".svg") else "png"
    data = base64.b64encode((folder / name).read_bytes()).decode()
    return f'<img src="data:image/{kind};base64,{data}" alt="{html.escape(shows, quote=True)}">'
