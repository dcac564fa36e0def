"""Models on the Hugging Face Hub: which files of a repository are fetched, and whether those in the cache are complete.

`model_index.json` comes first, so that an unknown pipeline is refused before gigabytes are fetched. Then only the files
of the pieces follow. The cache is asked before the network.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from spotnb.errors import SpotnbError
from spotnb.models.families import Family, family_of
from spotnb.models.folder_check import read_index
from spotnb.models.folder_configs import FILES
from spotnb.models.folder_files import WEIGHTS, named, read_config
from spotnb.models.folder_weights import choose
from spotnb.support.reasons import reason_of

log = logging.getLogger(__name__)

INDEX = "model_index.json"
TEXTS = frozenset({".json", ".txt", ".model"})
OURS = frozenset({"frequency_code.safetensors", "tempo_ruler.safetensors", "typical_latent.safetensors"})
"""Tensors of the embedded model that lie beside the weights of its UNet."""
PLAIN = re.compile(r"[A-Za-z0-9._-]+")
VOCABULARY = ({"tokenizer.json"}, {"vocab.json", "merges.txt"}, {"spiece.model"})
"""The files that make a tokenizer: those of one of these sets."""


def fetch(name: str, revision: str, variant: str | None = None) -> Path:
    """Return the folder of a repository on the Hub, from the local cache or downloaded.

    Args:
        name: The repository, as owner/name.
        revision: Branch, tag or commit.
        variant: The variant of the weights that is preferred.

    Raises:
        SpotnbError: The repository is not that of a known family, lacks a piece, or cannot be downloaded completely.
    """
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(name, INDEX, revision=revision)
    missing = None
    if isinstance(cached, str):
        folder = Path(cached).parent
        family = family_of(name, read_index(folder))
        missing = _missing(name, folder, family, variant)
        if not missing:
            return folder
    log.info("downloading %s (%s) from the Hugging Face Hub", name, revision)
    try:
        return _download(name, revision, variant)
    except SpotnbError:
        raise
    except Exception as error:  # a missing network, repository or disk space each raise a different type
        raise SpotnbError(_failure(name, error, missing)) from None


def _download(name: str, revision: str, variant: str | None) -> Path:
    from huggingface_hub import hf_hub_download, list_repo_files, snapshot_download

    index = Path(hf_hub_download(name, INDEX, revision=revision))
    family, commit = family_of(name, read_config(index)), index.parent.name
    names = list_repo_files(name, revision=commit)
    if lacking := incomplete(names, family, variant):
        raise SpotnbError(
            f"{name} on the Hub lacks its {named(lacking, 2)}: expected {', '.join(family.required[:6])}; "
            "pass another model"
        )
    return Path(snapshot_download(name, revision=commit, allow_patterns=wanted(names, family, variant)))


def _failure(name: str, error: Exception, missing: list[str] | None) -> str:
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if isinstance(error, GatedRepoError):
        return f"{name} asks for its license to be accepted: accept it on its page, and log in (hf auth login)"
    if isinstance(error, RepositoryNotFoundError):
        return f"there is no {name} on the Hub that you may read: check the name, or log in (hf auth login)"
    if isinstance(error, RevisionNotFoundError):
        return f"{name} has no such revision on the Hub: pass a branch, a tag or a commit of it"
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        return f"{name} has no {INDEX} on the Hub: expected a model in diffusers' format; pass another one"
    reason = reason_of(error)[:50]
    if missing:
        lacking = named(missing, 1)
        return f"{name} is only partly on this machine ({lacking} missing; {reason[:36]}): connect once to complete it"
    return (
        f"{name} is not on this machine and cannot be downloaded ({reason}): connect once to "
        "download it, pass a folder that contains it, or use tiny"
    )


def wanted(names: Iterable[str], family: Family, variant: str | None = None) -> list[str]:
    """Return the files of a repository that a model of a family needs.

    Args:
        names: All files of the repository.
        family: The family.
        variant: The variant of the weights that is preferred.
    """
    chosen = [INDEX]
    for piece, files in _by_piece(names, family).items():
        weights = set(choose(files, variant).names)
        chosen += [
            f"{piece}/{file}"
            for file in sorted(files)
            if file in weights or (Path(file).suffix in TEXTS and ".index." not in file) or file in OURS
        ]
    return chosen


def incomplete(names: Iterable[str], family: Family, variant: str | None = None) -> list[str]:
    """Return the pieces of which a listing of files does not hold the configuration, the vocabulary or the weights.

    Args:
        names: The files, as in a repository.
        family: The family.
        variant: The variant of the weights that is preferred.
    """
    files = _by_piece(names, family)
    return [piece for piece in family.required if not _is_whole(piece, files.get(piece, set()), variant)]


def _is_whole(piece: str, files: set[str], variant: str | None) -> bool:
    if piece.startswith("tokenizer"):
        return any(needed <= files for needed in VOCABULARY)
    if FILES.get(piece, "config.json") not in files:
        return False
    return piece == "scheduler" or bool(choose(files, variant).names)


def _missing(name: str, folder: Path, family: Family, variant: str | None) -> list[str]:
    """Return what a cached snapshot lacks: files that the cached listing of the repository has, or else pieces."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    listed = _listing(name, folder.name)
    if listed is not None:
        return [each for each in wanted(listed, family, variant) if each not in there]
    lacking = incomplete(there, family, variant)
    for piece, files in _by_piece(there, family).items():
        parts = {f"{piece}/{part}" for part in _parts(folder / piece, choose(files, variant).names)}
        lacking += sorted(parts - there)
    if variant is not None and not any(f".{variant}." in each or f".{variant}-" in each for each in there):
        lacking.append(f"the variant {variant}")
    return lacking


def _listing(name: str, commit: str) -> list[str] | None:
    """Return all files of a repository as the cache knows them, or None if it does not."""
    try:
        from huggingface_hub import get_cached_repo_tree

        return [each.path for each in get_cached_repo_tree(name, revision=commit)]
    except Exception:  # an older library, or a snapshot that one has written
        return None


def _parts(folder: Path, names: Iterable[str]) -> set[str]:
    """Return the files of divided weights that an index among `names` lists."""
    found: set[str] = set()
    for name in names:
        if Path(name).suffix not in WEIGHTS:
            parts = read_config(folder / name).get("weight_map")
            found |= {part for part in parts.values() if isinstance(part, str)} if isinstance(parts, dict) else set()
    return found


def _by_piece(names: Iterable[str], family: Family) -> dict[str, set[str]]:
    """Return the files of each piece that are in its folder. Names that could be patterns are left out."""
    files: dict[str, set[str]] = {}
    for name in names:
        piece, _, file = name.partition("/")
        if piece in family.pieces and PLAIN.fullmatch(file):
            files.setdefault(piece, set()).add(file)
    return files
