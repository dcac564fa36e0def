"""Where the files of a model are: the embedded one, those of a folder, or those of a repository on the Hub.

Nothing here needs torch.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from spotnb.errors import InputError
from spotnb.models.folder_weights import check_variant
from spotnb.models.hub import fetch
from spotnb.support.checks import show
from spotnb.support.paths import check_path

EMBEDDED_NAME = "tiny"
EMBEDDED = Path(__file__).parent / "embedded"
HUB_MODELS = ("cvssp/audioldm", "cvssp/audioldm-s-full-v2", "cvssp/audioldm-m-full", "cvssp/audioldm-l-full")
EXPECTED = f"expected {EMBEDDED_NAME}, an existing folder or a checkpoint such as {HUB_MODELS[1]}; see load_model"
"""What a name may be: that of any repository on the Hub with a model of a known family, too."""
REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,95})/[A-Za-z0-9](?:[A-Za-z0-9._-]{0,95})")
CHECKPOINTS = frozenset({".ckpt", ".pt", ".pth"})
"""The suffixes of original AudioLDM checkpoints."""
REVISION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]|/(?=[A-Za-z0-9])){0,99}")


class Located(NamedTuple):
    """The files of a model.

    Attributes:
        name: The name for the manifest: that of the model, or the absolute path of its folder.
        folder: The folder, or the file of an original checkpoint.
        revision: The commit of a published checkpoint, or None.
    """

    name: str
    folder: Path
    revision: str | None = None


def locate(name: Any, revision: Any = "main", variant: Any = None) -> Located:
    """Find a model by its name, as `load_model` takes it. A published checkpoint is downloaded on first use.

    Raises:
        InputError: There is no such model, or `revision` or `variant` cannot be that of one.
        SpotnbError: The checkpoint cannot be downloaded, or is not of a known family.
    """
    revision, variant = check_revision(revision), check_variant(variant)
    if not isinstance(name, str | os.PathLike) or (isinstance(name, str) and not name):
        raise InputError(f"model name is {show(name)}: {EXPECTED}")
    if isinstance(name, str) and name == EMBEDDED_NAME:
        return Located(EMBEDDED_NAME, EMBEDDED)
    if isinstance(name, str) and name in HUB_MODELS:
        return _on_hub(name, revision, variant)
    try:
        folder = check_path("model name", name).resolve()
        if folder.is_dir() or (folder.suffix in CHECKPOINTS and folder.is_file()):
            return Located(str(folder), folder)
    except (OSError, RuntimeError):  # a name that no file can have, or a link to itself
        pass
    if Path(name).suffix in CHECKPOINTS:
        raise InputError(f"there is no file {show(str(name))}: expected an AudioLDM checkpoint; check its path")
    if isinstance(name, str) and REPOSITORY.fullmatch(name) and not re.search(r"\.\.|--|\.git$", name):
        return _on_hub(name, revision, variant)
    raise InputError(f"model {show(name)} is unknown: {EXPECTED}")


def check_revision(revision: Any) -> str:
    """Return `revision` if it looks like a branch, a tag or a commit.

    Raises:
        InputError: It does not.
    """
    if isinstance(revision, str) and REVISION.fullmatch(revision) and ".." not in revision:
        return revision
    raise InputError(f"revision is {show(revision)}: expected a branch, a tag or a commit; main is the newest one")


def _on_hub(name: str, revision: str, variant: str | None) -> Located:
    folder = fetch(name, revision, variant)
    return Located(name, folder, folder.name)
