"""The files of a model folder, checked before a library opens them, because anyone may have written the folder.

No code of a folder is ever run: a file that names code is refused, and so is one that sends a library elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spotnb.errors import SpotnbError
from spotnb.models.families import Family, family_of
from spotnb.models.folder_files import (
    LARGEST_CONFIG,
    LARGEST_TEXT,
    WEIGHTS,
    files_in,
    named,
    read_config,
    read_object,
    size_of,
    where,
)
from spotnb.models.folder_weights import check_only_tensors, check_pickle, choose, tensors_in
from spotnb.support.checks import show
from spotnb.support.paths import show_path

DEEPEST = 24
"""Levels of the most deeply nested configuration."""
WORDS = frozenset({"vocab.json", "added_tokens.json"})
"""Files whose keys are the words of a vocabulary."""

CODE = frozenset({"auto_map", "custom_pipelines", "trust_remote_code", "custom_generate", "kernel_config"})
ELSEWHERE = frozenset({"quantization_config", "base_model_name_or_path", "adapter_path", "gguf_file"})
ATTENTION = frozenset({"attn_implementation", "_attn_implementation"})


def read_index(folder: Path) -> dict[str, Any] | None:
    """Return the content of `model_index.json`, or None if there is none."""
    path = folder / "model_index.json"
    return read_config(path) if path.exists() else None


def pieces_of(folder: Path, family: Family | None = None) -> list[str]:
    """Return the pieces of a folder in the order of its family: all required ones, and the optional ones that it has.

    Raises:
        SpotnbError: It names an unknown pipeline.
    """
    family = family or family_of(folder, read_index(folder))
    return [piece for piece in family.pieces if piece not in family.optional or (folder / piece).is_dir()]


def check_files(folder: Path, family: Family, variant: str | None = None) -> None:
    """Check the files of a model folder: what they are, how large, and what they ask a library to do.

    Links are followed, because the cache of the Hugging Face Hub consists of links.

    Args:
        folder: The folder.
        family: Its family.
        variant: The variant of the weights that is to be read.

    Raises:
        SpotnbError: A file is missing, too large or not a file, a text cannot be read, or it names code.
    """
    if missing := [piece for piece in family.required if not (folder / piece).is_dir()]:
        article = "an" if family.title[0] in "AEIOU" else "a"
        raise SpotnbError(
            f"{show_path(folder)} is not {article} {family.title} folder: {named(missing, 2)} missing; "
            f"expected {', '.join(family.required[:6])}"
        )
    for path in sorted(folder.glob("*.json")):
        _check_json(path)
    for piece in pieces_of(folder, family):
        for path in files_in(folder / piece):
            _check_file(path)
        chosen = choose([path.name for path in files_in(folder / piece)], variant)
        for name in () if chosen.safe else chosen.names:
            if Path(name).suffix == ".bin":
                check_only_tensors(folder / piece / name)


def _check_file(path: Path) -> None:
    """Check a file of a piece by its format."""
    if path.name == "adapter_config.json":
        raise SpotnbError(f"{where(path)} belongs to an adapter of another model: merge it into its weights first")
    if path.suffix == ".json":
        _check_json(path)
    elif path.suffix == ".bin":
        check_pickle(path)
    elif path.suffix == ".safetensors":
        tensors_in(path)
    else:
        size_of(path, LARGEST_TEXT)


def _check_json(path: Path) -> None:
    """Check a JSON file for keys that name code, wherever they stand. Words of a vocabulary may be any."""
    index = ".index." in path.name
    large = path.parent.name.startswith("tokenizer") and path.name != "tokenizer_config.json"
    content = read_object(path, LARGEST_TEXT if index or large else LARGEST_CONFIG)
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
                f"{where(path)} asks to run code of its own ({key}), and spotnb runs none: pass a model without it"
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
        size_of(path.parent / name)
