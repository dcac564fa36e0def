"""A folder of every family of models, as its conversion script publishes it, with random weights and a reduced width.

`FAMILIES` maps the name of a family to a function that writes such a folder and returns it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.models.components import make_components, save_folder
from tests.models.published import audioldm2, musicldm
from tests.models.stable_components import stable_audio


def audioldm(folder: Path) -> Path:
    """Write an AudioLDM."""
    return save_folder(folder, make_components(seed=1))


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "audioldm": audioldm,
    "musicldm": musicldm,
    "audioldm2": audioldm2,
    "stable_audio": stable_audio,
}
