"""Where the files of a model are: the embedded one, those of a folder, or those of a published checkpoint.

Nothing here needs torch.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from spotnb.errors import InputError, SpotnbError
from spotnb.support.checks import show
from spotnb.support.paths import check_path
from spotnb.support.reasons import reason_of

log = logging.getLogger(__name__)

EMBEDDED_NAME = "tiny"
EMBEDDED = Path(__file__).parent / "embedded"
HUB_MODELS = ("cvssp/audioldm", "cvssp/audioldm-s-full-v2", "cvssp/audioldm-m-full", "cvssp/audioldm-l-full")
WANTED = ["*.json", "*.txt", "*.safetensors", "*.bin"]  # weights are read as tensors only, in either format
REVISION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]|/(?=[A-Za-z0-9])){0,99}")


class Located(NamedTuple):
    """The files of a model.

    Attributes:
        name: The name for the manifest: that of the model, or the absolute path of its folder.
        folder: The folder.
        revision: The commit of a published checkpoint, or None.
    """

    name: str
    folder: Path
    revision: str | None = None


def locate(name: Any, revision: Any = "main") -> Located:
    """Find a model by its name, as `load_model` takes it. A published checkpoint is downloaded on first use.

    Raises:
        InputError: There is no such model, or `revision` is not that of one.
        SpotnbError: The checkpoint cannot be downloaded.
    """
    revision = check_revision(revision)
    if not isinstance(name, str | os.PathLike) or (isinstance(name, str) and not name):
        raise InputError(f"model name is {show(name)}: expected {EMBEDDED_NAME}, {', '.join(HUB_MODELS)} or a folder")
    if isinstance(name, str) and name == EMBEDDED_NAME:
        return Located(EMBEDDED_NAME, EMBEDDED)
    if isinstance(name, str) and name in HUB_MODELS:
        folder = _fetch(name, revision)
        return Located(name, folder, folder.name)
    try:
        folder = check_path("model name", name).resolve()
        if folder.is_dir():
            return Located(str(folder), folder)
    except (OSError, RuntimeError):  # a name that no file can have, or a link to itself
        pass
    raise InputError(
        f"model {show(name)} is unknown: expected {EMBEDDED_NAME}, an existing folder or a checkpoint such as "
        f"{HUB_MODELS[1]}; see load_model"
    )


def check_revision(revision: Any) -> str:
    """Return `revision` if it looks like a branch, a tag or a commit.

    Raises:
        InputError: It does not.
    """
    if isinstance(revision, str) and REVISION.fullmatch(revision) and ".." not in revision:
        return revision
    raise InputError(f"revision is {show(revision)}: expected a branch, a tag or a commit; main is the newest one")


def _fetch(name: str, revision: str) -> Path:
    """Return the folder of a Hub checkpoint, from the local cache or downloaded."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=WANTED, local_files_only=True))
    except LocalEntryNotFoundError:
        log.info("downloading %s (%s) from the Hugging Face Hub", name, revision)
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=WANTED))
    except Exception as error:  # a missing network, revision or disk space each raise a different type
        raise SpotnbError(
            f"{name} is not on this machine and cannot be downloaded ({reason_of(error)[:50]}): connect once to "
            "download it, pass a folder that contains it, or use tiny"
        ) from None
