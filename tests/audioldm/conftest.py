"""The original package and one of its models in small, for all tests in this folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from spotnb.models.latent_diffusion import LatentDiffusionModel, from_audioldm
from tests.audioldm.original import FOLDER, importable, make_latent_diffusion


@pytest.fixture(scope="package")
def audioldm() -> Iterator[Any]:
    if not FOLDER.is_dir():
        pytest.skip("the original audioldm is not here: .ci/fetch-audioldm fetches it")
    with importable() as package:
        yield package


@pytest.fixture(scope="package")
def original(audioldm: Any) -> Any:
    """A `LatentDiffusion`, which tests must not change."""
    return make_latent_diffusion(audioldm)


@pytest.fixture(scope="package")
def model(original: Any) -> LatentDiffusionModel:
    return from_audioldm(original)
