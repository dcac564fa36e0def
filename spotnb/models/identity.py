"""What tells one model from another: a digest of its weights and configurations.

A folder is identified by its files, so that the digest is the same for every device and dtype, and known without
loading the model. Anything else is identified by its tensors.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotnb.errors import InputError, SpotnbError
from spotnb.models.folder_check import pieces_of
from spotnb.models.folder_files import files_in
from spotnb.models.folder_weights import unread
from spotnb.support.checks import show
from spotnb.support.paths import show_path
from spotnb.support.reasons import reason_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from spotnb.models.protocol import AudioModel

DECIDING = frozenset({".json", ".txt", ".model", ".safetensors", ".bin"})
KEY = "weights_sha256"
"""The entry of a model's description that holds the digest."""


def folder_digest(folder: Path, variant: str | None = None) -> str:
    """Return a digest of the files in a model folder that decide its sound, as 64 hexadecimal digits.

    Of the weights, only the files that are read count: weights as `.bin` only where a piece has none as `.safetensors`.
    Reading takes about one second for 1.5 GB; a file that has not changed since is not read again in this process, and
    neither is one in the cache of the Hugging Face Hub, whose name is its digest.

    Args:
        folder: The folder.
        variant: The variant of the weights that is read.

    Raises:
        SpotnbError: A file cannot be read, or the folder is not of a known family.
    """
    total = hashlib.sha256()
    for piece in pieces_of(folder):
        paths = [path for path in files_in(folder / piece) if path.suffix in DECIDING]
        left = unread([path.name for path in paths], variant)
        for path in paths:
            if path.name in left:
                continue
            total.update(f"{piece}/{path.name} {file_digest(path)}\n".encode())
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits. Raises `SpotnbError` if it cannot be read."""
    from huggingface_hub.constants import HF_HUB_CACHE

    target = path.resolve()
    if target.is_relative_to(Path(HF_HUB_CACHE).resolve()) and re.fullmatch("[0-9a-f]{64}", target.name):
        return target.name
    status = target.stat()
    return _read_digest(str(target), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@functools.lru_cache(maxsize=1024)
def _read_digest(path: str, *_version: int) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SpotnbError(f"cannot read {show_path(Path(path))}: {reason_of(error)}") from None


def tensors_digest(tensors: Iterable[tuple[str, Tensor]]) -> str:
    """Return a digest of the names, types, shapes and bytes of tensors, as 64 hexadecimal digits."""
    import torch

    total = hashlib.sha256()
    for name, tensor in sorted(tensors, key=lambda pair: pair[0]):
        total.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        total.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def require_same_weights(manifest: Mapping[str, Any], model: AudioModel) -> None:
    """Check that a run was recorded with the weights of `model`, if both have a digest.

    Raises:
        InputError: It was recorded with others.
    """
    from spotnb.models.protocol import described

    recorded, facts = manifest.get("model"), described(model)
    theirs = recorded.get(KEY) if isinstance(recorded, dict) else None
    if theirs is not None and KEY in facts and theirs != facts[KEY]:
        raise InputError(
            f"the run was recorded with other weights ({show(theirs)[1:13]}) than those of the model "
            f"({facts[KEY][:12]}): pass the model of the run, or start a new one"
        )


class Identity:
    """The digest of networks, computed when it is first needed and again after their weights have changed in place.

    Args:
        networks: The networks.
        others: Further tensors, by name.
        digest: The digest of the files that the networks were loaded from, which stands for them until they change.
    """

    def __init__(
        self, networks: Sequence[nn.Module], others: dict[str, Tensor] | None = None, digest: str | None = None
    ) -> None:
        self._networks, self._others = list(networks), others or {}
        self._digest, self._versions = digest, self._current_versions()

    def __str__(self) -> str:
        versions = self._current_versions()
        if self._digest is None or versions != self._versions:
            self._digest, self._versions = tensors_digest(self._tensors()), versions
        return self._digest

    def _tensors(self) -> list[tuple[str, Tensor]]:
        states = [(f"{k}.{name}", x) for k, each in enumerate(self._networks) for name, x in each.state_dict().items()]
        return [*states, *self._others.items()]

    def _current_versions(self) -> list[int]:
        """Return torch's counters of changes in place. Tensors of an inference have none."""
        return [0 if x.is_inference() else x._version for _, x in self._tensors()]  # noqa: SLF001

    def __getstate__(self) -> dict[str, Any]:
        return {"networks": self._networks, "others": self._others, "digest": str(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._networks, self._others, self._digest = state["networks"], state["others"], state["digest"]
        self._versions = self._current_versions()  # those of a copy start anew
