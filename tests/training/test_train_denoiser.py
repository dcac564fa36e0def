"""What the training of the denoiser writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotnb.models.audioldm_folder import CODE_FILE, TYPICAL_FILE
from training.denoiser_net import Denoiser
from training.train_denoiser import save
from training.train_text import build_encoder, build_tokenizer

pytestmark = pytest.mark.training


def test_a_new_denoiser_has_no_typical_latent_of_an_earlier_one(tmp_path: Path) -> None:
    """It was fitted to another text encoder; without its file, `python -m training` fits it anew."""
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / TYPICAL_FILE).touch()
    save(Denoiser(build_encoder(build_tokenizer())), tmp_path)
    assert not (tmp_path / "unet" / TYPICAL_FILE).exists()
    assert (tmp_path / "unet" / CODE_FILE).exists()
