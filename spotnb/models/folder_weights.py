"""The files of weights of a piece: which of them are read, and what they hold.

A piece may have its weights as safetensors or as a pickle (`.bin`), complete or divided into parts, and in variants
such as fp16, whose name stands in the names of the files: `model.fp16.safetensors`. Nothing here needs torch, unless a
piece has its weights only as a pickle.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from spotnb.errors import InputError, SpotnbError
from spotnb.models.folder_files import IDS, WEIGHTS, size_of, where
from spotnb.support.checks import show
from spotnb.support.reasons import reason_of

FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
STEMS = ("diffusion_pytorch_model", "model", "pytorch_model")
"""The names under which diffusers and transformers look for weights."""
NAME = re.compile(
    rf"(?:{'|'.join(STEMS)})(?:\.(?P<variant>[A-Za-z0-9_]+))?(?:-\d+-of-\d+)?(?P<kind>\.safetensors|\.bin)"
    r"(?P<index>\.index(?:\.(?P<index_variant>[A-Za-z0-9_]+))?\.json)?"
)
VARIANT = re.compile("[A-Za-z0-9_]{1,20}")


class Chosen(NamedTuple):
    """The files of weights of a piece that are read.

    Attributes:
        names: Their names, with the index of divided weights.
        variant: Their variant, or None.
        safe: Whether they are safetensors.
    """

    names: tuple[str, ...] = ()
    variant: str | None = None
    safe: bool = True


def check_variant(variant: str | None) -> str | None:
    """Return `variant` if it can be the name of one.

    Raises:
        InputError: It cannot.
    """
    if variant is None or (isinstance(variant, str) and VARIANT.fullmatch(variant)):
        return variant
    raise InputError(
        f'variant is {show(variant)}: expected None or a name such as "fp16", as in the names of the files'
    )


def choose(names: Iterable[str], variant: str | None = None) -> Chosen:
    """Choose the files of weights of a piece: safetensors before pickles, and the variant before plain files.

    Args:
        names: The names of all files of the piece.
        variant: The variant that is preferred, or None.

    Returns:
        The files, or none if there are no weights of the variant and no plain ones.
    """
    groups: dict[tuple[bool, str | None], list[str]] = {}
    for name in sorted(names):
        if match := NAME.fullmatch(name):
            of = match["index_variant"] or match["variant"]
            groups.setdefault((match["kind"] == ".safetensors", of), []).append(name)
    for safe in (True, False):
        for of in (variant, None):
            if found := groups.get((safe, of)):
                return Chosen(tuple(found), of, safe)
    return Chosen()


def unread(names: Sequence[str], variant: str | None = None) -> set[str]:
    """Return the files of weights that are not read, of all files of a piece."""
    read = choose(names, variant).names
    return {name for name in names if name not in read and (NAME.fullmatch(name) or name.endswith(".bin"))}


def weight_bytes(folder: Path, chosen: Chosen) -> int:
    """Return the bytes of the files of weights that are read."""
    return sum(size_of(folder / name) for name in chosen.names if Path(name).suffix in WEIGHTS)


def tensors_in(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors in a safetensors file, by name, from its header alone.

    Raises:
        SpotnbError: The file is damaged, or weights are not floating-point numbers.
    """
    from safetensors import safe_open

    try:
        with safe_open(path, "np") as file:
            parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  not a mapping
            kinds = {name: part.get_dtype() for name, part in parts.items()}
            shapes = {name: tuple(part.get_shape()) for name, part in parts.items()}
    except Exception as error:  # safetensors has an error of its own, and passes others on
        raise SpotnbError(f"cannot read {where(path)}: {reason_of(error)}") from None
    for name, kind in kinds.items():
        if kind not in FLOATS and not name.endswith(IDS):
            raise SpotnbError(f"{where(path)} has {show(name)} as {kind}: expected floating-point weights")
    return shapes


def check_pickle(path: Path) -> None:
    """Check that a file of PyTorch is not compressed, because a small one could then fill the memory."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            packed = any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist())
    except Exception as error:  # zipfile raises many types of errors for a damaged file
        raise SpotnbError(f"cannot read {where(path)}: {reason_of(error)}") from None
    if packed:
        raise SpotnbError(f"{where(path)} is compressed: expected weights as torch.save writes them")


def check_only_tensors(path: Path) -> None:
    """Check that a pickle holds nothing but tensors, without running anything in it and without memory for them.

    Raises:
        SpotnbError: It holds other objects, which could run code, or it is damaged.
    """
    import torch

    try:
        content = torch.load(path, map_location="meta", weights_only=True)
    except Exception as error:  # torch raises many types of errors
        raise SpotnbError(f"{where(path)}: {reason_of(error)}; pass a model with safetensors") from None
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise SpotnbError(f"{where(path)} holds more than tensors by name: pass a model with safetensors")
