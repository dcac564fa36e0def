"""The files of a model folder, checked before a library opens them, because anyone may have written the folder.

No code of a folder is ever run: a file that names code is refused, and so is one that sends a library elsewhere.
"""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spotnb.errors import SpotnbError
from spotnb.support.checks import show
from spotnb.support.paths import show_path
from spotnb.support.reasons import reason_of

PIECES = ("unet", "vae", "text_encoder", "tokenizer", "vocoder", "scheduler")
MOST_FILES = 200
"""The most files of a piece."""
LARGEST_CONFIG = 2**20
"""Bytes of the largest configuration."""
LARGEST_TEXT = 2**25
"""Bytes of the largest vocabulary or index, and of any other text."""
DEEPEST = 24
"""Levels of the most deeply nested configuration."""
WEIGHTS = frozenset({".safetensors", ".bin"})
WORDS = frozenset({"vocab.json", "added_tokens.json"})
"""Files whose keys are the words of a vocabulary."""

CODE = frozenset({"auto_map", "custom_pipelines", "trust_remote_code", "custom_generate", "kernel_config"})
ELSEWHERE = frozenset({"quantization_config", "base_model_name_or_path", "adapter_path", "gguf_file"})
ATTENTION = frozenset({"attn_implementation", "_attn_implementation"})
FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
IDS = ("position_ids", "token_type_ids", "num_batches_tracked")
"""Ends of the names of whole numbers that checkpoints hold in addition to weights."""


def where(path: Path) -> str:
    """Return the place of a file or a piece for a message: the model folder, and the place in it."""
    folder = path.parent.parent if path.parent.name in PIECES else path.parent
    return f"{show_path(folder)} ({path.relative_to(folder)})"


def named(names: list[str], most: int) -> str:
    """Return the first names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def check_files(folder: Path) -> None:
    """Check the files of a model folder: what they are, how large, and what they ask a library to do.

    Links are followed, because the cache of the Hugging Face Hub consists of links.

    Raises:
        SpotnbError: A file is missing, too large or not a file, a text cannot be read, or it names code.
    """
    if missing := [piece for piece in PIECES if not (folder / piece).is_dir()]:
        raise SpotnbError(
            f"{show_path(folder)} is not an AudioLDM folder: {named(missing, 2)} missing; expected {', '.join(PIECES)}"
        )
    for path in sorted(folder.glob("*.json")):
        _check_json(path)
    for piece in PIECES:
        for path in files_in(folder / piece):
            _check_file(path)


def _check_file(path: Path) -> None:
    """Check a file of a piece by its format."""
    if path.name == "adapter_config.json":
        raise SpotnbError(f"{where(path)} belongs to an adapter of another model: merge it into its weights first")
    if path.suffix == ".json":
        _check_json(path)
    elif path.suffix == ".bin":
        _check_pickle(path)
    elif path.suffix == ".safetensors":
        tensors_in(path)
    else:
        _size(path, LARGEST_TEXT)


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder by name, links included. Folders in it are left out.

    Raises:
        SpotnbError: There are too many, or one is a pipe, a device or a link to nothing.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise SpotnbError(f"cannot read {where(folder)}: {reason_of(error)}") from None
    if len(entries) > MOST_FILES:
        raise SpotnbError(f"{where(folder)} has {len(entries)} files: expected at most {MOST_FILES}")
    for path in entries:
        if not path.is_dir():
            _size(path, None)
            yield path


def _size(path: Path, largest: int | None) -> int:
    """Return the bytes of a regular file, without opening it: opening a pipe would block forever."""
    try:
        status = path.stat()
    except OSError as error:
        raise SpotnbError(f"cannot read {where(path)}: {reason_of(error)}") from None
    if not stat.S_ISREG(status.st_mode):
        raise SpotnbError(f"{where(path)} is a pipe, a device or a socket: expected a file; fetch the model again")
    if largest is not None and status.st_size > largest:
        raise SpotnbError(
            f"{where(path)} has {status.st_size} bytes: expected at most {largest}; fetch the model again"
        )
    return status.st_size


def read_config(path: Path) -> dict[str, Any]:
    """Return the JSON object in a configuration.

    Raises:
        SpotnbError: The file is missing, too large, nested too deeply or not a JSON object.
    """
    return _read_object(path, LARGEST_CONFIG)


def _read_object(path: Path, largest: int) -> dict[str, Any]:
    _size(path, largest)
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise SpotnbError(f"cannot read {where(path)}: {reason_of(error)}") from None
    if not isinstance(content, dict):
        raise SpotnbError(f"cannot read {where(path)}: expected a JSON object, got a {type(content).__name__}")
    return content


def _no_constant(name: str) -> Any:
    raise ValueError(f"it holds {name}, which is not a number of JSON")


def _check_json(path: Path) -> None:
    """Check a JSON file for keys that name code, wherever they stand. Words of a vocabulary may be any."""
    index = path.name.endswith(".index.json")
    large = path.parent.name == "tokenizer" and path.name != "tokenizer_config.json"
    content = _read_object(path, LARGEST_TEXT if index or large else LARGEST_CONFIG)
    if path.name in WORDS:
        return
    if index:
        _check_index(path, content)
        return
    if path.name == "tokenizer.json":
        content = {key: value for key, value in content.items() if key != "model"}  # its vocabulary
    for key, value, depth in _entries(content):
        if depth > DEEPEST:
            raise SpotnbError(f"{where(path)} is nested too deeply: expected at most {DEEPEST} levels")
        if value is None or value is False:
            continue
        if key in CODE or (key in ATTENTION and value not in ("eager", "sdpa")):
            raise SpotnbError(
                f"{where(path)} asks to run code of its own ({key}): spotnb runs no code of a model; "
                "pass a model without it"
            )
        if key in ELSEWHERE:
            raise SpotnbError(f"{where(path)} has {key}, which spotnb does not support: pass a model without it")


def _entries(content: Any) -> Iterator[tuple[Any, Any, int]]:
    """Yield the key, value and depth of everything in a JSON object, without recursion."""
    waiting = [(content, 1)]
    while waiting:
        value, depth = waiting.pop()
        pairs = value.items() if isinstance(value, dict) else ((None, each) for each in value)
        for key, each in pairs:
            yield key, each, depth
            if isinstance(each, dict | list):
                waiting.append((each, depth + 1))


def _check_index(path: Path, content: dict[str, Any]) -> None:
    """Check that the parts of divided weights are files of the same folder."""
    parts = content.get("weight_map")
    if not isinstance(parts, dict) or not parts:
        raise SpotnbError(f"{where(path)} has no weight_map: expected the file of each weight; fetch it again")
    for name in {show(each) if not isinstance(each, str) else each for each in parts.values()}:
        if "/" in name or "\\" in name or "\0" in name or Path(name).suffix not in WEIGHTS:
            raise SpotnbError(f"{where(path)} names {show(name)[:20]}: expected a file of weights beside it")
        _size(path.parent / name, None)


def _check_pickle(path: Path) -> None:
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


def weight_bytes(piece: Path) -> int:
    """Return the bytes of all files of weights in the folder of a piece."""
    return sum(_size(path, None) for path in files_in(piece) if path.suffix in WEIGHTS)
