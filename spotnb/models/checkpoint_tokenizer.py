"""RoBERTa's tokenizer, which an original AudioLDM checkpoint needs and does not hold.

It is looked for on this machine only.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from spotnb.errors import SpotnbError
from spotnb.models.families import ROBERTA
from spotnb.models.folder_configs import check_tokenizer
from spotnb.models.locate import HUB_MODELS
from spotnb.support.paths import show_path
from spotnb.support.reasons import reason_of

log = logging.getLogger(__name__)

REPOSITORIES = ("FacebookAI/roberta-base", "roberta-base")
SUBFOLDERS = ("", "tokenizer", "roberta-base")
FILES = ("tokenizer.json", "vocab.json")
"""A folder with one of these holds a tokenizer."""
DOWNLOAD = "hf download FacebookAI/roberta-base --include '*.json' '*.txt'"


def find_tokenizer(folder: Path, text_encoder: dict[str, Any]) -> Any:
    """Load RoBERTa's tokenizer from a folder, or from the local cache of the Hugging Face Hub.

    Nothing is downloaded. In the cache, the tokenizer of a converted AudioLDM serves as well, because it is the same.

    Args:
        folder: A folder that holds the tokenizer itself, or in a folder `tokenizer` or `roberta-base`.
        text_encoder: The configuration of the text encoder.

    Raises:
        SpotnbError: There is none on this machine, or the one there cannot be read. The message says what to download.
    """
    for place in chain((folder / name for name in SUBFOLDERS), _cached()):
        if any((place / name).is_file() for name in FILES):
            log.info("reading the tokenizer in %s", place)
            return _load(place, text_encoder)
    raise SpotnbError(f"RoBERTa's tokenizer is not in {show_path(folder)} or the Hub's cache; fetch it: {DOWNLOAD}")


def _cached() -> Iterator[Path]:
    """Yield the folders of the Hub's cache that may hold the tokenizer."""
    from huggingface_hub import try_to_load_from_cache

    for repository, inside in (*((name, "") for name in REPOSITORIES), *((name, "tokenizer/") for name in HUB_MODELS)):
        for name in FILES:
            path = try_to_load_from_cache(repository, f"{inside}{name}")
            if isinstance(path, str):
                yield Path(path).parent


def _load(folder: Path, text_encoder: dict[str, Any]) -> Any:
    """Load a tokenizer for texts that are as long as the text encoder can read."""
    import spotnb.models.whole_networks

    from transformers import AutoTokenizer, RobertaTokenizer

    check_tokenizer(folder, ROBERTA)
    stated = any((folder / name).is_file() for name in ("tokenizer_config.json", "config.json"))
    loader: Any = AutoTokenizer if stated else RobertaTokenizer
    try:
        tokenizer = loader.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        words = len(tokenizer)
    except Exception as error:  # the libraries raise many types of errors
        log.debug("loading %s", folder, exc_info=True)
        raise SpotnbError(
            f"cannot read the tokenizer in {show_path(folder)} ({reason_of(error)}): {DOWNLOAD}"
        ) from None
    if not 10 <= words <= text_encoder["vocab_size"]:  # without its files, it is silently empty
        raise SpotnbError(
            f"{show_path(folder)} has a tokenizer of {words} words, the checkpoint of {text_encoder['vocab_size']}: "
            "put RoBERTa's there"
        )
    room = text_encoder["max_position_embeddings"] - text_encoder["pad_token_id"] - 1  # as RoBERTa counts
    tokenizer.model_max_length = min(tokenizer.model_max_length, room)
    return tokenizer
