"""The front page: a comparison that plays, the idea in one picture, and doors to the rest of the site."""

from __future__ import annotations

import base64
from pathlib import Path

from docs.pages import FOLDER, Chapter, filled

OVERVIEW = (
    "A run in five stages, with an arrow from each to the next: noise; steps, whose cuts move; the latent, free of "
    "noise; its spectrogram; and the sound."
)
THEMES = ("light", "dark")


def front_page(chapters: list[Chapter], comparison: str, code: str, *, live: bool = False) -> str:
    """Return the body of the front page.

    Args:
        chapters: The lessons.
        comparison: The HTML of the comparison.
        code: The HTML of the code that made it.
        live: Whether the site has the page in which the model makes sound.
    """
    parts = {"comparison": comparison, "code": code, "picture": picture(FOLDER), "live": live}
    return filled("index.html", lessons=len(chapters), first=chapters[0].name, **parts)


def picture(folder: Path) -> str:
    """Return the HTML of the picture of the idea, `overview-light.png` and `overview-dark.png`, or "" without them."""
    files = {theme: folder / f"overview-{theme}.png" for theme in THEMES}
    if not all(file.is_file() for file in files.values()):
        return ""
    data = {theme: base64.b64encode(file.read_bytes()).decode() for theme, file in files.items()}
    return "\n".join(
        f'<img class="on-{theme}" src="data:image/png;base64,{data[theme]}" alt="{OVERVIEW}">' for theme in THEMES
    )
