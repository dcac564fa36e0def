"""Cells of a sweep that another model made under the same name."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spotnb.models.identity import KEY
from spotnb.support.checks import show
from spotnb.support.paths import show_path

log = logging.getLogger(__name__)


def tell_of_other_weights(folder: Path, model: Mapping[str, Any]) -> None:
    """Log a warning if the cells in a folder were run with other weights of a model of the same name.

    Their settings are run again, because the digest of the weights is part of what decides about a cell.

    Args:
        folder: The folder of a sweep.
        model: The description of the model of now.
    """
    found = [each for each in map(_model_of, folder.glob("*.json")) if each and _is_other(each, model)]
    if found:
        log.warning(
            "%s has %d cells of %s with other weights (%s, now %s): their settings are run again",
            show_path(folder),
            len(found),
            show(model["name"]),
            str(found[0][KEY])[:12],
            str(model[KEY])[:12],
        )


def _model_of(path: Path) -> dict[str, Any] | None:
    try:
        model = json.loads(path.read_text("utf-8"))["model"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return model if isinstance(model, dict) else None


def _is_other(recorded: Mapping[str, Any], model: Mapping[str, Any]) -> bool:
    digests = recorded.get(KEY), model.get(KEY)
    return recorded.get("name") == model["name"] and None not in digests and digests[0] != digests[1]
